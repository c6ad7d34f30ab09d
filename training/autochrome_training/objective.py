"""What the network is told to do. Each objective takes what the head gives at n positions and the
true colors there, and returns the mean loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .encoding import Encoder

AB_SCALE = 110.0


def cross_entropy(logits: Tensor, bins: Tensor, weights: Tensor) -> Tensor:
    """The cross entropy of each position with its soft-encoded color (equation 2), (n,)."""
    logarithms = torch.log_softmax(logits.float(), dim=1)
    return -(weights * logarithms.gather(1, bins)).sum(1)


def class_rebalanced(output: Tensor, ab: Tensor, encoder: Encoder, _: dict) -> Tensor:
    """Cross entropy times the weight of the true color's bin (equations 2 to 4)."""
    bins, weights, balance = encoder.encode(ab)
    return (balance * cross_entropy(output, bins, weights)).mean()


def plain_class(output: Tensor, ab: Tensor, encoder: Encoder, _: dict) -> Tensor:
    """Cross entropy, every position alike ("class" in the paper's table)."""
    bins, weights, _ = encoder.encode(ab)
    return cross_entropy(output, bins, weights).mean()


def both_ends(output: Tensor, ab: Tensor, encoder: Encoder, options: dict) -> Tensor:
    """The loss at both ends of the vividness dial: `rebalanced` parts of `class_rebalanced`, the
    rest the plain cross entropy of the distribution with its weights taken back (vividness 0). Both
    are least for the same logits; the first teaches rare colors, the second the likely ones."""
    bins, weights, balance = encoder.encode(ab)
    tilted = (balance * cross_entropy(output, bins, weights)).mean()
    natural = cross_entropy(output.float() - encoder.balance.log(), bins, weights).mean()
    share = options["rebalanced"]
    return share * tilted + (1 - share) * natural


def squared(output: Tensor, ab: Tensor, _: Encoder, __: dict) -> Tensor:
    """Half of the squared distance in ab/110 (equation 1)."""
    return 0.5 * (output.float() - ab / AB_SCALE).square().sum(1).mean()


def absolute(output: Tensor, ab: Tensor, _: Encoder, __: dict) -> Tensor:
    """The distance in ab/110: its minimum is the geometric median of the possible colors."""
    return ((output.float() - ab / AB_SCALE).square().sum(1) + 1e-6).sqrt().mean()


def focal_mask(output: Tensor, ab: Tensor, encoder: Encoder, options: dict) -> Tensor:
    """Cross entropy under the mask 1 / (1 + α·exp(−β·t)), t = loss ÷ the largest loss of the
    batch: positions that are already right count for little. The mask carries no gradient."""
    bins, weights, _ = encoder.encode(ab)
    losses = cross_entropy(output, bins, weights)
    with torch.no_grad():
        share = losses / losses.max().clamp_min(1e-6)
        mask = 1 / (1 + options["alpha"] * torch.exp(-options["beta"] * share))
    return (mask * losses).sum() / mask.sum()


def focal(output: Tensor, ab: Tensor, encoder: Encoder, options: dict) -> Tensor:
    """The focal loss as Lin et al. 2017 define it: −Σ z (1 - p)ᵞ ln p over the bins of the soft-encoded color. Unlike
    `focal_mask` it looks at no other position, and its factor carries a gradient."""
    bins, weights, _ = encoder.encode(ab)
    logarithms = torch.log_softmax(output.float(), dim=1).gather(1, bins)
    return -(weights * (1 - logarithms.exp()).pow(options["gamma"]) * logarithms).sum(1).mean()


OBJECTIVES: dict[str, tuple[int, Callable[[Tensor, Tensor, Encoder, dict], Tensor]]] = {
    "class-rebalanced": (313, class_rebalanced),
    "both-ends": (313, both_ends),
    "class": (313, plain_class),
    "l2": (2, squared),
    "l1": (2, absolute),
    "focal-mask": (313, focal_mask),
    "focal": (313, focal),
}
"""Name → (channels of the head, loss)."""
REBALANCED = {"class-rebalanced", "both-ends"}
"""Objectives whose logits are tilted by the rebalancing weights: their networks have the dial."""

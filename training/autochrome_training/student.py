"""What is trained, and what it learns from a teacher beside the true colors."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def at_positions(network: nn.Module, inputs: Tensor, positions: Tensor) -> Tensor:
    """What the head gives at these positions, (n·m, c): the head is a 1×1 convolution, so it need
    not run elsewhere."""
    return head_at(network, network.encode(inputs), positions)


def head_at(network: nn.Module, levels: list[Tensor], positions: Tensor) -> Tensor:
    """`at_positions` from what `network.encode` gave."""
    features = network.decode(levels).flatten(2)[:, :, positions]
    rows = features.permute(0, 2, 1).reshape(-1, features.shape[1])
    return torch.nn.functional.linear(rows, network.head.weight.flatten(1), network.head.bias)


def distillation(output: Tensor, advice: Tensor, balance: Tensor | None) -> Tensor:
    """The mean cross entropy of logits with a teacher's natural distributions, both (n, 313). Logits
    that are tilted by the weights `balance` are compared at both ends of the dial: at the tilted one
    each color counts by its weight, as in the rebalanced loss, of which this is the expectation over
    the teacher's colors."""
    ends = [(output.float(), advice)]
    if balance is not None:
        ends = [(output.float() - balance.log(), advice), (output.float(), advice * balance)]
    return sum(-(wanted * torch.log_softmax(given, dim=1)).sum(1).mean() for given, wanted in ends) / len(ends)


class Student(nn.Module):
    """What is trained: the network at the positions that count, and, for a teacher's hints (Romero
    et al. 2015, "FitNets"), a 1×1 convolution from its deepest features to the teacher's."""

    def __init__(self, network: nn.Module, hints: nn.Module | None) -> None:
        super().__init__()
        self.network, self.hints = network, hints

    def forward(self, inputs: Tensor, positions: Tensor) -> tuple[Tensor, Tensor | None]:
        levels = self.network.encode(inputs)
        return (head_at(self.network, levels, positions), self.hints(levels[-1]) if self.hints else None)


def hint_distance(given: Tensor, wanted: Tensor) -> Tensor:
    """The mean squared distance of features (n, c, h, w) from a teacher's, (n, c, h', w'), which are
    brought to that size and their channels to mean 0 and variance 1 over the batch."""
    wanted = torch.nn.functional.interpolate(wanted, given.shape[-2:], mode="bilinear")
    wanted = torch.nn.functional.batch_norm(wanted, None, None, training=True)
    return (given.float() - wanted).square().mean()

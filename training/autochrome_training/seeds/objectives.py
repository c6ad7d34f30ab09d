"""What the generators are told to do, at all positions of a crop at once.

An objective takes the generator's output (n, c, h, w) and the truth at its size, and returns the mean loss. Those of
`..objective`, which look at one position at a time, serve here, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .. import color, objective
from ..encoding import Encoder
from ..objective import AB_SCALE
from .answers import CHROMA_STEP, CHROMAS, HUES, ToAB, uv
from .networks import Quadratic


@dataclass(frozen=True)
class Truth:
    """What the pictures of a batch are."""

    ab: Tensor
    """CIELAB units, (n, 2, h, w)."""
    uv: Tensor
    """Shares of the range, (n, 2, h, w)."""

    @staticmethod
    def of(rgb: Tensor, like: Tensor, margin: int = 0) -> Truth:
        """Of crops in sRGB 0…1 without `margin` samples at each side, at the size of the output `like`."""
        if margin:
            rgb = rgb[..., margin:-margin, margin:-margin]
        small = F.adaptive_avg_pool2d(rgb, like.shape[-2:])
        return Truth(color.chroma(color.linear(small)), uv(small))


@dataclass(frozen=True)
class Context:
    """What else a loss may need."""

    encoder: Encoder
    options: dict[str, float]
    step: int = 0
    """Since this run of the training began."""


def rows(values: Tensor) -> Tensor:
    """(n, c, h, w) to (n·h·w, c)."""
    return values.permute(0, 2, 3, 1).flatten(0, 2)


def squared_uv(output: Tensor, truth: Truth, _: Context) -> Tensor:
    """Half of the squared distance of the shares."""
    return 0.5 * (output.float() - truth.uv).square().sum(1).mean()


def blurred_uv(output: Tensor, truth: Truth, _: Context) -> Tensor:
    """The distance as it is, and after Gaussian blurs of 3 and 5 samples (Dahl 2016): what is wrong by a few samples
    counts for less than what is wrong over an area."""
    difference = output.float() - truth.uv
    parts = []
    for radius in (0, 1, 2):
        weights = torch.tensor([math.comb(2 * radius, k) / 4**radius for k in range(2 * radius + 1)])
        kernel = torch.outer(weights, weights).to(difference).expand(2, 1, -1, -1)
        padded = F.pad(difference, (radius,) * 4, mode="replicate") if radius else difference
        parts.append((F.conv2d(padded, kernel, groups=2).square().sum(1) + 1e-6).sqrt().mean())
    return sum(parts) / len(parts)


def alternating_uv(output: Tensor, truth: Truth, context: Context) -> Tensor:
    """The squared distance and the local loss in turn, `period` steps each (Liang et al. 2016).

    As printed, the local loss min Σ U·log Û is least for any Û of 1: the other half of the cross entropy, which its
    name suggests, is put back."""
    if int(context.step / context.options["period"]) % 2 == 0:
        return squared_uv(output, truth, context)
    return F.binary_cross_entropy(output.float().clamp(1e-4, 1 - 1e-4), truth.uv)


def hue_chroma(output: Tensor, truth: Truth, context: Context) -> Tensor:
    """The divergence of the histograms of chroma and, weighted by the chroma, of hue (Larsson et al. 2016, §3.3).
    The truth's histogram is its color, divided between the two nearest bins."""
    a, b = truth.ab.unbind(1)
    chroma = (a.square() + b.square()).sqrt()

    def entropy(logits: Tensor, place: Tensor, circular: bool) -> Tensor:
        """The cross entropy with a truth at `place`, in bins."""
        lower = place.floor()
        share = (place - lower).unsqueeze(1)
        count = logits.shape[1]
        low, high = lower.long(), lower.long() + 1
        low, high = (part.remainder(count) if circular else part.clamp(0, count - 1) for part in (low, high))
        logarithms = torch.log_softmax(logits.float(), 1)
        return -(
            (1 - share) * logarithms.gather(1, low.unsqueeze(1)) + share * logarithms.gather(1, high.unsqueeze(1))
        )[:, 0]

    place = (chroma / CHROMA_STEP - 0.5).clamp(0, CHROMAS - 1)
    lengths = entropy(output[:, HUES:], place, circular=False)
    angle = torch.atan2(b, a) / (2 * math.pi) * HUES - 0.5
    hues = entropy(output[:, :HUES], angle, circular=True)
    return (lengths + context.options["hue"] * chroma / AB_SCALE * hues).mean()


def block(output: Tensor, truth: Truth, context: Context) -> Tensor:
    """Cross entropy of each position, and how much more the colors vary within blocks of 4×4 positions than those of
    the truth: colors of one surface should be one."""
    plain = objective.plain_class(rows(output), rows(truth.ab), context.encoder, {})

    def spread(ab: Tensor) -> Tensor:
        """The variance within each block, (n, h/4, w/4)."""
        return (F.avg_pool2d(ab.square(), 4) - F.avg_pool2d(ab, 4).square()).sum(1).clamp_min(0)

    estimate = ToAB("bins313", device=output.device)(output, output[:, :1])
    excess = F.relu(spread(estimate) - spread(truth.ab))
    return plain + context.options["uniform"] * excess.mean() / 100


def learch(network: Quadratic, inputs: Tensor, truth: Truth, context: Context) -> Tensor:
    """The truth should cost less than any other colors, by a margin that grows with the distance from it (LEARCH,
    Ratliff et al. 2009, as Deshpande et al. 2015 use it): E(truth) − minₓ (E(x) − m·|x − truth|²), at least 0."""
    wanted, own, pairs = network.terms(inputs)
    ab = truth.ab / AB_SCALE
    margin = context.options["margin"]
    # With the margin taken from it, E is still quadratic: the same terms with another wanted color and weight.
    rest = own - margin
    rival = network.least((own * wanted - margin * ab) / rest, rest, pairs)
    gap = network.cost(ab, wanted, own, pairs) - network.cost(rival, wanted, own, pairs)
    return (gap + margin * (rival - ab).square().sum(1).mean((1, 2))).mean()


OBJECTIVES: dict[str, tuple[str, Callable[[Tensor, Truth, Context], Tensor]]] = {
    "uv-l2": ("uv", squared_uv),
    "uv-blurred": ("uv", blurred_uv),
    "uv-alternating": ("uv", alternating_uv),
    "hue-chroma": ("huechroma", hue_chroma),
    "block": ("bins313", block),
}
"""Name → (kind of the output, loss)."""


def kind_of(name: str) -> str:
    """What a generator with this objective gives."""
    if name == "learch":
        return "ab"
    if name in OBJECTIVES:
        return OBJECTIVES[name][0]
    return "bins313" if objective.OBJECTIVES[name][0] == 313 else "ab"


def loss_of(name: str) -> Callable[[Tensor, Truth, Context], Tensor]:
    """The objective `name`, those that look at one position at a time among them."""
    if name in OBJECTIVES:
        return OBJECTIVES[name][1]
    _, function = objective.OBJECTIVES[name]
    return lambda output, truth, context: function(rows(output), rows(truth.ab), context.encoder, context.options)

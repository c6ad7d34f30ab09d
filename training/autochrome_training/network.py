"""The networks: L (n, 1, h, w), normalized, to logits or ab (n, c, h/4, w/4).

Fully convolutional, of convolution, batch norm, ReLU, addition, nearest upsampling and a global
average; batch norm folds away at export. `pretrained.py` has those whose encoder begins with published
weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def unit(inputs: int, outputs: int, stride: int = 1, dilation: int = 1, active: bool = True) -> nn.Sequential:
    """Convolution 3×3, batch norm and, unless told otherwise, ReLU."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False),
        nn.BatchNorm2d(outputs),
    ]
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
    """A network's channels and residual units, level by level: each halves the size."""

    stem: int
    """Channels at 1/2."""
    levels: tuple[tuple[int, tuple[int, ...]], ...]
    """Channels and the dilations of the residual units, at 1/4, 1/8 and so on."""
    decoder: tuple[int, ...]
    """Residual units of the decoder at 1/8 and so on, upward from the last but one level."""
    output: int
    """Channels of the decoder at 1/4."""


SHAPES = {
    "dense": Shape(16, ((32, (1,)), (64, (1, 1)), (160, (1, 2, 1, 2))), (1,), 56),
    "tiny": Shape(8, ((16, ()), (24, (1,)), (32, (1, 2))), (1,), 16),
}


class Colorizer(nn.Module):
    """An encoder, the global context, and a decoder to 1/4 that adds the encoder's features."""

    def __init__(self, shape: Shape, outputs: int) -> None:
        super().__init__()
        self.stride = 2 << len(shape.levels)
        widths = [width for width, _ in shape.levels]
        self.stem = unit(1, shape.stem, 2)
        for index, (width, dilations) in enumerate(shape.levels, 1):
            self.add_module(f"d{index}", unit(widths[index - 2] if index > 1 else shape.stem, width, 2))
            self.add_module(f"e{index}", nn.Sequential(*[Residual(width, dilation) for dilation in dilations]))
        last = widths[-1]
        self.g = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(last, last, 1), nn.ReLU(inplace=True), nn.Conv2d(last, last, 1)
        )
        for index in range(len(widths) - 1, 1, -1):
            below, here = widths[index], widths[index - 1]
            self.add_module(f"u{index}", nn.Conv2d(below, here, 1))
            self.add_module(
                f"f{index}", nn.Sequential(unit(here, here), *[Residual(here) for _ in range(shape.decoder[index - 2])])
            )
        self.u1 = nn.Conv2d(widths[1], shape.output, 1)
        self.k1 = nn.Conv2d(widths[0], shape.output, 1)
        self.f1 = nn.Sequential(unit(shape.output, shape.output), unit(shape.output, shape.output))
        self.head = nn.Conv2d(shape.output, outputs, 1)

    def encode(self, x: Tensor) -> list[Tensor]:
        """The levels' features at 1/4, 1/8 and so on."""
        x = self.stem(x)
        levels = []
        for index in range(1, (self.stride // 2).bit_length()):
            x = self.get_submodule(f"e{index}")(self.get_submodule(f"d{index}")(x))
            levels.append(x)
        return levels

    def decode(self, levels: list[Tensor]) -> Tensor:
        """What the head reads: (n, output, h/4, w/4)."""
        part = self.get_submodule
        *skips, last = levels
        y = last + self.g(last)
        for index in range(len(skips), 0, -1):
            skip = skips[index - 1] if index > 1 else self.k1(skips[0])
            raised = F.interpolate(part(f"u{index}")(y), scale_factor=2.0, mode="nearest")
            y = part(f"f{index}")(skip + raised)
        return y

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.decode(self.encode(x)))


class ECCV16(nn.Module):
    """Zhang, Isola, Efros 2016, figure 2: conv1 … conv8 and the bins at a quarter of the size. `width` is a factor
    on the numbers of channels."""

    stride = 8

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        w64, w128, w256, w512 = (round(width * channels) for channels in (64, 128, 256, 512))

        def stage(sizes: tuple[int, ...], stride: int = 1, dilation: int = 1, norm: bool = True) -> list[nn.Module]:
            """Convolutions 3×3 with ReLU, the last one with `stride`, then batch norm."""
            layers: list[nn.Module] = []
            for index, (inputs, wanted) in enumerate(pairwise(sizes)):
                step = stride if index == len(sizes) - 2 else 1
                layers += [nn.Conv2d(inputs, wanted, 3, step, dilation, dilation), nn.ReLU(inplace=True)]
            return layers + ([nn.BatchNorm2d(sizes[-1])] if norm else [])

        self.body = nn.Sequential(
            *stage((1, w64, w64), stride=2),
            *stage((w64, w128, w128), stride=2),
            *stage((w128, w256, w256, w256), stride=2),
            *stage((w256, w512, w512, w512)),
            *stage((w512, w512, w512, w512), dilation=2),
            *stage((w512, w512, w512, w512), dilation=2),
            *stage((w512, w512, w512, w512)),
            nn.ConvTranspose2d(w512, w256, 4, 2, 1),
            nn.ReLU(inplace=True),
            *stage((w256, w256, w256), norm=False),
        )
        self.head = nn.Conv2d(w256, outputs, 1)

    def encode(self, x: Tensor) -> list[Tensor]:
        """What the head reads, as the only level: there is no decoder that adds others."""
        return [self.body(x)]

    def decode(self, levels: list[Tensor]) -> Tensor:
        """What the head reads: (n, c, h/4, w/4)."""
        return levels[-1]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def build(name: str, outputs: int) -> nn.Module:
    """The network `name` with `outputs` channels."""
    from .pretrained import VARIANTS, Pretrained  # which is made of parts from here

    if name == "eccv16":
        return ECCV16(outputs)
    if name in VARIANTS:
        return Pretrained(VARIANTS[name], outputs)
    if name not in SHAPES:
        raise SystemExit(f"no network is called {name}; there are eccv16, {', '.join((*SHAPES, *VARIANTS))}")
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

    hooks = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))
    ]
    mode = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, 1, size, size))
    network.train(mode)
    for hook in hooks:
        hook.remove()
    return total

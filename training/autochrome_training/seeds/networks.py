"""The generators: L (n, 1, h, w), normalized, to what the objective takes, (n, c, h/scale, w/scale).

Each class says its `stride` (input sizes are multiples of it) and its `scale` (input size ÷ output size). `width` is
a factor on the published numbers of channels. Where a picture is summed up as a whole, it is by a mean over its
positions in place of a layer that fixes its size, so that films of any format run.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..network import ECCV16, SHAPES, Colorizer


def activated(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, norm: bool = True) -> nn.Sequential:
    """Convolution, batch norm unless told otherwise, and ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm),
        *([nn.BatchNorm2d(outputs)] if norm else []),
        nn.ReLU(inplace=True),
    )


def enlarged(x: Tensor, factor: int) -> Tensor:
    """Bilinear, as ONNX's `Resize` with half-pixel centers."""
    return F.interpolate(x, scale_factor=float(factor), mode="bilinear", align_corners=False)


class Small(nn.Module):
    """`dense`, for objectives that need the neighborhood of a position."""

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        if width != 1:
            raise SystemExit(f"dense has but one width, not {width:g} times that")
        self.body = Colorizer(SHAPES["dense"], outputs)
        self.stride, self.scale = self.body.stride, 4

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class Colorful(nn.Module):
    """Zhang, Isola, Efros 2016 at a quarter of the size, with a classifier of the whole picture on its last features
    for those who train one (Lal, Garg, Verma 2017)."""

    stride, scale = 8, 4

    def __init__(self, outputs: int, width: float = 1.0, classes: int = 0) -> None:
        super().__init__()
        self.body = ECCV16(outputs, width)
        features = self.body.head.in_channels
        self.classifier = nn.Linear(features, classes) if classes else None

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)

    def classified(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.body.body(x)
        labels = self.classifier(features.mean((2, 3))) if self.classifier else None
        return self.body.head(features), labels


class EndToEnd(nn.Module):
    """Zhang's network as Fabbri and Islam use it: it ends in a picture, ab/110 at the full size."""

    stride, scale = 8, 1

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.body = ECCV16(outputs, width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(enlarged(self.body(x), 4))


class UNet(nn.Module):
    """The generator of pix2pix (Isola et al. 2017, §6.1.1): C64-C128-C256-C512-…, kernels 4×4 of stride 2, and the
    way back with skips. Down to 1/32; batch norm, as in the paper."""

    stride, scale = 32, 1

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        widths = [round(width * channels) for channels in (64, 128, 256, 512, 512)]
        self.down = nn.ModuleList()
        for index, (inputs, channels) in enumerate(pairwise((1, *widths))):
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if index else []
            layers.append(nn.Conv2d(inputs, channels, 4, 2, 1, bias=index in (0, 4)))
            # Neither the first nor the innermost layer is normalized.
            layers += [nn.BatchNorm2d(channels)] if 0 < index < 4 else []
            self.down.append(nn.Sequential(*layers))
        self.up = nn.ModuleList()
        below = widths[-1]
        for index, channels in enumerate(reversed((widths[0], *widths[:-1]))):
            if index == 4:
                self.up.append(nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(below, outputs, 4, 2, 1)))
                break
            self.up.append(
                nn.Sequential(
                    nn.ReLU(),
                    nn.ConvTranspose2d(below, channels, 4, 2, 1, bias=False),
                    nn.BatchNorm2d(channels),
                    *([nn.Dropout(0.5)] if index < 2 else []),
                )
            )
            below = 2 * channels
        # Isola et al., §6.2: from N(0, 0.02), so that the first colors are nearly gray.
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        levels = []
        for down in self.down:
            x = down(x)
            levels.append(x)
        x = levels.pop()
        for up in self.up[:-1]:
            x = torch.cat((up(x), levels.pop()), 1)
        return torch.tanh(self.up[-1](x))


class Patches(nn.Module):
    """Liang et al. 2016: two networks of one form, for U and for V, from patches of 64×64 to their inner 56×56, with
    kernels 11, 4, 3 and 1. Convolution is the matrix product that the paper calls vectorization.

    Gives U and V as shares of their range, 0…1."""

    stride, scale = 1, 1
    tile, margin = 64, 4

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        channels = round(width * 64)

        def plane() -> nn.Sequential:
            # 64 → 62 → 61 → 59, of which 56 are used: those nearest to the patch's inner part.
            return nn.Sequential(
                nn.Conv2d(1, channels, 11, padding=4),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 4, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 3),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, 1, 1),
            )

        self.planes = nn.ModuleList(plane() for _ in range(outputs))

    def forward(self, x: Tensor) -> Tensor:
        inner = x.shape[-1] - 2 * self.margin
        planes = [plane(x) for plane in self.planes]
        return torch.sigmoid(torch.cat(planes, 1)[..., 1 : 1 + inner, 1 : 1 + inner])


class TwoStreams(nn.Module):
    """Iizuka, Simo-Serra, Ishikawa 2016, figure 2 and table 2: features of the place and of the whole picture, fused,
    then ab at half of the size; the features of the whole name the scene, too."""

    stride, scale = 32, 2

    def __init__(self, outputs: int, width: float = 1.0, classes: int = 0) -> None:
        super().__init__()

        def chain(*layers: tuple[int, int]) -> nn.Sequential:
            """Convolutions with the channels and strides given, from the channels of the first."""
            (inputs, _), *rest = layers
            parts = []
            for channels, stride in rest:
                parts.append(activated(inputs, round(width * channels), 3, stride))
                inputs = round(width * channels)
            return nn.Sequential(*parts)

        w512 = round(width * 512)
        w256 = round(width * 256)
        self.low = chain((1, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1))
        self.middle = chain((w512, 1), (512, 1), (256, 1))
        self.whole = chain((w512, 1), (512, 2), (512, 1), (512, 2), (512, 1))
        # In the paper 7×7 positions at 224×224 are all read by the first of these.
        self.first = nn.Sequential(nn.Linear(w512, 2 * w512), nn.ReLU(), nn.Linear(2 * w512, w512), nn.ReLU())
        self.second = nn.Sequential(nn.Linear(w512, w256), nn.ReLU())
        self.classifier = nn.Sequential(nn.Linear(w512, w256), nn.ReLU(), nn.Linear(w256, classes)) if classes else None
        self.place, self.context = nn.Conv2d(w256, w256, 1), nn.Linear(w256, w256)
        w128, w64, w32 = (round(width * channels) for channels in (128, 64, 32))
        self.a = activated(w256, w128)
        self.b = nn.Sequential(activated(w128, w64), activated(w64, w64))
        self.c = nn.Sequential(activated(w64, w32), nn.Conv2d(w32, outputs, 3, padding=1))

    def classified(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        low = self.low(x)
        whole = self.first(self.whole(low).mean((2, 3)))
        # Fusion (equation 4): one matrix over both is the sum of one over each.
        context = self.context(self.second(whole))[:, :, None, None]
        y = self.a(torch.relu(self.place(self.middle(low)) + context))
        y = self.b(F.interpolate(y, scale_factor=2.0, mode="nearest"))
        y = torch.tanh(self.c(F.interpolate(y, scale_factor=2.0, mode="nearest")))
        return y, self.classifier(whole) if self.classifier else None

    def forward(self, x: Tensor) -> Tensor:
        return self.classified(x)[0]


class Trunk(nn.Module):
    """The convolutions of VGG-16 (Simonyan and Zisserman 2015) with batch norm, five levels at 1, 1/2 … 1/16 of the
    size. Here from nothing; the papers begin with weights trained on ImageNet."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.widths = [round(width * channels) for channels in (64, 128, 256, 512, 512)]
        self.levels = nn.ModuleList()
        inputs = 1
        for channels, count in zip(self.widths, (2, 2, 3, 3, 3), strict=True):
            parts = [activated(inputs if index == 0 else channels, channels) for index in range(count)]
            self.levels.append(nn.Sequential(*parts))
            inputs = channels

    def forward(self, x: Tensor) -> list[Tensor]:
        taps = []
        for index, level in enumerate(self.levels):
            x = level(F.max_pool2d(x, 2) if index else x)
            taps.append(x)
        return taps


class Hypercolumns(nn.Module):
    """Larsson, Maire, Shakhnarovich 2016, figure 2: the features of all levels at a place, one above the other, and a
    layer over them that tells the histograms of hue and of chroma there."""

    stride, scale = 16, 4

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        self.column = nn.Sequential(nn.Conv2d(sum(self.trunk.widths) + 1, round(width * 1024), 1), nn.ReLU())
        self.head = nn.Conv2d(round(width * 1024), outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [F.avg_pool2d(x, 4)]
        for index, level in enumerate(self.trunk(x)):
            factor = 4 >> index
            parts.append(
                F.avg_pool2d(level, factor) if factor > 1 else level if factor == 1 else enlarged(level, 1 << index - 2)
            )
        return self.head(self.column(torch.cat(parts, 1)))


class ResidualEncoder(nn.Module):
    """Dahl 2016: from the deepest level upward, what a level adds to the enlarged one below; UV at the full size."""

    stride, scale = 8, 1

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.trunk = Trunk(width)
        del self.trunk.levels[4]
        widths = self.trunk.widths[:4]
        self.deepest = nn.Sequential(nn.BatchNorm2d(widths[3]), activated(widths[3], widths[2], 1))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in widths[:3])
        lower = (widths[0], *widths[:2])
        self.rise = nn.ModuleList(activated(channels, below) for channels, below in zip(widths[:3], lower, strict=True))
        self.last = nn.Conv2d(widths[0], outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        *taps, deepest = self.trunk(x)
        y = self.deepest(deepest)
        for index in (2, 1, 0):
            y = enlarged(y, 2) + self.norms[index](taps[index])
            y = self.rise[index](y)
        return torch.sigmoid(self.last(y))


def _oriented() -> np.ndarray:
    """Derivatives of the gray picture towards 8 directions, (8, 1, 3, 3): what DAISY keeps the positive part of."""
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    angles = np.arange(8) * math.pi / 4
    return np.stack([math.cos(angle) * sobel + math.sin(angle) * sobel.T for angle in angles])[:, None]


def _blur(sigma: float, channels: int) -> tuple[np.ndarray, int]:
    """A Gaussian for each of `channels`, and its radius."""
    radius = math.ceil(2 * sigma)
    row = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = np.outer(row, row) / row.sum() ** 2
    return np.broadcast_to(kernel, (channels, 1, *kernel.shape)), radius


class Descriptors(nn.Module):
    """Cheng, Yang, Sheng 2015: three fixed descriptors of a place and a network of three hidden layers over them, half
    as wide as they are.

    Low: the patch of 7×7. Middle: DAISY, the oriented derivatives, blurred, at the place and on rings of 4 and 8
    samples. High: in the paper, what a segmentation network trained on labels says of the place and its
    surroundings; none is shipped with this project, so that the means of the descriptors over the surroundings and
    the whole picture stand for it, as in the paper's first step, which groups pictures by global descriptors."""

    stride, scale = 8, 2

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        patch = np.eye(49).reshape(49, 1, 7, 7)
        self.register_buffer("patch", torch.tensor(patch, dtype=torch.float32))
        self.register_buffer("oriented", torch.tensor(_oriented(), dtype=torch.float32))
        self.radii = []
        for index, sigma in enumerate((1.0, 2.0, 4.0)):
            kernel, radius = _blur(sigma, 8)
            self.register_buffer(f"blur{index}", torch.tensor(kernel.copy(), dtype=torch.float32))
            self.radii.append(radius)
        # The center and two rings of eight, 8 orientations each; two means of the 8 coarsest, and of the gray.
        features = 49 + 8 * 17 + 2 * 9
        self.norm = nn.BatchNorm2d(features)
        inside = round(width * features / 2)
        self.hidden = nn.Sequential(
            nn.Conv2d(features, inside, 1),
            nn.ReLU(),
            nn.Conv2d(inside, inside, 1),
            nn.ReLU(),
            nn.Conv2d(inside, inside, 1),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(inside, outputs, 1)

    def described(self, x: Tensor) -> Tensor:
        """The descriptors at every second place, (n, 203, h/2, w/2)."""
        patch = F.conv2d(x, self.patch, stride=2, padding=3)
        oriented = F.relu(F.conv2d(x, self.oriented, padding=1))
        blurred = [
            F.conv2d(oriented, self.get_buffer(f"blur{index}"), padding=radius, groups=8)
            for index, radius in enumerate(self.radii)
        ]

        def shifted(part: Tensor, distance: int) -> list[Tensor]:
            """The values at eight places around each second one."""
            padded = F.pad(part, (distance, distance, distance, distance))
            diagonal = round(distance / math.sqrt(2))
            steps = [(0, distance), (diagonal, diagonal), (distance, 0), (diagonal, -diagonal)]
            steps += [(-down, -right) for down, right in steps]

            def run(step: int) -> slice:
                return slice(distance + step, step - distance if step < distance else None, 2)

            return [padded[..., run(down), run(right)] for down, right in steps]

        daisy = [blurred[0][..., ::2, ::2], *shifted(blurred[1], 4), *shifted(blurred[2], 8)]
        coarse = torch.cat((blurred[2], x), 1)
        around = enlarged(F.avg_pool2d(coarse, 8), 4)
        whole = F.adaptive_avg_pool2d(coarse, 1).expand_as(around)
        return torch.cat((patch, *daisy, around, whole), 1)

    def forward(self, x: Tensor) -> Tensor:
        # Grouped convolutions in bfloat16 take PyTorch hundreds of times as long on a CPU.
        with torch.autocast(x.device.type, enabled=False):
            descriptors = self.described(x.float())
        return torch.sigmoid(self.head(self.hidden(self.norm(descriptors))))


class Quadratic(nn.Module):
    """Deshpande, Rock, Forsyth 2015: the colors are those of least cost in a quadratic objective whose terms are
    learned. Here a small network in place of regression trees gives, at each place, the wanted color and how much it
    counts (u), and how much the color may differ from its right and its lower neighbor (s); `SWEEPS` of Jacobi's
    iteration find the least of

        E(c) = Σᵢ uᵢ |cᵢ − wᵢ|² + Σᵢⱼ sᵢⱼ |cᵢ − cⱼ|²

    at a quarter of the size. `terms` gives what the objective needs to compare E of the truth with E of the answer."""

    stride, scale = 16, 4
    SWEEPS = 24

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.outputs = outputs
        self.body = Colorizer(SHAPES["tiny" if width < 1 else "dense"], outputs + 3)

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Wanted colors (n, 2, h, w), what they count (n, 1, h, w), what the right and lower neighbor count, 0
        beyond the border (n, 2, h, w)."""
        y = self.body(x)
        # Each sweep leaves at most 8 ÷ (8 + the least weight) of the error. With weights far above the objective's
        # margin and pairs not above 2, the sweeps suffice. Were they to stop short of the least cost, the objective
        # could fall without bound as the wanted colors grow, hence also the bound on these.
        wanted = torch.tanh(y[:, : self.outputs])
        own = torch.sigmoid(y[:, self.outputs : self.outputs + 1]) + 1
        pairs = 2 * torch.sigmoid(y[:, self.outputs + 1 :])
        right = F.pad(pairs[:, :1, :, :-1], (0, 1, 0, 0))
        lower = F.pad(pairs[:, 1:, :-1], (0, 0, 0, 1))
        return wanted, own, torch.cat((right, lower), 1)

    @staticmethod
    def neighbors(color: Tensor, pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Σⱼ sᵢⱼ cⱼ and Σⱼ sᵢⱼ."""
        right, lower = pairs[:, :1], pairs[:, 1:]
        left, upper = F.pad(right[..., :-1], (1, 0, 0, 0)), F.pad(lower[..., :-1, :], (0, 0, 1, 0))
        total = (
            right * F.pad(color[..., 1:], (0, 1, 0, 0))
            + left * F.pad(color[..., :-1], (1, 0, 0, 0))
            + lower * F.pad(color[..., 1:, :], (0, 0, 0, 1))
            + upper * F.pad(color[..., :-1, :], (0, 0, 1, 0))
        )
        return total, right + left + lower + upper

    def least(self, wanted: Tensor, own: Tensor, pairs: Tensor) -> Tensor:
        """The colors c of least E."""
        color = wanted
        for _ in range(self.SWEEPS):
            total, weight = self.neighbors(color, pairs)
            color = (own * wanted + total) / (own + weight)
        return color

    @staticmethod
    def cost(color: Tensor, wanted: Tensor, own: Tensor, pairs: Tensor) -> Tensor:
        """E ÷ the number of places, (n,)."""
        unary = (own * (color - wanted).square()).sum(1).mean((1, 2))
        right = (pairs[:, 0, :, :-1] * (color[..., 1:] - color[..., :-1]).square().sum(1)).sum((1, 2))
        lower = (pairs[:, 1, :-1] * (color[..., 1:, :] - color[..., :-1, :]).square().sum(1)).sum((1, 2))
        return unary + (right + lower) / (color.shape[-1] * color.shape[-2])

    def forward(self, x: Tensor) -> Tensor:
        return self.least(*self.terms(x))


NETWORKS: dict[str, type[nn.Module]] = {
    "small": Small,
    "colorful": Colorful,
    "end-to-end": EndToEnd,
    "unet": UNet,
    "patches": Patches,
    "two-streams": TwoStreams,
    "hypercolumns": Hypercolumns,
    "residual-encoder": ResidualEncoder,
    "descriptors": Descriptors,
    "quadratic": Quadratic,
}

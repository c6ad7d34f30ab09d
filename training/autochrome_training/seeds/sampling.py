"""Networks that give a small chroma picture place by place, each color knowing those before it.

PixColor (Guadarrama et al. 2017): log p(y | x) = Σᵢ log p(yᵢ,Cr | y before i, x) + log p(yᵢ,Cb | yᵢ,Cr, y before i, x),
places in the order of reading, Cr and Cb of Y′CbCr in `LEVELS` levels each; then a network that refines the small
chroma along the gray picture. Royer, Kolesnikov, Lampert 2017: the same factors in another network, whose small
chroma is merely enlarged.

In the file, the small chroma is the input `chroma`; the runtime fills it place by place. `sampled` is the plain form
of what it does.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import color
from .answers import gray
from .networks import activated, enlarged

LEVELS = 32
GRID = 4
"""Input size ÷ size of the small chroma."""


def levels(rgb: Tensor) -> Tensor:
    """sRGB 0…1 (n, 3, h, w) to the levels of Cr and Cb of BT.601, full range, (n, 2, h, w)."""
    red, green, blue = rgb.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = torch.stack(((red - luma) / 1.402, (blue - luma) / 1.772), 1)
    return ((chroma + 0.5) * LEVELS).floor().clamp(0, LEVELS - 1).long()


def values(levels: Tensor) -> Tensor:
    """Levels as the network is given them: −1…1."""
    return (2 * levels.float() + 1) / LEVELS - 1


def ab(chroma: Tensor, luma: Tensor) -> Tensor:
    """Values of Cr and Cb (n, 2, h, w) at the gray code `luma` (n, 1, h, w) to ab in CIELAB units."""
    cr, cb = (chroma / 2).unbind(1)
    y = luma[:, 0]
    red, blue = y + 1.402 * cr, y + 1.772 * cb
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return color.chroma(color.linear(torch.stack((red, green, blue), 1).clamp(0, 1)))


class Masked(nn.Conv2d):
    """A convolution that sees what comes before a place and, if told so, the place itself."""

    def __init__(self, inputs: int, outputs: int, kernel: int, itself: bool) -> None:
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        mask = torch.ones(kernel, kernel)
        mask[kernel // 2, kernel // 2 + itself :] = 0
        mask[kernel // 2 + 1 :] = 0
        self.register_buffer("mask", mask.expand_as(self.weight).clone(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class Block(nn.Module):
    """A residual unit of a PixelCNN; gated (van den Oord et al. 2016b) or with ReLU, and told of the gray picture."""

    def __init__(self, channels: int, gated: bool) -> None:
        super().__init__()
        half = channels // 2
        self.gated = gated
        self.a = nn.Conv2d(channels, half, 1)
        self.b = Masked(half, half * (2 if gated else 1), 3, itself=True)
        self.told = nn.Conv2d(channels, half * (2 if gated else 1), 1)
        self.c = nn.Conv2d(half, channels, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        y = self.b(F.relu(self.a(F.relu(x)))) + self.told(condition)
        if self.gated:
            value, gate = y.chunk(2, 1)
            y = torch.tanh(value) * torch.sigmoid(gate)
        else:
            y = F.relu(y)
        return x + self.c(y)


class Conditioning(nn.Module):
    """What the gray picture says at each place of the small one: (n, channels, h/4, w/4). The papers take a ResNet-101
    and a PixelCNN++ of their own; here residual units whose reach grows, and the mean over the picture."""

    def __init__(self, channels: int, units: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(activated(1, channels // 2, 3, 2), activated(channels // 2, channels, 3, 2))
        self.units = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1 << index % 4, dilation=1 << index % 4, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(inplace=True),
                nn.Conv2d(channels, channels, 1, bias=False),
                nn.BatchNorm2d(channels),
            )
            for index in range(units)
        )
        self.whole = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x)
        for unit in self.units:
            y = F.relu(y + unit(y))
        return y + self.whole(y)


class Refinement(nn.Module):
    """The gray picture and the small chroma to ab/110 at half of the size: it learns where colors end from true small
    chroma, not from samples, which may be right in another way than the truth is."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fine = activated(1, channels, 3, 2)
        self.coarse = activated(channels, 2 * channels, 3, 2)
        self.small = nn.Sequential(activated(2 * channels + 2, 2 * channels), activated(2 * channels, 2 * channels))
        self.merge = activated(3 * channels + 2, channels)
        self.last = nn.Conv2d(channels, 2, 3, padding=1)

    def forward(self, x: Tensor, chroma: Tensor) -> Tensor:
        fine = self.fine(x)
        y = self.small(torch.cat((self.coarse(fine), chroma), 1))
        y = self.merge(torch.cat((fine, enlarged(y, 2), enlarged(chroma, 2)), 1))
        return torch.tanh(self.last(y))


class Autoregressive(nn.Module):
    """A conditioned PixelCNN and, for PixColor, the refinement.

    `forward` is what the file holds: L (n, 1, h, w) and the small chroma (n, 2, h/4, w/4) to ab in CIELAB units
    (n, 2, h/scale, w/scale) and the logits of Cr and of Cb, (n, 32, h/4, w/4) each."""

    stride = 4

    def __init__(self, channels: int, units: int, gated: bool, refines: bool) -> None:
        super().__init__()
        self.scale = 2 if refines else GRID
        self.condition = Conditioning(channels, 4 if refines else 6)
        self.first_layer = Masked(2, channels, 7, itself=False)
        self.blocks = nn.ModuleList(Block(channels, gated) for _ in range(units))
        self.cr = nn.Sequential(nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, LEVELS, 1))
        self.cb = nn.Sequential(nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, LEVELS, 1))
        # Whether Cr is below each of some levels: one number would leave the layers to find that out.
        self.steps = nn.Sequential(nn.Conv2d(1, channels, 1), nn.ReLU(), nn.Conv2d(channels, channels, 1))
        self.refinement = Refinement(channels // 2) if refines else None

    def logits(self, condition: Tensor, chroma: Tensor) -> tuple[Tensor, Tensor]:
        """Those of Cr and of Cb at each place."""
        y = self.first_layer(chroma) + condition
        for part in self.blocks:
            y = part(y, condition)
        return self.cr(y), self.cb(y + self.steps(chroma[:, :1]))

    def colored(self, x: Tensor, chroma: Tensor) -> Tensor:
        """ab in CIELAB units."""
        if self.refinement:
            return 110 * self.refinement(x, chroma)
        return ab(chroma, gray(F.avg_pool2d(x, GRID)))

    def forward(self, x: Tensor, chroma: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        first, second = self.logits(self.condition(x), chroma)
        return self.colored(x, chroma), first, second


def likelihood(network: Autoregressive, inputs: Tensor, true: Tensor) -> Tensor:
    """−log p of true levels (n, 2, h, w) in nats per value."""
    first, second = network.logits(network.condition(inputs), values(true))
    return (F.cross_entropy(first, true[:, 0]) + F.cross_entropy(second, true[:, 1])) / 2


def loss(network: Autoregressive, inputs: Tensor, rgb: Tensor) -> tuple[Tensor, Tensor]:
    """The likelihood of the true small chroma, and the distance of its refinement from the truth."""
    small = F.avg_pool2d(rgb, GRID)
    true = levels(small)
    nats = likelihood(network, inputs, true)
    if not network.refinement:
        return nats, torch.zeros(())
    wanted = color.chroma(color.linear(F.avg_pool2d(rgb, network.scale))) / 110
    distance = (network.refinement(inputs, values(true)) - wanted).square().sum(1).add(1e-6).sqrt().mean()
    return nats, distance


# MARK: The plain loop


def uniform(seed: int, sample: int, counter: np.ndarray) -> np.ndarray:
    """Numbers in 0…1 by SplitMix64 (Steele, Lea, Flood 2014), as the runtime draws them: `counter` is twice the place
    in the order of reading, plus 1 for Cb."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * (
            np.uint64(1) + ((np.uint64(sample) << np.uint64(32)) + counter.astype(np.uint64))
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def drawn(logits: np.ndarray, number: float, temperature: float) -> int:
    """The level whose share of the distribution holds `number`."""
    scaled = logits.astype(np.float64) / temperature
    shares = np.exp(scaled - scaled.max()).cumsum()
    return min(int(np.searchsorted(shares, number * shares[-1], side="right")), len(shares) - 1)


@torch.no_grad()
def sampled(
    network: Autoregressive, inputs: Tensor, seed: int = 0, sample: int = 0, temperature: float = 1.0
) -> tuple[np.ndarray, float]:
    """The levels (2, h, w) that the runtime draws for L (1, 1, h, w), by running the whole network for each of them;
    and their log-likelihood in nats."""
    condition = network.condition(inputs)
    height, width = condition.shape[-2:]
    chosen = torch.zeros(1, 2, height, width, dtype=torch.long)
    total = 0.0
    numbers = uniform(seed, sample, np.arange(2 * height * width))
    for place in range(height * width):
        y, x = divmod(place, width)
        for channel in range(2):
            logits = network.logits(condition, values(chosen))[channel][0, :, y, x].numpy()
            level = drawn(logits, numbers[2 * place + channel], temperature)
            chosen[0, channel, y, x] = level
            wide = logits.astype(np.float64)
            total += wide[level] - wide.max() - math.log(np.exp(wide - wide.max()).sum())
    return chosen[0].numpy(), total

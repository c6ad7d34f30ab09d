"""What old film did to a picture before it reached us: from color to the L* that is trained on.

Every parameter is drawn for each picture of a batch. Scales follow the literature on film grain and
on the sensitization of emulsions (blue-sensitive to 1873, orthochromatic to the 1920s, panchromatic
since); strengths are chosen such that a viewer would take the result for an old print.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from . import color

# The luma of BT.601, which gray copies of photographs have, and of BT.709.
_LUMA = ((0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722))
# Weights of linear R, G and B in the luminance that an emulsion records.
_EMULSIONS = (
    ((0.15, 0.35, 0.20), (0.40, 0.60, 0.40)),  # panchromatic: lowest, highest of each
    ((0.00, 0.40, 0.25), (0.10, 0.65, 0.55)),  # orthochromatic
    ((0.00, 0.02, 0.60), (0.03, 0.25, 1.00)),  # blue-sensitive
)
_LIKELIHOOD = (0.6, 0.25, 0.15)


class Film:
    """Draws film faults. `share` is the fraction of pictures that get any."""

    def __init__(self, share: float, random: torch.Generator, device: torch.device) -> None:
        self.share = share
        self.random = random
        self.device = device

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return (torch.rand(count, 1, 1, 1, generator=self.random) * (high - low) + low).to(self.device)

    def _happens(self, count: int, chance: float) -> Tensor:
        return (torch.rand(count, 1, 1, 1, generator=self.random) < chance).to(self.device)

    def _noise(self, *shape: int) -> Tensor:
        if self.device.type == "cpu":
            return torch.randn(*shape, generator=self.random)
        return torch.randn(*shape, device=self.device)

    def lightness(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """sRGB in 0…1 (n, 3, h, w) to L* in 0…100 (n, 1, h, w), without faults and with.

        Without faults it is the L* of the luma, as the runtime sees it: a gray copy of a saturated
        color is darker than the color. It is BT.601's, that of photographs, where no picture gets
        faults, else any luma from there to BT.709's.
        """
        plain = color.lightness(color.linear(self._luma(rgb)))
        chosen = (torch.rand(len(rgb), generator=self.random) < self.share).nonzero()[:, 0].to(self.device)
        if not len(chosen):
            return plain, plain
        faulty = plain.clone()
        light = color.linear(rgb[chosen])
        faulty[chosen] = self._aged(light, color.linear(self._luma(rgb[chosen])))
        return plain, faulty

    def _luma(self, rgb: Tensor) -> Tensor:
        """BT.601's or, where training, anything from there to BT.709's, (n, 1, h, w)."""
        first, second = (torch.tensor(weights, device=self.device).view(1, 3, 1, 1) for weights in _LUMA)
        share = self._uniform(len(rgb), 0, 1) if self.share else 0
        return (rgb * (first + (second - first) * share)).sum(1, True)

    def _aged(self, rgb: Tensor, clean: Tensor) -> Tensor:
        light = self._exposed(rgb, clean)
        lightness = color.lightness(light.clamp(0, 1))
        lightness = self._printed(lightness)
        lightness = self._blurred(lightness)
        lightness = self._grained(lightness)
        lightness = self._damaged(lightness)
        return self._compressed(lightness).clamp(0, 100)

    def _exposed(self, rgb: Tensor, clean: Tensor) -> Tensor:
        """Spectral response, exposure, lens flare and vignetting, in linear light."""
        count = len(rgb)
        kind = torch.multinomial(torch.tensor(_LIKELIHOOD), count, replacement=True, generator=self.random)
        bounds = torch.tensor(_EMULSIONS)[kind]
        weights = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * torch.rand(count, 3, generator=self.random)
        weights = (weights / weights.sum(1, keepdim=True)).view(count, 3, 1, 1).to(self.device)
        light = (rgb * weights).sum(1, True)
        # The photographer exposed for the emulsion: its mean stays near that of the scene.
        mean = clean.mean((2, 3), True) / light.mean((2, 3), True).clamp_min(1e-4)
        light = light * mean.clamp(0.5, 2) * torch.exp(self._uniform(count, -0.3, 0.3))
        height, width = light.shape[-2:]
        y = torch.linspace(-1, 1, height, device=self.device).view(1, 1, -1, 1)
        x = torch.linspace(-1, 1, width, device=self.device).view(1, 1, 1, -1)
        light = light * (1 - self._uniform(count, 0, 0.35) * (x * x + y * y) / 2 * self._happens(count, 0.5))
        flare = self._uniform(count, 0, 0.06) * self._happens(count, 0.5)
        return flare + (1 - flare) * light

    def _printed(self, lightness: Tensor) -> Tensor:
        """The contrast of negative and print, and fading: blacks lifted, whites lowered."""
        count = len(lightness)
        gamma = torch.exp(self._uniform(count, -0.4, 0.4))
        low = self._uniform(count, 0, 14) * self._happens(count, 0.5)
        high = 100 - self._uniform(count, 0, 20) * self._happens(count, 0.5)
        return low + (high - low) * (lightness / 100).clamp_min(1e-4).pow(gamma)

    def _blurred(self, lightness: Tensor) -> Tensor:
        sigma = float(torch.rand((), generator=self.random)) * 0.9 + 0.4
        reach = torch.arange(-3, 4, dtype=torch.float32, device=self.device)
        kernel = torch.exp(-(reach**2) / (2 * sigma**2))
        kernel = kernel / kernel.sum()
        padded = F.pad(lightness, (3, 3, 3, 3), mode="reflect")
        soft = F.conv2d(F.conv2d(padded, kernel.view(1, 1, 1, 7)), kernel.view(1, 1, 7, 1))
        return torch.where(self._happens(len(lightness), 0.4), soft, lightness)

    def _grained(self, lightness: Tensor) -> Tensor:
        """Grain grows with the density of the print: strongest in shadows, correlated over about
        two pixels."""
        count, _, height, width = lightness.shape
        noise = self._noise(count, 1, height, width)
        coarse = F.avg_pool2d(noise, 3, 1, 1) * 3
        noise = torch.where(self._happens(count, 0.5), coarse, noise)
        strength = self._uniform(count, 0, 1).square() * 8
        return lightness + noise * strength * (1.1 - lightness / 100)

    def _damaged(self, lightness: Tensor) -> Tensor:
        """Scratches run along the film; dust is small, either bright or dark."""
        count, _, height, width = lightness.shape
        x = torch.arange(width, device=self.device).view(1, 1, 1, -1)
        for _ in range(2):
            place = self._uniform(count, 0, width)
            wide = self._uniform(count, 0.3, 1.2)
            depth = self._uniform(count, -40, 50) * self._happens(count, 0.15)
            lightness = lightness + depth * torch.exp(-(((x - place) / wide) ** 2))
        spots = (
            torch.rand(count, 1, height // 2, width // 2, generator=self.random)
            < 0.002 * torch.rand(count, 1, 1, 1, generator=self.random)
        ).float()
        dust = F.interpolate(spots.to(self.device), (height, width), mode="bilinear")
        depth = self._uniform(count, -60, 60) * self._happens(count, 0.4)
        return lightness + depth * dust

    def _compressed(self, lightness: Tensor) -> Tensor:
        """Quantized in blocks of 8×8 DCT coefficients, coarser at high frequencies, as JPEG and
        MPEG do."""
        count, _, height, width = lightness.shape
        k = torch.arange(8, dtype=torch.float32, device=self.device)
        basis = torch.cos(math.pi * k.view(-1, 1) * (2 * k.view(1, -1) + 1) / 16) / 2
        basis[0] /= math.sqrt(2)
        blocks = lightness.view(count, height // 8, 8, width // 8, 8).transpose(2, 3)
        steps = (4 + 2 * (k.view(-1, 1) + k.view(1, -1))) * torch.exp(self._uniform(count, -1.5, 1)).view(
            count, 1, 1, 1, 1
        )
        coefficients = torch.round((basis @ blocks @ basis.T) / steps) * steps
        coded = (basis.T @ coefficients @ basis).transpose(2, 3).reshape(lightness.shape)
        return torch.where(self._happens(count, 0.4), coded, lightness)


def faultless(rgb: Tensor) -> Tensor:
    """What a network is given of pictures in sRGB 0…1 as the runtime sees them: L of the luma, normalized,
    (n, 1, h, w)."""
    clean, _ = Film(0.0, torch.Generator(), rgb.device).lightness(rgb)
    return (clean - 50) / 50

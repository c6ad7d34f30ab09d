"""What the generators give, in its own units and as ab.

| kind | channels | the file's property |
|---|---|---|
| `ab` | a/110 and b/110 | `ab`, in CIELAB units |
| `uv` | U and V as shares of their range, 0…1 | `uv`, of analog Y′UV |
| `bins313` | logits | `bins313` |
| `huechroma` | logits of `HUES` angles, then of `CHROMAS` lengths | `huechroma` |
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import color, encoding
from ..objective import AB_SCALE

U_RANGE, V_RANGE = 0.436, 0.615
"""The largest U and V of Y′UV (ITU-R BT.601, as analog video has them)."""

HUES = 32
CHROMAS = 32
CHROMA_STEP = 4.0
FADE = 0.03
"""η of the chromatic fading (Larsson et al. 2016, §3.4)."""

CHANNELS = {"ab": 2, "uv": 2, "bins313": 313, "huechroma": HUES + CHROMAS}


def chroma_centers() -> Tensor:
    """The centers of the bins of chroma, in CIELAB units, (32,)."""
    return CHROMA_STEP * (torch.arange(CHROMAS) + 0.5)


def hue_angles() -> Tensor:
    """The centers of the bins of hue, (32,)."""
    return 2 * math.pi * (torch.arange(HUES) + 0.5) / HUES


def gray(lightness: Tensor) -> Tensor:
    """L normalized to the code Y′ = R′ = G′ = B′ of sRGB, 0…1."""
    return color.encoded(color.luminance(50 * lightness + 50).clamp(0, 1))


def uv(rgb: Tensor) -> Tensor:
    """R′G′B′ (n, 3, h, w) to U and V as shares of their range, (n, 2, h, w)."""
    red, green, blue = rgb.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    u, v = (blue - luma) * 0.492, (red - luma) * 0.877
    return torch.stack((u / U_RANGE, v / V_RANGE), 1).clamp(-1, 1) / 2 + 0.5


def ab_of_uv(shares: Tensor, lightness: Tensor) -> Tensor:
    """The inverse of `uv` at the gray code of `lightness`, to CIELAB units."""
    luma = gray(lightness)[:, 0]
    u, v = (2 * shares[:, 0] - 1) * U_RANGE, (2 * shares[:, 1] - 1) * V_RANGE
    red, blue = luma + v / 0.877, luma + u / 0.492
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return color.chroma(color.linear(torch.stack((red, green, blue), 1).clamp(0, 1)))


def ab_of_huechroma(logits: Tensor) -> Tensor:
    """The circular mean of the hue and the median of the chroma, which fades where the hue is not sure."""
    hue = torch.softmax(logits[:, :HUES].float(), 1)
    angles = hue_angles().to(hue)
    across = torch.einsum("k,nkhw->nhw", angles.cos(), hue)
    along = torch.einsum("k,nkhw->nhw", angles.sin(), hue)
    length = (across.square() + along.square()).sqrt().clamp_min(1e-6)
    share = torch.softmax(logits[:, HUES:].float(), 1)
    # The distribution function passes through the middle of a bin's share at the bin's center, as in the runtime.
    below = share.cumsum(1) - share / 2
    after = (below < 0.5).sum(1, keepdim=True)
    upper = below.gather(1, after.clamp_max(CHROMAS - 1))
    lower = below.gather(1, (after - 1).clamp_min(0))
    part = ((0.5 - lower) / (upper - lower).clamp_min(1e-6)).clamp(0, 1)
    place = torch.where(after == 0, 0, (after - 1 + part).clamp_max(CHROMAS - 1))
    median = CHROMA_STEP * (place[:, 0] + 0.5)
    median = median * (length / FADE).clamp_max(1)
    return torch.stack((median * across / length, median * along / length), 1)


class ToAB:
    """A generator's output to ab in CIELAB units, (n, 2, h, w)."""

    def __init__(self, kind: str, temperature: float = 1.0, device: torch.device | None = None) -> None:
        self.kind, self.temperature = kind, temperature
        self.centers = torch.tensor(encoding.centers(), dtype=torch.float32, device=device)

    def __call__(self, output: Tensor, lightness: Tensor) -> Tensor:
        """`lightness` is L normalized, of any size that is a multiple of the output's."""
        match self.kind:
            case "ab":
                return output.float() * AB_SCALE
            case "uv":
                return ab_of_uv(output.float(), reduced(lightness, output))
            case "bins313":
                return torch.einsum("nqhw,qc->nchw", torch.softmax(output.float() / self.temperature, 1), self.centers)
            case _:
                return ab_of_huechroma(output)


def reduced(picture: Tensor, like: Tensor) -> Tensor:
    """A picture at the size of another, by means over areas."""
    return F.adaptive_avg_pool2d(picture, like.shape[-2:])


class InFileUnits(nn.Module):
    """The generator as the file holds it: ab in CIELAB units, U and V in their own."""

    def __init__(self, network: nn.Module, kind: str) -> None:
        super().__init__()
        self.network, self.kind = network, kind
        self.register_buffer("range", torch.tensor([U_RANGE, V_RANGE]).view(1, 2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        output = self.network(x)
        match self.kind:
            case "ab":
                return output * AB_SCALE
            case "uv":
                return (2 * output - 1) * self.range
            case _:
                return output


def properties(kind: str) -> dict[str, str]:
    """What the metadata says of the output, without the prefix."""
    values = {"output": kind}
    if kind == "huechroma":
        values["hue-bins"] = str(HUES)
        values["chroma-bins"] = " ".join(f"{center:g}" for center in chroma_centers().tolist())
    return values

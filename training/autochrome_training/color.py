"""sRGB ↔ CIELAB (D65), as the runtime computes them. Tensors are (n, 3, h, w)."""

from __future__ import annotations

import torch
from torch import Tensor

# IEC 61966-2-1 (sRGB) to CIE XYZ, each row divided by the white point of D65.
_RGB_TO_XYZ = torch.tensor(
    [
        [0.4124564 / 0.9504559, 0.3575761 / 0.9504559, 0.1804375 / 0.9504559],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339 / 1.0890578, 0.1191920 / 1.0890578, 0.9503041 / 1.0890578],
    ]
)


def linear(rgb: Tensor) -> Tensor:
    """sRGB values in 0…1 to linear light in 0…1 (IEC 61966-2-1)."""
    return torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).pow(2.4))


def encoded(light: Tensor) -> Tensor:
    """Linear light in 0…1 to sRGB values in 0…1: the inverse of `linear`."""
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp_min(1e-8).pow(1 / 2.4) - 0.055)


def _cube_root(t: Tensor) -> Tensor:
    """The function f of CIELAB (CIE 15, section 8.2.1)."""
    return torch.where(t > 216 / 24389, t.clamp_min(1e-8).pow(1 / 3), t * (841 / 108) + 4 / 29)


def lightness(luminance: Tensor) -> Tensor:
    """Relative luminance in 0…1 to L* in 0…100."""
    return 116 * _cube_root(luminance) - 16


def luminance(lightness: Tensor) -> Tensor:
    """L* in 0…100 to relative luminance in 0…1."""
    f = (lightness + 16) / 116
    return torch.where(f > 6 / 29, f.pow(3), (f - 4 / 29) * (108 / 841))


def lab(rgb: Tensor) -> Tensor:
    """Linear RGB in 0…1 (n, 3, h, w) to L*, a and b in CIELAB units, (n, 3, h, w)."""
    y = torch.einsum("j,njhw->nhw", _RGB_TO_XYZ[1].to(rgb), rgb)
    return torch.cat((lightness(y).unsqueeze(1), chroma(rgb)), dim=1)


def chroma(rgb: Tensor) -> Tensor:
    """Linear RGB in 0…1 (n, 3, h, w) to a and b in CIELAB units (n, 2, h, w)."""
    x, y, z = _cube_root(torch.einsum("ij,njhw->nihw", _RGB_TO_XYZ.to(rgb), rgb)).unbind(1)
    return torch.stack((500 * (x - y), 200 * (y - z)), dim=1)

"""Inputs that the checks share: the 313 color bins, test pictures, color hints, metadata."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import onnx

# The bins and ECCV16 are those of the training.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from autochrome_training import encoding

bin_centers = encoding.centers


def lightness(height: int, width: int, seed: int) -> np.ndarray:
    """A picture's L* in 0…100, shape (1, 1, height, width), float32.

    Soft gradients, a few shapes with hard edges, and fine texture: the spectrum of photographs
    falls with frequency, so that white noise would exercise a network where it is never used.
    """
    random = np.random.default_rng([seed, height, width])
    y, x = np.mgrid[0:height, 0:width]
    y, x = y / height, x / width
    picture = np.zeros((height, width))
    for octave in range(6):
        frequency = 2.0**octave
        for _ in range(3):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = np.cos(angle) * x + np.sin(angle) * y
            picture += np.sin(2 * np.pi * frequency * wave + phase) / frequency
    for _ in range(8):
        center_y, center_x = random.uniform(0, 1, 2)
        radius = random.uniform(0.03, 0.25)
        inside = (y - center_y) ** 2 + (x - center_x) ** 2 < radius**2
        picture = np.where(inside, picture * 0.4 + random.uniform(-2, 2), picture)
    picture += random.normal(0, 0.05, picture.shape)
    low, high = picture.min(), picture.max()
    return (100 * (picture - low) / (high - low)).astype(np.float32)[None, None]


def hints(height: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A user's color hints: ab in Lab units (1, 2, height, width) and their mask (1, 1, …)."""
    random = np.random.default_rng([seed, height, width, 2])
    ab = np.zeros((1, 2, height, width), np.float32)
    mask = np.zeros((1, 1, height, width), np.float32)
    for _ in range(10):
        top, left = random.integers(0, height - 4), random.integers(0, width - 4)
        ab[0, :, top : top + 4, left : left + 4] = random.uniform(-60, 60, (2, 1, 1))
        mask[0, :, top : top + 4, left : left + 4] = 1
    return ab, mask


def gray(lightness_values: np.ndarray) -> np.ndarray:
    """The code of sRGB, 0…1, of the gray that has this L* (IEC 61966-2-1)."""
    root = (lightness_values.astype(np.float64) + 16) / 116
    light = np.where(root > 6 / 29, root**3, 3 * (6 / 29) ** 2 * (root - 4 / 29))
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def scale(description: str) -> tuple[str, np.ndarray, np.ndarray]:
    """`L` or `RGB`, the offsets and the scales of a property such as `(RGB-0.5)/0.5`."""
    found = re.fullmatch(r"(\(?)(L|RGB)(?:-([^()*/]+))?(\)?)(?:([*/])(.+))?", description.replace(" ", ""))
    if found is None:
        raise ValueError(f"autochrome.input or output is {description!r}")
    channels = 1 if found[2] == "L" else 3

    def numbers(text: str) -> np.ndarray:
        values = [float(word) for word in text.strip("[]").split(",")]
        return np.resize(values, channels).reshape(1, channels, 1, 1)

    factors = numbers(found[6] or "1")
    return found[2], numbers(found[3] or "0"), 1 / factors if found[5] == "*" else factors


def given(lightness_values: np.ndarray, description: str) -> np.ndarray:
    """L* as a network is given it; `description` is the metadata property `autochrome.input`."""
    symbol, offsets, scales = scale(description)
    picture = lightness_values if symbol == "L" else gray(lightness_values)
    return ((picture - offsets) / scales).astype(np.float32)


def ab_of_pictures(values: np.ndarray, description: str) -> np.ndarray:
    """a and b of R'G'B' as a network gives it; `description` is the property `autochrome.output`."""
    _, offsets, scales = scale(description)
    code = np.clip(values * scales + offsets, 0, 1)
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    )
    relative = np.einsum("kc,nchw->nkhw", matrix, light) / np.array([0.95047, 1, 1.08883]).reshape(1, 3, 1, 1)
    root = np.where(relative > 216 / 24389, np.cbrt(relative), (24389 / 27 * relative + 16) / 116)
    return np.stack([500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=1)


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's metadata properties."""
    return {entry.key: entry.value for entry in model.metadata_props}

"""Inputs that the checks share: the 313 color bins, test pictures, color hints, metadata."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx

# The bins and ECCV16 are those of the training.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from autochrome_training.encoding import centers as bin_centers  # noqa: E402, F401


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
        frequency = 2.0 ** octave
        for _ in range(3):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            wave = np.cos(angle) * x + np.sin(angle) * y
            picture += np.sin(2 * np.pi * frequency * wave + phase) / frequency
    for _ in range(8):
        center_y, center_x = random.uniform(0, 1, 2)
        radius = random.uniform(0.03, 0.25)
        inside = (y - center_y) ** 2 + (x - center_x) ** 2 < radius ** 2
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
        ab[0, :, top:top + 4, left:left + 4] = random.uniform(-60, 60, (2, 1, 1))
        mask[0, :, top:top + 4, left:left + 4] = 1
    return ab, mask


def normalize(lightness_values: np.ndarray, description: str) -> np.ndarray:
    """L* as a network wants it; `description` is the metadata property `autochrome.input`."""
    known = {"L": (0.0, 1.0), "(L-50)/50": (50.0, 50.0), "(L-50)/100": (50.0, 100.0),
             "L/100": (0.0, 100.0)}
    if description not in known:
        raise ValueError(f"autochrome.input is {description!r}; known are {sorted(known)}")
    mean, deviation = known[description]
    return ((lightness_values - mean) / deviation).astype(np.float32)


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's metadata properties."""
    return {entry.key: entry.value for entry in model.metadata_props}

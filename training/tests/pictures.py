"""Pictures whose colors follow from their lightness and texture, so that they can be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def scene(random: np.random.Generator, side: int = 96) -> np.ndarray:
    """Bright smooth blue above, dark rough green below, a mid-gray red disk: uint8 RGB."""
    y, x = np.mgrid[0:side, 0:side] / side
    horizon = random.uniform(0.35, 0.65)
    sky = np.stack((0.55 + 0.2 * y, 0.7 + 0.15 * y, np.full_like(y, 0.95)), axis=-1)
    grass = np.array([0.15, 0.4, 0.1]) * (0.7 + 0.6 * random.random((side, side, 1)))
    picture = np.where((y < horizon)[..., None], sky, grass)
    center_y, center_x = random.uniform(0.2, 0.8, 2)
    radius = random.uniform(0.1, 0.25)
    disk = (y - center_y) ** 2 + (x - center_x) ** 2 < radius**2
    stripes = 0.06 * np.sign(np.sin(60 * x))[..., None]
    picture = np.where(disk[..., None], np.array([0.75, 0.2, 0.15]) + stripes, picture)
    return (picture.clip(0, 1) * 255).round().astype(np.uint8)


def write_scenes(folder: Path, count: int, seed: int) -> None:
    """`count` scenes as PNG."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.fromarray(scene(random)).save(folder / f"{index:04}.png")

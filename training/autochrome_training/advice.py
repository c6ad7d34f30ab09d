"""What a teacher says of the pictures of a pool, computed once.

A teacher sees each picture whole, at the size that the runtime shows, and mirrored, too; a crop
that a student sees later takes its part of the answer. So the teacher costs as much as a few
thousand steps, whatever its size, and it always knows more of the picture than the student.

In the pool's folder: `advice.npy`, the natural distribution over the bins, float16 (n, h, w, 313) at 1/8 of
the size; `hints.npy`, the teacher's deepest features, float16 (n, h, w, c).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .data import Pool, Window
from .film import Film

_FILES = ("advice.npy", "hints.npy")


def lightness(rgb: Tensor) -> Tensor:
    """What a network sees of clean pictures in sRGB 0…1 (n, 3, h, w): L normalized, (n, 1, h, w)."""
    clean, _ = Film(0.0, torch.Generator(), rgb.device).lightness(rgb)
    return (clean - 50) / 50


@torch.no_grad()
def answer(teacher: nn.Module, inputs: Tensor, tilt: Tensor) -> tuple[Tensor, Tensor]:
    """Distributions at 1/8 of the size (n, h, w, 313) and the deepest features (n, h, w, c), the
    mean over the pictures and their mirror images. `tilt` (313,) is taken from the logits: the
    logarithm of the weights of a teacher that was rebalanced."""
    both = torch.cat((inputs, inputs.flip(3)))
    with torch.autocast(inputs.device.type, dtype=torch.bfloat16):
        levels = teacher.encode(both.to(memory_format=torch.channels_last))
        logits = teacher.head(teacher.decode(levels))
    natural = torch.softmax(logits.float() - tilt.view(-1, 1, 1), dim=1)

    def merged(maps: Tensor) -> Tensor:
        straight, mirrored = maps.float().chunk(2)
        return ((straight + mirrored.flip(3)) / 2).permute(0, 2, 3, 1)

    return merged(F.avg_pool2d(natural, 2)), merged(levels[-1])


def ask(teacher: nn.Module, tilt: Tensor, folder: Path, size: int, device: torch.device,
        batch: int = 32) -> None:
    """Writes the teacher's answers beside the pictures of the pool `folder`, shown with a side of
    `size`. `tilt` as `answer` takes it."""
    pool = Pool(folder, device)
    teacher = teacher.eval().requires_grad_(False).to(device, memory_format=torch.channels_last)
    written: list[np.memmap] = []
    partial = [folder / f"{name}.part" for name in _FILES]
    for part in torch.arange(len(pool)).split(batch):
        answers = answer(teacher, lightness(pool.squares(part, size)), tilt.to(device))
        if not written:
            written = [np.lib.format.open_memmap(
                path, "w+", np.float16, (len(pool), *value.shape[1:]))
                for path, value in zip(partial, answers)]
        for array, value in zip(written, answers):
            array[int(part[0]):int(part[-1]) + 1] = value.half().cpu().numpy()
    for array, path, name in zip(written, partial, _FILES):
        array.flush()
        path.replace(folder / name)


class Advice:
    """The answers for crops of a pool's pictures."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        missing = [name for name in _FILES if not (folder / name).exists()]
        if missing:
            raise SystemExit(f"{folder} has no {' and no '.join(missing)}: distillation needs a "
                             "teacher's answers. Run `advise TEACHER --pool POOL` first, or set "
                             "distill and hint to 0 in the recipe")
        # Mapped privately: pages are read as they are needed, and nothing writes.
        self.distributions, self.features = (
            torch.from_numpy(np.load(folder / name, mmap_mode="c")) for name in _FILES)
        self.device = device

    def at(self, window: Window, positions: Tensor, quarter: int) -> Tensor:
        """The distributions at `positions` of a crop's grid of quarter × quarter, (n·m, 313)."""
        grid = torch.stack((positions // quarter, positions % quarter), 1).cpu()
        return self._sampled(self.distributions, window, (grid + 0.5) / quarter).flatten(0, 1)

    def hints(self, window: Window, height: int, width: int) -> Tensor:
        """The features on a crop's grid of height × width, (n, c, height, width)."""
        grid = torch.cartesian_prod((torch.arange(height) + 0.5) / height,
                                    (torch.arange(width) + 0.5) / width)
        values = self._sampled(self.features, window, grid)
        return values.permute(0, 2, 1).reshape(len(values), -1, height, width)

    def _sampled(self, maps: Tensor, window: Window, places: Tensor) -> Tensor:
        """Between the samples of `maps` (n, h, w, c), linearly, at `places` (m, 2), the parts of a
        crop's height and width: (crops, m, c)."""
        result = 0
        lower, upper, share = [], [], []
        for axis, extent in enumerate(maps.shape[1:3]):
            place = (window.along(axis, places[:, axis]) * extent - 0.5).clamp(0, extent - 1)
            lower.append(place.long())
            upper.append((lower[-1] + 1).clamp_max(extent - 1))
            share.append((place - lower[-1]).unsqueeze(2).to(self.device))
        chosen = window.chosen.unsqueeze(1)
        for rows, part in ((lower[0], 1 - share[0]), (upper[0], share[0])):
            for columns, rest in ((lower[1], 1 - share[1]), (upper[1], share[1])):
                result = result + part * rest * maps[chosen, rows, columns].to(self.device).float()
        return result

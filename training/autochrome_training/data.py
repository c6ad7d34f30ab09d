"""Pictures: from tar shards and folders to one array of squares, with a manifest.

A pool is a folder with `pictures.npy`, uint8 RGB (n, side, side, 3), and `manifest.json`, which
names each picture kept with its SHA-256 and each one dropped with the reason.
"""

from __future__ import annotations

import copy
import hashlib
import io
import itertools
import json
import math
import tarfile
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".ppm"}


def files(sources: list[Path]) -> Iterator[tuple[str, bytes]]:
    """The pictures of tar files and folders, in the order of their names."""
    for source in sources:
        if source.is_dir():
            for path in sorted(source.rglob("*")):
                if path.suffix.lower() in SUFFIXES:
                    yield str(path.relative_to(source)), path.read_bytes()
                elif path.suffix.lower() == ".tar":
                    yield from files([path])
        else:
            with tarfile.open(source) as archive:
                for member in archive:
                    file = archive.extractfile(member) if member.isfile() else None
                    if file is not None and Path(member.name).suffix.lower() in SUFFIXES:
                        yield member.name, file.read()


def perceptual_hash(picture: Image.Image) -> int:
    """64 bits: the signs of the lowest 8×8 DCT coefficients of the picture at 32×32, about their
    median. Copies that were scaled or compressed again differ in few bits."""
    small = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64)
    k, i = np.mgrid[0:8, 0:32]
    basis = np.cos(np.pi * k * (2 * i + 1) / 64)
    low = (basis @ small @ basis.T).ravel()
    bits = low > np.median(low[1:])
    return int("".join("1" if bit else "0" for bit in bits), 2)


ALIKE_BITS = 4


class Seen:
    """Perceptual hashes, each with the name of its picture."""

    def __init__(self) -> None:
        self.hashes = np.zeros(1024, np.uint64)
        self.names: list[str] = []

    def alike(self, phash: int) -> str | None:
        """The first picture that differs in no more than `ALIKE_BITS` bits."""
        known = self.hashes[: len(self.names)]
        near = np.flatnonzero(np.bitwise_count(known ^ np.uint64(phash)) <= ALIKE_BITS)
        return self.names[near[0]] if len(near) else None

    def add(self, phash: int, name: str) -> None:
        if len(self.names) == len(self.hashes):
            self.hashes = np.concatenate((self.hashes, np.zeros_like(self.hashes)))
        self.hashes[len(self.names)] = phash
        self.names.append(name)


def objection(rgb: np.ndarray, smallest: int) -> str | None:
    """Why a picture teaches nothing about color, or None. `rgb` is uint8 (h, w, 3).

    Gray: hardly any pixel has chroma. Tinted: the chroma hardly varies over the picture, so it is
    a toned black-and-white photograph.
    """
    if min(rgb.shape[:2]) < smallest:
        return "tiny"
    opponent = np.stack(
        (rgb[..., 0].astype(np.float32) - rgb[..., 1], (rgb[..., 0].astype(np.float32) + rgb[..., 1]) / 2 - rgb[..., 2])
    )
    if np.percentile(np.abs(opponent).max(axis=0), 95) < 10:
        return "gray"
    if opponent.std(axis=(1, 2)).max() < 5:
        return "tinted"
    return None


def opened(data: bytes) -> Image.Image | None:
    """The picture as RGB and upright (EXIF), or None where the bytes are none that can be read."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def middle_square(picture: Image.Image, side: int, resampling: Image.Resampling) -> np.ndarray:
    """The middle of a picture, uint8 RGB (side, side, 3)."""
    edge = min(picture.size)
    left, top = ((length - edge) // 2 for length in picture.size)
    return np.array(picture.resize((side, side), resampling, (left, top, left + edge, top + edge)))


@dataclass
class Entry:
    """What became of one file."""

    name: str
    sha256: str
    reason: str | None = None
    phash: int = 0
    picture: np.ndarray | None = None


def _prepare(job: tuple[str, bytes, int]) -> Entry:
    name, data, side = job
    entry = Entry(name, hashlib.sha256(data).hexdigest())
    if (picture := opened(data)) is None:
        entry.reason = "unreadable"
        return entry
    entry.reason = objection(np.asarray(picture), smallest=side // 2)
    if entry.reason is None:
        entry.phash = perceptual_hash(picture)
        scale = side / min(picture.size)
        if scale != 1:
            picture = picture.resize(
                [max(side, round(length * scale)) for length in picture.size], Image.Resampling.LANCZOS
            )
        left, top = ((length - side) // 2 for length in picture.size)
        entry.picture = np.asarray(picture.crop((left, top, left + side, top + side)))
    return entry


def hold_out(sources: list[Path], names: list[str], each: int, folder: Path) -> dict[str, int]:
    """Writes pictures of the sources `names` into `folder`, a folder for each, as PNG of their own
    size: the `each` that teach something about color and whose files have the lowest SHA-256, which
    is their new name. So the same ones are found whatever lies beside them. Returns how many there
    are of each."""
    chosen: dict[str, list[tuple[str, bytes]]] = {name: [] for name in names}
    for name, data in files(sources):
        source = Path(name).parent.name
        if source in chosen:
            chosen[source].append((hashlib.sha256(data).hexdigest(), data))
    counts = dict.fromkeys(names, 0)
    for source, candidates in chosen.items():
        target = folder / source
        target.mkdir(parents=True, exist_ok=True)
        for digest, data in sorted(candidates):
            if counts[source] == each:
                break
            picture = opened(data)
            if picture is None or objection(np.asarray(picture), smallest=64):
                continue
            picture.save(target / f"{digest[:16]}.png")
            counts[source] += 1
    return counts


# Files that are read ahead of the workers: what is in memory beside the pool.
_AHEAD = 512


def prepare(sources: list[Path], pool: Path, side: int, excluded: list[Path], processes: int = 2) -> dict:
    """Fills `pool` from `sources`, leaving out duplicates and whatever looks like a picture of
    `excluded` (the validation set). Returns the manifest."""
    seen = Seen()
    for name, data in files(excluded):
        if (picture := opened(data)) is not None:
            seen.add(perceptual_hash(picture), f"excluded {name}")
    kept: list[Entry] = []
    dropped: list[dict] = []
    with ProcessPoolExecutor(processes) as workers:
        jobs = ((name, data, side) for name, data in files(sources))
        entries = itertools.chain.from_iterable(
            workers.map(_prepare, part, chunksize=16) for part in iter(lambda: list(itertools.islice(jobs, _AHEAD)), [])
        )
        for entry in entries:
            if entry.reason is None and (twin := seen.alike(entry.phash)):
                entry.reason = f"duplicate of {twin}"
            if entry.reason is None:
                seen.add(entry.phash, entry.name)
                kept.append(entry)
            else:
                dropped.append({"name": entry.name, "sha256": entry.sha256, "reason": entry.reason})
    if not kept:
        raise SystemExit(
            f"no usable picture in {', '.join(map(str, sources))}: "
            f"{dict(Counter(entry['reason'] for entry in dropped))}"
        )
    pool.mkdir(parents=True, exist_ok=True)
    np.save(pool / "pictures.npy", np.stack([entry.picture for entry in kept]))
    manifest = {
        "side": side,
        "kept": [{"name": entry.name, "sha256": entry.sha256} for entry in kept],
        "dropped": dropped,
    }
    (pool / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


# The logarithm of the greatest ratio of the sides that a crop had before it became square.
STRETCH = 0.36


class Pool:
    """Squares of pictures on the device that trains, and random crops of them."""

    def __init__(
        self,
        folder: Path,
        device: torch.device,
        sources: dict[str, float] | None = None,
        only: Collection[str] = (),
    ) -> None:
        """`sources` says how much more often than others the pictures of a folder are drawn; `only`, if not empty,
        of which folders any are."""
        pictures = torch.from_numpy(np.load(folder / "pictures.npy"))
        self.pictures = pictures.permute(0, 3, 1, 2).contiguous().to(device)
        manifest = (folder / "manifest.json").read_bytes()
        self.manifest_sha256 = hashlib.sha256(manifest).hexdigest()
        folders = [Path(entry["name"]).parent.name for entry in json.loads(manifest)["kept"]]
        self.weights = torch.tensor(
            [(sources or {}).get(name, 1.0) if not only or name in only else 0.0 for name in folders]
        )
        if not self.weights.any():
            raise SystemExit(f"{folder}: has no picture of {', '.join(only)}")
        names = sorted(set(folders))
        self.labels = torch.tensor([names.index(name) for name in folders])
        """The folder of each picture, by its place among the sorted names."""
        self.classes = len(names)
        self.missing = sorted((set(sources or {}) | set(only)) - set(folders))
        """Sources of which the pool has no picture."""

    def split(self, share: float) -> Pool:
        """Returns a random `share` of the pictures, always the same, as a pool, and draws them from
        this one no longer."""
        rest = copy.copy(self)
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(1))
        held = order[: max(1, int(len(self) * share))].sort().values
        rest.pictures = self.pictures[held.to(self.pictures.device)]
        rest.weights, rest.labels = self.weights[held], self.labels[held]
        self.weights = self.weights.index_fill(0, held, 0.0)
        return rest

    def __len__(self) -> int:
        return len(self.pictures)

    def crops(
        self,
        count: int,
        size: int,
        scales: tuple[float, float],
        random: torch.Generator,
        chosen: Tensor | None = None,
    ) -> Tensor:
        """`count` crops in sRGB 0…1, (count, 3, size, size), half of them mirrored.

        All crops of a batch are scaled alike, by a factor within `scales` and stretched by up to a
        fifth, so that one resampling serves them all; a crop never shows more than there is. `chosen` names the
        pictures; without it they are drawn.
        """
        side = self.pictures.shape[-1]
        low, high = (math.log(scale) for scale in scales)
        scale = math.exp(low + (high - low) * float(torch.rand((), generator=random)))
        stretch = math.exp(STRETCH * (float(torch.rand((), generator=random)) - 0.5))
        height, width = (min(side, max(8, round(size / scale * factor))) for factor in (stretch, 1 / stretch))
        if chosen is None:
            chosen = torch.multinomial(self.weights, count, replacement=True, generator=random)
        top = torch.randint(side - height + 1, (count, 1), generator=random)
        left = torch.randint(side - width + 1, (count, 1), generator=random)
        rows = torch.arange(height).expand(count, height) + top
        run = torch.arange(width).expand(count, width)
        columns = torch.where(torch.rand(count, 1, generator=random) < 0.5, run, run.flip(1)) + left
        return self._resampled(chosen, rows, columns, size)

    def squares(self, chosen: Tensor, size: int) -> Tensor:
        """Whole pictures in sRGB 0…1, (n, 3, size, size)."""
        run = torch.arange(self.pictures.shape[-1]).expand(len(chosen), -1)
        return self._resampled(chosen, run, run, size)

    def _resampled(self, chosen: Tensor, rows: Tensor, columns: Tensor, size: int) -> Tensor:
        (count, height), width = rows.shape, columns.shape[1]
        device = self.pictures.device
        crop = (
            self.pictures[
                chosen.view(-1, 1, 1, 1).to(device),
                torch.arange(3, device=device).view(1, 3, 1, 1),
                rows.view(count, 1, height, 1).to(device),
                columns.view(count, 1, 1, width).to(device),
            ]
            .float()
            .div_(255)
        )
        if height == width == size:
            return crop
        return torch.nn.functional.interpolate(
            crop, (size, size), mode="bilinear", antialias=max(height, width) > size, align_corners=False
        ).clamp_(0, 1)

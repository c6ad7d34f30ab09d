#!/usr/bin/env python3
"""What ImageNet does not measure: colors by kind of picture, clean and as old film shows them, and whether
one object has one color.

Each folder of color photographs, and each color clip, is one kind. Pictures are reduced to gray, colorized by
the program, and held against the truth; with --film also what `training` makes of them as old film: emulsion,
exposure, blur, grain, scratches, compression. Of a clip, which is colorized whole, every twelfth frame counts.

AuC, rebal.  gains over gray, in points, as `autochrome evaluate` has them
ΔCF          the truth's colorfulness less the result's (Hasler and Suesstrunk 2003)
one color    how far colors lie apart within regions whose true color is one: the mean distance of a*b* from
             the region's mean, as a ratio to the truth's own. Regions are those of Felzenszwalb and
             Huttenlocher (2004) on the true L*a*b*, from 0.5 % of the picture on, whose own distance is at
             most 4; each counts by its area. Gray has 0, so read it beside ΔCF.
two colors   the share of the area of such regions within which the result's distance exceeds 6
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.segmentation import felzenszwalb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "training"))
from autochrome_training import color, encoding
from autochrome_training.film import Film

ONE_COLOR = 4.0
TWO_COLORS = 6.0
SMALLEST = 0.005
EACH_FRAME = 12
LUMA = np.array([0.299, 0.587, 0.114])


def lab(rgb: np.ndarray) -> np.ndarray:
    """uint8 sRGB (h, w, 3) to L*a*b* (h, w, 3)."""
    light = color.linear(torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].double() / 255)
    return color.lab(light)[0].permute(1, 2, 0).numpy()


def colorfulness(rgb: np.ndarray) -> float:
    red, green, blue = (rgb[..., index].astype(float) for index in range(3))
    first, second = red - green, (red + green) / 2 - blue
    return float(np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean()))


def spread(ab: np.ndarray) -> float:
    """The mean distance of colors (n, 2) from their mean."""
    return float(np.linalg.norm(ab - ab.mean(0), axis=1).mean())


def regions(truth: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Masks (h, w) of the regions of a picture in L*a*b* whose color is one, and the spread of each."""
    labels = felzenszwalb(
        truth / 100, scale=100, sigma=0.8, min_size=int(SMALLEST * truth[..., 0].size), channel_axis=2
    )
    masks = (labels == index for index in range(labels.max() + 1))
    large = ((mask, spread(truth[mask][:, 1:])) for mask in masks if mask.mean() >= SMALLEST)
    return [(mask, own) for mask, own in large if own <= ONE_COLOR]


def near(estimate: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sums, for each row of `weights`, of what colors (n, 2) have of the area under the curve."""
    distance = np.linalg.norm(estimate - truth, axis=1)
    return weights @ (1 - np.ceil(distance).clip(0, 151) / 151)


class Truth:
    """A picture in color, and what every result is held against."""

    def __init__(self, rgb: np.ndarray, balance: np.ndarray) -> None:
        """`balance` is 1/p̃ of each bin."""
        self.rgb = rgb
        picture = lab(rgb)
        self.ab = picture[..., 1:].reshape(-1, 2)
        self.weights = np.stack((np.ones(len(self.ab)), balance[encoding.nearest(self.ab)]))
        self.gray = near(0 * self.ab, self.ab, self.weights)
        self.colorfulness = colorfulness(rgb)
        self.regions = regions(picture)


@dataclass
class Sums:
    """What is added up over the pictures of a kind."""

    near: np.ndarray = field(default_factory=lambda: np.zeros(2))
    gray: np.ndarray = field(default_factory=lambda: np.zeros(2))
    all: np.ndarray = field(default_factory=lambda: np.zeros(2))
    colorfulness: list[float] = field(default_factory=list)
    own: float = 0.0
    result: float = 0.0
    apart: float = 0.0
    area: float = 0.0

    def add(self, truth: Truth, rgb: np.ndarray) -> None:
        ab = lab(rgb)[..., 1:]
        self.near += near(ab.reshape(-1, 2), truth.ab, truth.weights)
        self.gray += truth.gray
        self.all += truth.weights.sum(1)
        self.colorfulness.append(truth.colorfulness - colorfulness(rgb))
        for mask, own in truth.regions:
            area, found = mask.mean(), spread(ab[mask])
            self.own += area * own
            self.result += area * found
            self.apart += area * (found > TWO_COLORS)
            self.area += area

    def row(self) -> dict[str, float]:
        gains = 100 * (self.near - self.gray) / self.all
        return {
            "auc": gains[0],
            "rebalanced": gains[1],
            "cf": float(np.mean(self.colorfulness)),
            "one color": self.result / self.own if self.own else float("nan"),
            "two colors": 100 * self.apart / self.area if self.area else float("nan"),
        }


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True)


def aged(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """What old film shows of pictures (h, w, 3), (h, w)."""
    film = Film(1.0, torch.Generator().manual_seed(1), torch.device("cpu"))
    result = []
    for picture in pictures:
        rgb = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
        _, faulty = film.lightness(rgb)
        light = color.luminance(faulty.clamp(0, 100))[0, 0]
        code = torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.pow(1 / 2.4) - 0.055)
        result.append((255 * code).round().clamp(0, 255).byte().numpy())
    return result


def photographs(folder: Path) -> list[np.ndarray]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in {".png", ".jpg", ".jpeg", ".webp"})
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def colorized(options: argparse.Namespace, model: str, gray: list[np.ndarray], scratch: Path) -> list[np.ndarray]:
    """What the program makes of gray pictures."""
    source, target = scratch / "gray", scratch / "color"
    for folder in (source, target):
        folder.mkdir()
    for index, picture in enumerate(gray):
        Image.fromarray(picture).save(source / f"picture-{index:04}x.png")
    run(
        options.autochrome,
        source,
        "-o",
        target,
        "--pipeline",
        "photos",
        "--model",
        model,
        "-q",
        "--overwrite",
        *options.options.split(),
    )
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(target.iterdir())]


def frames(path: Path, scratch: Path) -> list[np.ndarray]:
    """Every twelfth frame of a clip."""
    scratch.mkdir()
    run(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        path,
        "-vf",
        f"select=not(mod(n\\,{EACH_FRAME}))",
        "-vsync",
        "0",
        scratch / "%05d.png",
    )
    return [np.asarray(Image.open(one).convert("RGB")) for one in sorted(scratch.iterdir())]


def results(options: argparse.Namespace, model: str, kind: Path, gray: list[np.ndarray] | None) -> list[np.ndarray]:
    """What `model` makes of a kind: of these gray pictures, or of the clip."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if gray is not None:
            return colorized(options, model, gray, scratch)
        run(
            options.autochrome,
            kind,
            "-o",
            scratch / "color.mkv",
            "--model",
            model,
            "--codec",
            "ffv1",
            "--audio",
            "none",
            "-q",
            *options.options.split(),
        )
        return frames(scratch / "color.mkv", scratch / "frames")


def measure(
    options: argparse.Namespace, kind: Path, balance: np.ndarray
) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Input, network and figures, of each network on each input of a kind."""
    if kind.is_dir():
        pictures = photographs(kind)
        inputs: dict[str, list[np.ndarray] | None] = {
            "clean": [(picture @ LUMA).round().astype(np.uint8) for picture in pictures]
        }
        if options.film:
            inputs["film"] = aged(pictures)
    else:
        with tempfile.TemporaryDirectory() as name:
            pictures = frames(kind, Path(name) / "truth")
        inputs = {"clean": None}
    truth = [Truth(picture, balance) for picture in pictures]
    for source, gray in inputs.items():
        for model in options.models:
            sums = Sums()
            for pair in zip(truth, results(options, model, kind, gray), strict=True):
                sums.add(*pair)
            yield source, Path(model).stem, sums.row()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="+", type=Path, help="folders of color photographs, and color clips")
    parser.add_argument("--autochrome", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=["autochrome"])
    parser.add_argument(
        "--prior", type=Path, required=True, help="probabilities of the 313 bins (.npy), for the rebalanced gain"
    )
    parser.add_argument("--film", action="store_true", help="also with the faults of old film")
    parser.add_argument("--options", default="", help="for every colorization, one string")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    balance = 1 / encoding.smoothed(np.load(options.prior))
    rows: list[dict] = []
    print(
        f"{'kind':18} {'network':18} {'input':6} {'AuC':>6} {'rebal.':>7} {'ΔCF':>6} {'one color':>10} "
        f"{'two colors':>11}",
        flush=True,
    )
    for kind in options.kinds:
        for source, network, found in measure(options, kind, balance):
            rows.append({"kind": kind.stem, "network": network, "input": source, **found})
            print(
                f"{kind.stem:18} {network:18} {source:6} {found['auc']:+6.2f} "
                f"{found['rebalanced']:+7.2f} {found['cf']:6.1f} {found['one color']:10.2f} "
                f"{found['two colors']:10.1f}%",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

"""The table of the systems: trains, exports, colorizes, measures; goes on where it stopped.

In the work folder, for each system: NAME.pt (checkpoint), NAME.png (contact sheet of its training), NAME.onnx,
colored/NAME (the pictures in its colors) and NAME.json (figures). What is there is not made again, unless what it was
made from is newer.
"""

from __future__ import annotations

import hashlib
import json
import math
import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from .. import classifier, data, pretrained
from ..loop import Progress, Recipe, load
from ..objective import REBALANCED
from . import dense, exporting, systems

SIZE = 96
"""The short side that the networks learned at and are measured at."""
SHOWN = 12
"""Pictures on the contact sheets."""
FEATURES = 64
"""The principal directions in which the Fréchet distance is taken: 400 pictures don't tell 1,280."""


@dataclass(frozen=True)
class Work:
    """Where everything lies, and with what it is measured."""

    folder: Path
    pool: Path
    pictures: Path
    prior: Path
    autochrome: Path

    def path(self, name: str, suffix: str) -> Path:
        return self.folder / f"{name}{suffix}"

    def call(self, *arguments: str | Path) -> str:
        """What the program prints; `SystemExit` with its words if it fails."""
        command = [str(self.autochrome), *map(str, arguments)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise SystemExit(f"{' '.join(command)}: {result.stderr.strip()}")
        return result.stdout


def finished(path: Path, recipe: Recipe) -> bool:
    """Whether a checkpoint has seen its budget, or gave up."""
    if not path.exists():
        return False
    progress = Progress(**load(path)["progress"])
    return progress.pictures >= recipe.pictures or "diverged" in progress.history[-1]


def train(work: Work, name: str, recipe: Recipe, threads: int) -> str:
    """Trains one system to its end, in a process of its own."""
    torch.set_num_threads(threads)
    log = work.path(name, ".log").open("a")
    os.dup2(log.fileno(), 1)
    systems.train(recipe, work.pool, work.path(name, ".pt"), prior=np.load(work.prior))
    return name


def train_all(work: Work, recipes: dict[str, Recipe], processes: int) -> None:
    """Trains those that are not finished, `processes` at a time."""
    left = {name: recipe for name, recipe in recipes.items() if not finished(work.path(name, ".pt"), recipe)}
    if not left:
        return
    threads = max(1, (os.cpu_count() or 1) // processes)
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as workers:
        jobs = [workers.apply_async(train, (work, name, recipe, threads)) for name, recipe in left.items()]
        for job in jobs:
            print(f"{job.get()}: trained", flush=True)


def newer(path: Path, source: Path) -> bool:
    """Whether `path` is there and not older than what it is made from."""
    return path.exists() and path.stat().st_mtime >= source.stat().st_mtime


def measure(work: Work, name: str, recipe: Recipe, judge: Judge) -> dict:
    """The figures of one system, made if they are not there."""
    checkpoint, model = work.path(name, ".pt"), work.path(name, ".onnx")
    if not newer(model, checkpoint):
        exporting.write(checkpoint, model, name)
    path = work.path(name, ".json")
    if newer(path, model):
        return json.loads(path.read_text())
    samples = systems.samples(recipe)
    size = recipe.size if samples else SIZE
    settings: list[str | Path] = ["--model", model, "--size", str(size), "--progress", "none"]
    # At both ends of the dial, where there is one.
    dials = ["--dials", f"1:{recipe.temperature},0:1"] if recipe.objective in REBALANCED else []
    evaluated = json.loads(work.call("evaluate", work.pictures, *settings, *dials, "--prior", work.prior, "--json"))
    colored = work.folder / "colored" / name
    begun = time.monotonic()
    work.call(work.pictures, "-o", colored, "--pipeline", "photos", "--overwrite", *settings)
    seconds = time.monotonic() - begun
    shown = json.loads(work.call("model", "show", model, "--json"))
    progress = load(checkpoint)["progress"]
    figures = {
        "evaluation": evaluated,
        "frechet": judge.distance(colored),
        "gigaflops256": shown.get("gigaflops256"),
        "picture_ms": 1000 * seconds / evaluated["pictures"],
        "network_ms": None if samples else timed(work, model, recipe),
        "pictures": progress["pictures"],
        "seconds": progress["seconds"],
        "end": progress["history"][-1],
        "parameters": sum(value.numel() for value in load(checkpoint)["weights"].values()),
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
    }
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(figures, indent=1))
    partial.replace(path)
    return figures


def timed(work: Work, model: Path, recipe: Recipe) -> float:
    """Milliseconds for 256×256 on one core, by the fastest back end in fp32; of a network that takes tiles, for as
    many of them as cover that."""
    tiles, size = 1, 256
    if recipe.network == "patches":
        network = dense.build(recipe)
        inner = network.tile - 2 * network.margin
        tiles, size = math.ceil(256 / inner) ** 2, network.tile
    said = json.loads(work.call("model", "time", model, "--size", f"{size}x{size}", "--precision", "fp32", "--json"))
    return tiles * min(found["milliseconds"] for found in said)


# MARK: The distance of the distributions


class Judge:
    """The Fréchet distance (Heusel et al. 2017) of colored pictures from the true ones. In place of Inception's
    features, those of EfficientNet-Lite2 with its published weights, in the principal directions of the true pictures:
    of a few hundred pictures, more directions only measure noise."""

    def __init__(self, pictures: Path, network: classifier.Classifier | None = None) -> None:
        """`network` is by default the published one."""
        if network is None:
            network = classifier.Classifier(pretrained.VARIANTS["autochrome"])
            network.adopt(pretrained.published("autochrome"))
        self.network = network.eval()
        features = self.features(pictures)
        self.mean = features.mean(0)
        _, _, directions = torch.linalg.svd(features - self.mean, full_matrices=False)
        self.directions = directions[:FEATURES]
        self.truth = self.moments(features)
        self.gray = self.apart(self.features(pictures, gray=True))
        """The distance of the pictures without color."""

    @torch.no_grad()
    def features(self, folder: Path, gray: bool = False) -> Tensor:
        """What the last layer reads of each picture, (n, c)."""
        parts = []
        for _, picture in squares(folder, self.network.size):
            rgb = without_color(picture) if gray else picture
            x = self.network.stem((torch.from_numpy(rgb).permute(2, 0, 1)[None].float() - 127) / 128)
            for stage in self.network.stages:
                x = stage(x)
            parts.append(self.network.last(x).mean((2, 3)))
        return torch.cat(parts).double()

    def moments(self, features: Tensor) -> tuple[Tensor, Tensor]:
        projected = (features - self.mean) @ self.directions.T
        return projected.mean(0), torch.cov(projected.T)

    def distance(self, folder: Path) -> float:
        """That of the pictures of a folder."""
        return self.apart(self.features(folder))

    def apart(self, features: Tensor) -> float:
        """|μ − μ′|² + tr(Σ + Σ′ − 2 (Σ Σ′)^½)"""
        mean, covariance = self.moments(features)
        values = torch.linalg.eigvals(covariance @ self.truth[1]).real.clamp_min(0)
        apart = (mean - self.truth[0]).square().sum()
        return float(apart + covariance.trace() + self.truth[1].trace() - 2 * values.sqrt().sum())


def without_color(rgb: np.ndarray) -> np.ndarray:
    """The luma of BT.601 in all three channels."""
    return np.repeat((rgb @ np.array([0.299, 0.587, 0.114])).round()[..., None], 3, 2).astype(np.uint8)


def squares(folder: Path, side: int) -> Iterator[tuple[str, np.ndarray]]:
    """The middle squares of the pictures of a folder, uint8 (side, side, 3), in the order of their names."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in data.SUFFIXES:
            continue
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        yield path.name, data.middle_square(picture, side, Image.Resampling.LANCZOS)


# MARK: Tables and sheets

COLUMNS = (
    "system | crops | core minutes | M parameters | AuC | gain | rebalanced | gain | PSNR | ΔCF | Fréchet | GFLOP | ms"
)


def table(rows: dict[str, tuple[Recipe, dict]], gray_distance: float) -> str:
    """Markdown: what each system reaches, and at which budget, below gray pictures and their Fréchet distance. GFLOP
    and ms are of the network at 256×256 on one core; of those that sample, ms for a whole picture."""
    lines = [f"| {COLUMNS} |", "|---" * COLUMNS.count("|") + "|---|"]
    first = next(iter(rows.values()))[1]["evaluation"]
    gray = first["gray"]
    measured = (gray["auc"], gray["rebalancedAUC"], gray["psnr"])
    auc, rebalanced, psnr = (f"{value:.2f}" for value in measured)
    cells = ["gray", "", "", "", auc, "", rebalanced, "", psnr, f"{gray['deltaColorfulness']:.1f}"]
    cells += [f"{gray_distance:.2f}", "", ""]
    lines.append(f"| {' | '.join(cells)} |")
    for name, (recipe, figures) in rows.items():
        for found in figures["evaluation"]["rows"]:
            title = name
            if recipe.objective in REBALANCED:
                title += f", vividness {found['vividness']:g}"
            cells = [
                title,
                f"{figures['pictures']:,}",
                f"{figures['seconds'] / 60:.0f}",
                f"{figures['parameters'] / 1e6:.2f}",
                f"{found['auc']:.2f}",
                f"{found['aucGain']:+.2f}",
                f"{found['rebalancedAUC']:.2f}",
                f"{found['rebalancedAUCGain']:+.2f}",
                f"{found['psnr']:.2f}",
                f"{found['deltaColorfulness']:.1f}",
                f"{figures['frechet']:.2f}" if found is figures["evaluation"]["rows"][0] else "",
                f"{figures['gigaflops256']:.2f}" if figures["gigaflops256"] else "",
                f"{figures['network_ms'] or figures['picture_ms']:.1f}",
            ]
            if "diverged" in figures["end"]:
                cells[0] += " (diverged)"
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def grid(rows: dict[str, tuple[Recipe, dict]]) -> str:
    """Markdown: the systems of one file that varies generator, distance and adversary (NAME-GENERATOR-DISTANCE
    [-ADVERSARY]), an adversary a line. A cell has both gains over gray and the Fréchet distance; empty without such
    systems."""
    cells: dict[str, dict[str, str]] = {}
    for name, (recipe, figures) in rows.items():
        parts = name.split("-", 3)
        if len(parts) < 3:
            continue
        found = figures["evaluation"]["rows"][0]
        cell = f"{found['aucGain']:+.2f} / {found['rebalancedAUCGain']:+.2f}, {figures['frechet']:.2f}"
        cells.setdefault(recipe.adversary.get("kind", "none"), {})[f"{parts[1]}, {parts[2]}"] = cell
    columns = list(dict.fromkeys(column for line in cells.values() for column in line))
    lines = [["adversary", *columns], ["---"] * (1 + len(columns))]
    lines += [[kind, *(line.get(column, "") for column in columns)] for kind, line in cells.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) if cells else ""


def sheet(work: Work, names: list[str], path: Path, side: int = 112) -> None:
    """Writes the same pictures in the colors of each system, a line each, below the truth and the gray."""
    truth = [picture for _, picture in squares(work.pictures, side)]
    chosen = range(0, len(truth), max(1, len(truth) // SHOWN))[:SHOWN]
    lines = [("truth", [truth[index] for index in chosen])]
    lines.append(("gray", [without_color(truth[index]) for index in chosen]))
    for name in names:
        colored = [picture for _, picture in squares(work.folder / "colored" / name, side)]
        lines.append((name, [colored[index] for index in chosen]))
    margin = 170
    canvas = Image.new("RGB", (margin + side * len(chosen), side * len(lines)), "white")
    draw = ImageDraw.Draw(canvas)
    for row, (name, pictures) in enumerate(lines):
        draw.text((6, row * side + side // 2), name, fill="black")
        for column, picture in enumerate(pictures):
            canvas.paste(Image.fromarray(picture), (margin + column * side, row * side))
    canvas.save(path)


def make(work: Work, only: list[str], processes: int, trains: bool = True) -> str:
    """All of it; returns the tables of those that are trained. `only` names some of the systems, or beginnings of
    their names."""
    recipes = systems.all_recipes()
    if only:
        recipes = {name: recipe for name, recipe in recipes.items() if name.startswith(tuple(only))}
        if not recipes:
            raise SystemExit(f"no system's name begins with {' or '.join(only)}")
    work.folder.mkdir(parents=True, exist_ok=True)
    if trains:
        train_all(work, recipes, processes)
    judge = Judge(work.pictures)
    rows = {
        name: (recipe, measure(work, name, recipe, judge))
        for name, recipe in recipes.items()
        if finished(work.path(name, ".pt"), recipe)
    }
    if not rows:
        raise SystemExit("no system is trained to its end yet")
    for index in range(0, len(rows), SHOWN):
        names = list(rows)[index : index + SHOWN]
        sheet(work, names, work.folder / f"sheet-{index // SHOWN + 1}.png")
    text = "\n".join(part for part in (table(rows, judge.gray), grid(rows)) if part)
    (work.folder / "table.md").write_text(text)
    return text

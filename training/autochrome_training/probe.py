"""What colorization has taught an encoder: `python -m autochrome_training.probe NETWORK… --pictures SOURCES…`.

Zhang et al. 2016, section 3.2: the encoder is frozen, each level's features are averaged to about 9,000 numbers, and a
linear classifier learns on them what the pictures show. Networks that have learned to colorize are compared with the
same architectures in random weights, and with the gray pixels themselves. What a picture shows is the name of its
folder.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from . import data, export, loop, network, pretrained
from .film import faultless

FEATURES = 9000
"""Numbers of each level, about, as in the paper."""
BATCH = 32
HELD_OUT = 0.25
"""The share of each class's pictures on which the accuracy is measured."""
RESAMPLING = (Image.Resampling.BILINEAR, Image.Resampling.BOX)
"""How pictures are enlarged, and how they are reduced."""
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1)
"""Factors of the squared weights, of which the one is taken that does best on a fifth of the training pictures."""


@dataclass
class Pictures:
    """Gray pictures of known classes."""

    inputs: Tensor
    """L normalized, (n, 1, size, size)."""
    labels: Tensor
    """Numbers of classes, (n,)."""
    held_out: Tensor
    """Whether a picture is for measuring, not for training, (n,)."""
    classes: list[str]


@dataclass
class Row:
    """How well a linear classifier does on one kind of features."""

    network: str
    level: str
    features: int
    correct: int
    total: int


def wilson(correct: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927), in percent."""
    z, share = 1.959963984540054, correct / total
    center = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return 100 * max(0.0, center - half), 100 * min(1.0, center + half)


def read(sources: list[Path], size: int, least: int, most: int, wanted: list[str] | None = None) -> Pictures:
    """The pictures of those folders, in tar files too, that hold `least` or more, of each at most `most`: those whose
    files have the lowest SHA-256. Of each class, the first quarter in that order is held out."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in data.files(sources):
        folder = Path(name).parent.name
        if not wanted or folder in wanted:
            found.setdefault(folder, []).append((hashlib.sha256(content).hexdigest(), content))
    classes = sorted(folder for folder, files in found.items() if len(files) >= least)
    if missing := sorted(set(wanted or []) - set(classes)):
        raise SystemExit(f"fewer than {least} pictures are in {', '.join(missing)}: lower --least, or leave them out")
    if len(classes) < 2:
        raise SystemExit(f"expected two folders or more with {least} pictures each, found {classes}")
    rgb, labels, held_out = [], [], []
    for label, folder in enumerate(classes):
        taken: list[np.ndarray] = []
        for _, content in sorted(found.pop(folder)):
            if len(taken) < most and (picture := data.opened(content)) is not None:
                taken.append(data.middle_square(picture, size, RESAMPLING[min(picture.size) > size]))
        rgb += taken
        labels += [label] * len(taken)
        held_out += [index < HELD_OUT * len(taken) for index in range(len(taken))]
    inputs = [
        faultless(torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2).float() / 255)
        for part in (rgb[start : start + BATCH] for start in range(0, len(rgb), BATCH))
    ]
    return Pictures(torch.cat(inputs), torch.tensor(labels), torch.tensor(held_out), classes)


def restore(path: Path, inputs: Tensor) -> nn.Module:
    """The network of a checkpoint, or of a model that `export` wrote."""
    if path.suffix != ".onnx":
        return loop.restore(path)
    weights = export.read_weights(path)["weights"]
    if "head.weight" in weights:
        for name in (*network.SHAPES, *pretrained.VARIANTS, "eccv16"):
            built = network.build(name, weights["head.weight"].shape[0])
            # Some architectures share the names of some layers.
            if not export.unfold(copy.deepcopy(built), weights, inputs):
                export.unfold(built, weights, inputs)
                return built.eval()
    raise SystemExit(f"{path}: no architecture of ours takes its weights: name a checkpoint, or a model of ours")


def randomized(trained: nn.Module, inputs: Tensor, seed: int) -> nn.Module:
    """The same architecture in random weights. Its batch norms get the statistics of the inputs, so that the features
    are neither nothing nor beyond all measure."""
    torch.manual_seed(seed)
    fresh = copy.deepcopy(trained)
    for module in fresh.modules():
        if isinstance(reset := getattr(module, "reset_parameters", None), type(fresh.forward)):
            reset()
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            # The mean over all batches.
            module.momentum = None
    fresh.train()
    for batch in inputs.split(BATCH):
        encoded(fresh, batch)
    return fresh.eval()


@torch.no_grad()
def encoded(encoder: nn.Module, inputs: Tensor) -> list[Tensor]:
    levels = encoder.encode(inputs)
    assert isinstance(levels, list)
    return levels


def pooled(level: Tensor, features: int) -> Tensor:
    """Means over a grid of places, so many that about `features` numbers are left, (n, c · g · g)."""
    grid = max(1, min(round(math.sqrt(features / level.shape[1])), *level.shape[2:]))
    return F.adaptive_avg_pool2d(level, grid).flatten(1)


def described(encoder: nn.Module, inputs: Tensor, features: int) -> Iterator[tuple[str, Tensor]]:
    """The features of each level, and where it lies."""
    parts: list[list[Tensor]] = []
    names: list[str] = []
    for batch in inputs.split(BATCH):
        levels = encoded(encoder, batch)
        names = [f"1/{round(batch.shape[-1] / level.shape[-1])}, {level.shape[1]} channels" for level in levels]
        parts.append([pooled(level, features) for level in levels])
    for name, level in zip(names, zip(*parts, strict=True), strict=True):
        yield name, torch.cat(level)


def fit(features: Tensor, labels: Tensor, classes: int, penalty: float) -> tuple[Tensor, Tensor]:
    """Multinomial logistic regression: weights (d, classes) and biases (classes,) that minimize the mean cross entropy
    plus `penalty` / 2 of the squared weights."""
    weights = torch.zeros(features.shape[1], classes, requires_grad=True)
    biases = torch.zeros(classes, requires_grad=True)
    minimizer = torch.optim.LBFGS([weights, biases], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        minimizer.zero_grad()
        loss = F.cross_entropy(features @ weights + biases, labels) + penalty / 2 * weights.square().sum()
        loss.backward()
        return loss

    minimizer.step(closure)
    return weights.detach(), biases.detach()


def spanned(rows: Tensor) -> Tensor:
    """An orthonormal basis (d, r) of the space that n rows of d numbers span. It holds the weights that `fit` finds for
    them, and takes fewer numbers than d where n is less."""
    values, vectors = torch.linalg.eigh(rows @ rows.T)
    kept = values > values[-1] * 1e-6
    return rows.T @ (vectors[:, kept] / values[kept].sqrt())


def probe(features: Tensor, pictures: Pictures) -> tuple[int, int]:
    """How many of the held-out pictures a linear classifier names rightly that learned on the others, of how many."""
    count = len(pictures.classes)
    train, test = features[~pictures.held_out], features[pictures.held_out]
    # On one scale, divided by √d, so that one penalty suits few features and many.
    mean, deviation = train.mean(0), train.std(0).clamp_min(1e-6)
    scale = deviation * math.sqrt(features.shape[1])
    train, test = (train - mean) / scale, (test - mean) / scale
    if len(train) < train.shape[1]:
        axes = spanned(train)
        train, test = train @ axes, test @ axes
    labels, answers = pictures.labels[~pictures.held_out], pictures.labels[pictures.held_out]
    chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(1))
    check, rest = chosen[: len(chosen) // 5], chosen[len(chosen) // 5 :]

    def right(fitted: tuple[Tensor, Tensor], some: Tensor, wanted: Tensor) -> int:
        return int(((some @ fitted[0] + fitted[1]).argmax(1) == wanted).sum())

    penalty = max(
        PENALTIES, key=lambda one: right(fit(train[rest], labels[rest], count, one), train[check], labels[check])
    )
    return right(fit(train, labels, count, penalty), test, answers), len(test)


def measure(
    networks: dict[str, nn.Module], pictures: Pictures, features: int = FEATURES, seed: int = 1
) -> Iterator[Row]:
    """Gray pixels, then each network's levels in random weights and as they are."""
    gray = pooled(pictures.inputs, features)
    yield Row("gray pixels", "", gray.shape[1], *probe(gray, pictures))
    for name, trained in networks.items():
        for kind, encoder in (("random weights", randomized(trained, pictures.inputs, seed)), ("learned", trained)):
            for level, numbers in described(encoder, pictures.inputs, features):
                yield Row(f"{name}, {kind}", level, numbers.shape[1], *probe(numbers, pictures))


def shuffled(pictures: Pictures, seed: int = 1) -> Pictures:
    """The same pictures with each other's labels: whatever a classifier finds in them then is chance."""
    order = torch.randperm(len(pictures.labels), generator=torch.Generator().manual_seed(seed))
    return Pictures(pictures.inputs, pictures.labels[order], pictures.held_out, pictures.classes)


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| features | level | numbers | accuracy | 95 % interval |", "|---|---|---|---|---|"]
    for row in rows:
        low, high = wilson(row.correct, row.total)
        lines.append(
            f"| {row.network} | {row.level} | {row.features} | {100 * row.correct / row.total:.1f} % | "
            f"{low:.1f}–{high:.1f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what encoders of colorization networks have learned.")
    parser.add_argument("networks", type=Path, nargs="+", help="checkpoints, or ONNX files that `export` wrote")
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, help="folders and tar files")
    parser.add_argument(
        "--labels",
        choices=("folder", "shuffled"),
        default="folder",
        help="what pictures show: the name of their folder, or, as a control, that of another picture's",
    )
    parser.add_argument("--classes", nargs="+", help="the folders that count; by default all with enough pictures")
    parser.add_argument("--least", type=int, default=100, help="pictures that a class needs")
    parser.add_argument("--most", type=int, default=200, help="pictures of a class that are used")
    parser.add_argument("--size", type=int, default=128, help="height and width of what the networks see")
    parser.add_argument("--features", type=int, default=FEATURES, help="numbers of each level, about")
    parser.add_argument("--seed", type=int, default=1, help="of the random weights")
    options = parser.parse_args()
    pictures = read(options.pictures, options.size, options.least, options.most, options.classes)
    if options.labels == "shuffled":
        pictures = shuffled(pictures)
    networks = {path.stem: restore(path, pictures.inputs[:BATCH]) for path in options.networks}
    print(
        f"{len(pictures.labels)} pictures of {len(pictures.classes)} classes ({', '.join(pictures.classes)}), "
        f"{int(pictures.held_out.sum())} held out; chance {100 / len(pictures.classes):.1f} %\n"
    )
    print(table(list(measure(networks, pictures, options.features, options.seed))))


if __name__ == "__main__":
    main()

"""How far a hint reaches: `python -m autochrome_training reach`.

A user gives a place its color; which other places have it, too? Photographs answer: some of their true colors are
taken as hints, and a small network learns from nine numbers of each pair of a place and a hint how likely the
place has the hint's color, against what the network that colorizes says of the place itself. The runtime's
`HintReach` computes the same numbers; docs/decisions/0037-learned-reach.md has the figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import felzenszwalb
from torch import Tensor, nn

from . import color, encoding
from .data import Pool

# The names of the numbers, in their order; `numbers` below says what they are.
NUMBERS = ("signature", "path", "path²", "distance", "lightness", "choice", "surprise", "offer", "stroke")
HIDDEN = 32
OWN_HIDDEN = 8
# The annealed mean's temperature, and the standard deviation of a color as evidence, of the runtime's decoder.
TEMPERATURE = 0.65
EVIDENCE = 12.0
# Numbers above are this: pictures that differ from those trained on must not lead far away.
LARGEST = 4.0
# A grid position is this many pixels wide.
SCALE = 4
REGIONS = 12
ELSEWHERE = 6
STROKE_PLACES = 8

# L normalized, (1, 1, h, w), to logits over the 313 bins, (1, 313, h / 4, w / 4).
Network = Callable[[np.ndarray], np.ndarray]


def cells() -> np.ndarray:
    """The cell of a grid of step 20 that each bin belongs to, (313,), numbered as they come."""
    corners = np.floor((encoding.centers() + 10) / 20).astype(int)
    order: dict[tuple[int, ...], int] = {}
    return np.array([order.setdefault(tuple(corner), len(order)) for corner in corners])


CELLS = cells()
CELL_COUNT = int(CELLS.max()) + 1
# The mean of the bins of each cell, (88, 2).
CELL_COLORS = np.stack([encoding.centers()[CELLS == cell].mean(axis=0) for cell in range(CELL_COUNT)])


@dataclass
class Hints:
    """Candidates for hints of one picture: the largest regions first, then places anywhere."""

    places: list[list[int]]
    """Indices into the grid, up to `STROKE_PLACES` each; one for a point."""
    colors: Tensor
    """a and b, (n, 2)."""
    paths: Tensor
    """The geodesic distance of each place of the grid, (n, area)."""
    regions: int
    """How many of them lie in regions."""


@dataclass
class Scene:
    """One picture on its grid of h × w places; `area` is their product."""

    width: int
    height: int
    lightness: Tensor
    """L*, (area,)."""
    truth: Tensor
    """a and b, (area, 2)."""
    guess: Tensor
    """The annealed mean of all 313 bins, (area, 2)."""
    signature: Tensor
    """√p over the cells, fp16, (88, area)."""
    hints: Hints


def geodesic(lightness: np.ndarray, starts: list[list[int]]) -> np.ndarray:
    """Distances along the shortest ways over eight neighbours, (n, h·w): a step costs |ΔL*| ÷ 8, and 1.6 for the
    side of a square as large as the picture (`GeodesicDistance` of the runtime)."""
    height, width = lightness.shape
    plain = 1.6 / np.sqrt(height * width)
    padded = np.pad(lightness, 1, constant_values=np.nan)
    steps = []
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dx or dy:
                change = np.abs(lightness - padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width])
                cost = change / 8 + plain * np.hypot(dx, dy)
                steps.append((dy, dx, np.nan_to_num(cost, nan=np.inf).astype(np.float32)))
    ways = np.full((len(starts), height + 2, width + 2), np.inf, np.float32)
    inside = ways[:, 1:-1, 1:-1]
    for row, places in zip(inside, starts, strict=True):
        for place in places:
            row[divmod(place, width)] = 0
    while True:
        before = inside.copy()
        for dy, dx, cost in steps:
            np.minimum(inside, ways[:, 1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] + cost, out=inside)
        if np.array_equal(before, inside):
            return inside.reshape(len(starts), -1)


def line(mask: np.ndarray, x: int, y: int) -> list[tuple[int, int]]:
    """Places of the longest level or upright line through (x, y) that stays in the mask, less a tenth at each end."""

    def part(row: np.ndarray, at: int) -> np.ndarray:
        outside = np.flatnonzero(~row)
        first = int(outside[outside < at].max(initial=-1)) + 1
        last = int(outside[outside > at].min(initial=len(row))) - 1
        margin = (last - first) // 10
        count = min(STROKE_PLACES, last - first - 2 * margin + 1)
        return np.linspace(first + margin, last - margin, count).round().astype(int)

    level, upright = part(mask[y], x), part(mask[:, x], y)
    if level[-1] - level[0] >= upright[-1] - upright[0]:
        return [(int(column), y) for column in level]
    return [(x, int(row)) for row in upright]


def hints(lab: np.ndarray, truth: np.ndarray, lightness: np.ndarray, random: np.random.Generator) -> Hints:
    """`lab` is the picture's, (h, w, 3); `truth` and `lightness` those of its grid."""
    height, width = lightness.shape
    labels = felzenszwalb(lab / 100, scale=400, sigma=1, min_size=int(0.002 * lab[..., 0].size))
    places, colors = [], []
    for label in np.argsort(-np.bincount(labels.ravel()))[:REGIONS]:
        mask = labels == label
        depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        points = line(mask, int(x), int(y)) if random.random() < 0.3 else [(int(x), int(y))]
        places.append(list(dict.fromkeys(py // SCALE * width + px // SCALE for px, py in points)))
        near = np.zeros_like(mask)
        near[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] = True
        colors.append(lab[near & mask][:, 1:].mean(axis=0))
    regions = len(places)
    for place in random.integers(height * width, size=ELSEWHERE):
        places.append([int(place)])
        colors.append(truth[place])
    return Hints(
        places,
        torch.tensor(np.array(colors), dtype=torch.float32),
        torch.from_numpy(geodesic(lightness, places)),
        regions,
    )


def scene(rgb: np.ndarray, network: Network, random: np.random.Generator) -> Scene:
    """`rgb` is uint8, (h, w, 3); its sides are multiples of 32."""
    linear = color.linear(torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255)
    lab = color.lab(linear)
    logits = torch.from_numpy(network(((lab[:, :1] - 50) / 50).numpy()))[0]
    probabilities = torch.softmax(logits, dim=0)
    signature = torch.zeros(CELL_COUNT, *logits.shape[1:]).index_add_(0, torch.from_numpy(CELLS), probabilities).sqrt()
    annealed = torch.softmax(logits / TEMPERATURE, dim=0)
    guess = torch.einsum("qhw,qc->hwc", annealed, torch.from_numpy(encoding.centers()).float())
    grid = nn.functional.avg_pool2d(lab, SCALE)[0]
    truth = grid[1:].permute(1, 2, 0).reshape(-1, 2)
    return Scene(
        width=grid.shape[2],
        height=grid.shape[1],
        lightness=grid[0].reshape(-1),
        truth=truth,
        guess=guess.reshape(-1, 2),
        signature=signature.reshape(CELL_COUNT, -1).half(),
        hints=hints(lab[0].permute(1, 2, 0).numpy(), truth.numpy(), grid[0].numpy(), random),
    )


def doubt(signature: Tensor) -> Tensor:
    """Of signatures (88, area): the collision entropy of the cells, −ln Σ p² in nats, ÷ 3, (area,)."""
    return -signature.float().pow(4).sum(dim=0).log() / 3


def mean_color(signature: Tensor) -> Tensor:
    """The annealed mean of the cells' colors at a temperature of 2/3, where √p³ is its weight, (area, 2)."""
    weights = signature.float().pow(3)
    return (weights / weights.sum(dim=0)).T @ torch.from_numpy(CELL_COLORS).float()


def numbers(scene: Scene, chosen: list[int]) -> Tensor:
    """The numbers of all pairs of hints and places, (n, area, 9). Of a stroke, the place counts whose signature is
    most like that of the place at hand."""
    signature, mean = scene.signature.float(), mean_color(scene.signature)
    run = torch.arange(scene.width * scene.height)
    x, y = (run % scene.width).float(), (run // scene.width).float()
    side = (scene.width * scene.height) ** 0.5
    rows = []
    for index in chosen:
        places = torch.tensor(scene.hints.places[index])
        products = signature[:, places].T @ signature
        likeness, best = products.max(dim=0)
        nearest = places[best]
        given = scene.hints.colors[index]
        away = ((x[:, None] - x[places]).square() + (y[:, None] - y[places]).square()).min(dim=1).values.sqrt() / side
        path = scene.hints.paths[index] / 7
        rows.append(
            torch.stack(
                [
                    (2 - 2 * likeness).clamp_min(0) / 0.49,
                    path,
                    path.square(),
                    away,
                    (scene.lightness - scene.lightness[nearest]).abs() / 20,
                    (mean - mean[nearest]).norm(dim=1) / 20,
                    (given - mean[nearest]).norm(dim=1) / 20,
                    (mean - given).norm(dim=1) / 20,
                    torch.full_like(away, float(np.log(len(places)))),
                ],
                dim=1,
            )
        )
    return torch.stack(rows).clamp_max(LARGEST)


class Reach(nn.Module):
    """The scores of pairs, and of the network's own color."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.Sequential(
            nn.Linear(len(NUMBERS), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)
        )
        self.own = nn.Sequential(nn.Linear(1, OWN_HIDDEN), nn.ReLU(), nn.Linear(OWN_HIDDEN, 1))

    def forward(self, pairs: Tensor, doubt: Tensor) -> tuple[Tensor, Tensor]:
        """Of (n, area, 9) and (area,): how a place is divided among the hints, (n, area), and β, (area,)."""
        scores = torch.cat([self.pair(pairs)[..., 0], self.own(doubt[:, None])[:, 0][None]])
        shares = torch.softmax(scores, dim=0)[:-1]
        beta = shares.sum(dim=0)
        return shares / (beta + 1e-9), beta


def decoded(scene: Scene, given: Tensor, beta: Tensor) -> Tensor:
    """The color of each place as the runtime's decoder finds it, (area, 2), but on cells in place of bins."""
    colors = torch.from_numpy(CELL_COLORS).float()
    logs = scene.signature.float().square().clamp_min(1e-9).log().T
    evidence = beta[:, None] * (colors - given[:, None]).square().sum(dim=2) / (2 * EVIDENCE**2)
    # What cells lose against bins is the same with evidence and without.
    change = (torch.softmax((logs - evidence) / TEMPERATURE, dim=1) - torch.softmax(logs / TEMPERATURE, dim=1)) @ colors
    # As evidence, by β², and once more after the temporal stage, by β.
    share = 1 - (1 - beta[:, None].square()) * (1 - beta[:, None])
    return share * given + (1 - share) * (scene.guess + change)


def errors(scene: Scene, colors: Tensor) -> Tensor:
    """ΔE94 (CIE 116) of colors of the true lightness, (area,): far from gray, the eye forgives more."""
    chroma = scene.truth.norm(dim=1)
    by_chroma = chroma - colors.square().sum(dim=1).add(1e-4).sqrt()
    by_hue = ((colors - scene.truth).square().sum(dim=1) - by_chroma.square()).clamp_min(0)
    return ((by_chroma / (1 + 0.045 * chroma)).square() + by_hue / (1 + 0.015 * chroma).square() + 0.01).sqrt()


def guided(reach: Reach, scene: Scene, chosen: list[int]) -> Tensor:
    shares, beta = reach(numbers(scene, chosen), doubt(scene.signature))
    return decoded(scene, shares.T @ scene.hints.colors[chosen], beta)


def train(scenes: list[Scene], steps: int, seed: int = 1, harm: float = 1.0) -> Reach:
    """Each of `steps` pictures gets 1 … 12 hints. The loss is the change of the error as a share of the network's
    own, and `harm` times what places lose that had a better color before."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    reach = Reach()
    batch = 4
    optimizer = torch.optim.Adam(reach.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=max(steps // batch, 2))
    for step in range(steps):
        scene = scenes[random.integers(len(scenes))]
        before = errors(scene, scene.guess)
        after = errors(scene, guided(reach, scene, choice(scene.hints, int(random.integers(1, 13)), random)))
        lost = (after - before).clamp_min(0).mean()
        loss = (after.mean() - before.mean() + harm * lost) / (before.mean() + 3)
        (loss / batch).backward()
        if step % batch == batch - 1:
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    return reach.eval()


def choice(candidates: Hints, count: int, random: np.random.Generator) -> list[int]:
    """The largest regions, as often as not, or any of the candidates."""
    if random.random() < 0.6:
        return list(range(min(count, candidates.regions)))
    return [int(index) for index in random.permutation(len(candidates.places))[:count]]


@torch.no_grad()
def gains(reach: Reach, scenes: list[Scene], count: int) -> np.ndarray:
    """By how much hints in the `count` largest regions lower the error of each picture, as a share of it."""
    result = []
    for scene in scenes:
        chosen = list(range(min(count, scene.hints.regions)))
        after = errors(scene, guided(reach, scene, chosen)).mean()
        result.append(1 - float(after / errors(scene, scene.guess).mean()))
    return np.array(result)


def stored(reach: Reach, source: dict) -> dict:
    """What the runtime reads. `examples` are numbers and the scores that PyTorch finds for them."""
    generator = torch.Generator().manual_seed(7)
    pairs = torch.rand(24, len(NUMBERS), generator=generator) * 2
    doubts = torch.rand(8, generator=generator) * 2

    def layers(network: nn.Sequential) -> list[dict]:
        return [
            {"weight": rounded(layer.weight), "bias": rounded(layer.bias)}
            for layer in network
            if isinstance(layer, nn.Linear)
        ]

    with torch.no_grad():
        for value in reach.parameters():
            value.copy_(torch.tensor(rounded(value)))
        return {
            "format": 1,
            "numbers": list(NUMBERS),
            "largest": LARGEST,
            "source": source,
            "pair": layers(reach.pair),
            "own": layers(reach.own),
            "examples": {
                "pairs": rounded(pairs),
                "pairScores": rounded(reach.pair(torch.tensor(rounded(pairs)))[:, 0]),
                "doubts": rounded(doubts),
                "ownScores": rounded(reach.own(torch.tensor(rounded(doubts))[:, None])[:, 0]),
            },
        }


def rounded(values: Tensor) -> list:
    """Six digits: what a weight needs, and short to read."""
    return [rounded(row) for row in values] if values.ndim > 1 else [float(f"{value:.6g}") for value in values.tolist()]


def onnx_network(path: Path) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda lightness: session.run(None, {name: lightness})[0]


def write(
    model: Path, folder: Path, path: Path, count: int, steps: int, sizes: tuple[int, ...] = (160, 192), held: int = 100
) -> None:
    """Trains on `count` pictures of a pool and measures on `held` others of it."""
    pool = Pool(folder, torch.device("cpu"))
    if len(pool) < count + held:
        raise SystemExit(f"{folder}: {len(pool)} pictures; {count} to train on and {held} to measure on are wanted")
    network = onnx_network(model)
    random = np.random.default_rng(1)
    order = torch.from_numpy(random.permutation(len(pool))[: count + held])
    scenes = []
    for index in order:
        square = pool.squares(index[None], int(random.choice(sizes)))[0].permute(1, 2, 0)
        scenes.append(scene((square * 255).round().byte().numpy(), network, random))
    reach = train(scenes[held:], steps)
    measured = {f"gain{number}": round(float(gains(reach, scenes[:held], number).mean()), 3) for number in (1, 5, 10)}
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    text = json.dumps(
        stored(
            reach,
            {
                "model": model.name,
                "sha256": digest,
                "manifest": pool.manifest_sha256,
                "pictures": count,
                "steps": steps,
                **measured,
            },
        )
    )
    partial = path.with_name(path.name + ".part")
    partial.write_text(text + "\n")
    partial.replace(path)
    print(json.dumps(measured))

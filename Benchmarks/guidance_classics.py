"""The published algorithms that color without a network, written plainly, as a measure for ours.

    python Benchmarks/guidance_classics.py Benchmarks/guidance_classics.json

writes small inputs with what each algorithm makes of them; the tests of the program hold its own results
against that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, lil_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow
from scipy.sparse.linalg import spsolve

from fixtures import bin_centers, lightness

SCALE = 4


def block_means(image: np.ndarray, scale: int = SCALE) -> np.ndarray:
    """The means over scale × scale blocks of (height, width, …)."""
    height, width = image.shape[0] // scale, image.shape[1] // scale
    image = image[: height * scale, : width * scale]
    return image.reshape(height, scale, width, scale, *image.shape[2:]).mean(axis=(1, 3))


def levin(luma: np.ndarray, hints: dict[tuple[int, int], tuple[float, float]]) -> np.ndarray:
    """Levin, Lischinski, Weiss 2004: (height, width, 2) from hints at (row, column)."""
    height, width = luma.shape
    matrix = lil_matrix((height * width, height * width))
    right = np.zeros((height * width, 2))
    for y in range(height):
        for x in range(width):
            row = y * width + x
            matrix[row, row] = 1
            if (y, x) in hints:
                right[row] = hints[y, x]
                continue
            near = [
                (v, u)
                for v in range(max(y - 1, 0), min(y + 2, height))
                for u in range(max(x - 1, 0), min(x + 2, width))
                if (v, u) != (y, x)
            ]
            values = np.array([luma[place] for place in near])
            variance = max(np.var(np.append(values, luma[y, x])), 0.04)
            weights = np.exp(-((values - luma[y, x]) ** 2) / (2 * variance))
            for (v, u), weight in zip(near, weights / weights.sum(), strict=True):
                matrix[row, v * width + u] = -weight
    return spsolve(matrix.tocsc(), right).reshape(height, width, 2)


class SplitMix:
    """The program's random numbers, for the jitter of samples."""

    def __init__(self) -> None:
        self.state = 0

    def unit(self) -> float:
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) / 2**53


def deviation(luma: np.ndarray, window: int = 5) -> np.ndarray:
    """The standard deviation around each sample; windows end at the borders."""
    height, width = luma.shape
    reach = window // 2
    return np.array(
        [
            [luma[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1].std() for x in range(width)]
            for y in range(height)
        ]
    )


def welsh(
    target: np.ndarray,
    reference: np.ndarray,
    ab: np.ndarray,
    samples: int = 200,
    swatches: list[tuple[list[float], list[float]]] | None = None,
) -> np.ndarray:
    """Welsh, Ashikhmin, Mueller 2002: (grid height, grid width, 2) from L* at working size and the
    reference's colors on its grid; swatches are (left, top, right, bottom) of target and reference."""
    height, width = reference.shape
    spread = deviation(reference)
    remapped = (target - target.mean()) * (reference.std() / target.std()) + reference.mean()
    around = deviation(remapped)
    random = SplitMix()

    def take(part: list[float], count: int) -> list[tuple[float, float, np.ndarray]]:
        left, top = part[0] * width, part[1] * height
        across, down = part[2] * width - left, part[3] * height - top
        columns = max(1, int(np.floor(np.sqrt(count * across / down) + 0.5)))
        rows = max(1, int(np.floor(count / columns + 0.5)))
        found = []
        for row in range(rows):
            for column in range(columns):
                x = min(int(left + (column + random.unit()) / columns * across), width - 1)
                y = min(int(top + (row + random.unit()) / rows * down), height - 1)
                found.append((reference[y, x], spread[y, x], ab[y // SCALE, x // SCALE]))
        return found

    parts = [take(part, 50) for _, part in swatches or []]
    everything = [s for part in parts for s in part] if parts else take([0, 0, 1, 1], samples)
    colors = np.zeros((*target.shape, 2))
    owner = np.full(target.shape, -1)
    for index, ((left, top, right, bottom), _) in enumerate(swatches or []):
        rows, columns = target.shape
        owner[round(top * rows) : round(bottom * rows), round(left * columns) : round(right * columns)] = index
    for y in range(target.shape[0]):
        for x in range(target.shape[1]):
            among = parts[owner[y, x]] if owner[y, x] >= 0 else everything
            costs = [
                0.5 * (remapped[y, x] - luma) ** 2 + 0.5 * (around[y, x] - around_it) ** 2
                for luma, around_it, _ in among
            ]
            colors[y, x] = among[int(np.argmin(costs))][2]
    return block_means(colors)


def describe(lightness_values: np.ndarray) -> np.ndarray:
    """(places, 6): luma; its mean and deviation in 3 × 3 and 7 × 7 places; its deviation within."""
    grid = block_means(lightness_values)
    height, width = grid.shape
    found = []
    for y in range(height):
        for x in range(width):
            row = [grid[y, x]]
            for reach in (1, 3):
                window = grid[max(y - reach, 0) : y + reach + 1, max(x - reach, 0) : x + reach + 1]
                row += [window.mean(), window.std()]
            own = lightness_values[y * SCALE : (y + 1) * SCALE, x * SCALE : (x + 1) * SCALE]
            found.append([*row, own.std()])
    return np.array(found)


def expand(
    labels: np.ndarray, label: int, costs: np.ndarray, pair_cost: Callable[[int, int, int, int], int]
) -> np.ndarray:
    """One α-expansion by a minimum cut; of equally cheap ones, that in which the fewest places move."""
    height, width = labels.shape
    area = height * width
    flat = labels.ravel()
    gains = costs[:, label] - costs[np.arange(area), flat]
    rows, columns, values = [], [], []
    for p in range(area):
        for q in ([p + 1] if p % width + 1 < width else []) + ([p + width] if p + width < area else []):
            both, second = pair_cost(p, q, flat[p], flat[q]), pair_cost(p, q, flat[p], label)
            first = pair_cost(p, q, label, flat[q])
            gains[p] += first - both
            gains[q] -= first
            rows.append(p)
            columns.append(q)
            values.append(max(second + first - both, 0))
    source, sink = area, area + 1
    for p in range(area):
        rows.append(source if gains[p] > 0 else p)
        columns.append(p if gains[p] > 0 else sink)
        values.append(abs(gains[p]))
    graph = csr_matrix((values, (rows, columns)), shape=(area + 2, area + 2), dtype=np.int32)
    residual = graph - maximum_flow(graph, source, sink).flow
    residual.data[residual.data < 0] = 0
    residual.eliminate_zeros()
    reached = breadth_first_order(residual.T.tocsr(), sink, return_predecessors=False)
    moved = np.zeros(area + 2, bool)
    moved[reached] = True
    return np.where(moved[:area].reshape(labels.shape), label, labels)


def charpiat(
    target: np.ndarray,
    reference: np.ndarray,
    ab: np.ndarray,
    width_of_window: float = 0.5,
    coherence: float = 0.5,
    limit: int = 48,
) -> np.ndarray:
    """Charpiat, Hofmann, Schölkopf 2008, with descriptions of luma: (grid height, grid width, 2)."""
    known, wanted = describe(reference), describe(target)
    scale = 1 / (np.maximum(known.std(0), 1e-6) * width_of_window)
    flat = ab.reshape(-1, 2)
    centers = bin_centers().astype(np.float64)
    bins = ((flat[:, None] - centers[None]) ** 2).sum(-1).argmin(1)
    counts = np.bincount(bins, minlength=len(centers))
    kept = sorted(np.flatnonzero(counts), key=lambda q: (-counts[q], q))[:limit]
    labels = np.array(
        [kept.index(q) if q in kept else int(((centers[kept] - centers[q]) ** 2).sum(-1).argmin()) for q in bins]
    )
    colors = np.array([flat[labels == k].mean(0) for k in range(len(kept))])
    rows, columns = ab.shape[:2]
    variation = np.zeros((rows, columns))
    for y in range(rows):
        for x in range(columns):
            near = [
                (v, u)
                for v, u in ((y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x))
                if 0 <= v < rows and 0 <= u < columns
            ]
            variation[y, x] = np.mean([np.linalg.norm(ab[y, x] - ab[place]) for place in near])
    windows = np.exp(-(((wanted[:, None] - known[None]) * scale) ** 2).sum(-1) / 2)
    total = windows.sum(1)
    likelihood = np.stack([windows[:, labels == k].sum(1) for k in range(len(kept))], 1)
    p = (likelihood + 1e-6) / (total[:, None] + 1e-6 * len(kept))
    costs = np.floor(-np.log(p) * 1000 + 0.5).astype(np.int64)
    expected = np.maximum(windows @ variation.ravel() / np.maximum(total, 1e-12), 2)

    def pair_cost(one: int, other: int, first: int, second: int) -> int:
        distance = np.linalg.norm(colors[first] - colors[second])
        return int(np.floor(coherence * distance / (0.5 * (expected[one] + expected[other])) * 1000 + 0.5))

    shape = (target.shape[0] // SCALE, target.shape[1] // SCALE)
    chosen = costs.argmin(1).reshape(shape)
    for _ in range(3):
        before = chosen
        for label in range(len(kept)):
            chosen = expand(chosen, label, costs, pair_cost)
        if (before == chosen).all():
            break
    return colors[chosen]


def main() -> None:
    height, width = 48, 64
    target = np.round(lightness(height, width, 1)[0, 0].astype(np.float64), 2)
    reference = np.round(lightness(height, width, 2)[0, 0].astype(np.float64), 2)
    grid = block_means(reference)
    # Colors that follow the lightness, as those of things do.
    ab = np.round(np.stack([40 * np.sin(grid / 15), 0.6 * (grid - 50)], -1), 2)
    hints = {(2, 3): (30.0, -20.0), (9, 12): (-25.0, 35.0), (6, 8): (0.0, 0.0), (11, 0): (50.0, 10.0)}
    swatches = [([0.0, 0.0, 0.25, 0.5], [0.5, 0.5, 1.0, 1.0]), ([0.5, 0.5, 1.0, 1.0], [0.0, 0.0, 0.5, 0.25])]

    def planar(values: np.ndarray) -> list[float]:
        return np.round(values.transpose(2, 0, 1).ravel(), 4).tolist()

    Path(sys.argv[1]).write_text(
        json.dumps(
            {
                "width": width,
                "height": height,
                "target": target.ravel().tolist(),
                "reference": reference.ravel().tolist(),
                "ab": planar(ab),
                "hints": [[x, y, a, b] for (y, x), (a, b) in hints.items()],
                "swatches": [{"target": t, "reference": r} for t, r in swatches],
                "levin": planar(levin(block_means(target), hints)),
                "welsh": planar(welsh(target, reference, ab)),
                "charpiat": planar(charpiat(target, reference, ab)),
                "welshSwatches": planar(welsh(target, reference, ab, swatches=swatches)),
            },
            separators=(",", ":"),
        )
        + "\n"
    )


if __name__ == "__main__":
    main()

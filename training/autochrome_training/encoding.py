"""The 313 bins of the ab plane: soft-encoding, prior, rebalancing (Zhang et al. 2016, §2.2)."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

SIGMA = 5.0
NEIGHBOURS = 5
REACH = 128

# The points of a grid of step 10 in ab that the sRGB gamut reaches: for each a from -90 to 100 the
# first and last b, in the published order.
_B_RANGES = (
    (50, 90),
    (20, 90),
    (0, 90),
    (-20, 90),
    (-30, 100),
    (-40, 100),
    (-50, 100),
    (-50, 100),
    (-60, 100),
    (-70, 100),
    (-80, 90),
    (-80, 90),
    (-90, 90),
    (-100, 90),
    (-100, 80),
    (-110, 80),
    (-110, 80),
    (-110, 70),
    (-110, 70),
    (-90, 0),
)


def centers() -> np.ndarray:
    """The centers (a, b) of the bins, (313, 2), in the published order."""
    return np.array(
        [(10 * row - 90, b) for row, (low, high) in enumerate(_B_RANGES) for b in range(low, high + 10, 10)],
        dtype=np.float64,
    )


def soft_encode(ab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 5 nearest bins of each color (n, 2), nearest first, and their Gaussian weights (n, 5),
    which add up to 1."""
    squares = ((ab[:, None, :] - centers()[None]) ** 2).sum(axis=2)
    nearest = np.argsort(squares, axis=1, kind="stable")[:, :NEIGHBOURS]
    squares = np.take_along_axis(squares, nearest, axis=1)
    # The offset cancels out; without it the weights of colors far outside underflow.
    weights = np.exp((squares[:, :1] - squares) / (2 * SIGMA**2))
    return nearest, weights / weights.sum(axis=1, keepdims=True)


def smoothed(prior: np.ndarray) -> np.ndarray:
    """The prior (313,) after a Gaussian of σ = 5 over the ab plane; sums to 1.

    The kernel is normalized for each bin that gives, so that bins at the border lose nothing.
    """
    squares = ((centers()[:, None] - centers()[None]) ** 2).sum(axis=2)
    kernel = np.exp(-squares / (2 * SIGMA**2))
    result = (kernel / kernel.sum(axis=0, keepdims=True)) @ prior
    return result / result.sum()


def rebalancing(prior: np.ndarray, mix: float) -> np.ndarray:
    """w ∝ ((1 − λ) p̃ + λ / 313)⁻¹ with Σ p̃ w = 1 (equation 4), (313,)."""
    even = smoothed(prior)
    weights = 1 / ((1 - mix) * even + mix / len(even))
    return weights / (even * weights).sum()


@functools.cache
def _soft_encoded_grid() -> tuple[np.ndarray, np.ndarray]:
    """`soft_encode` of all whole a and b within the reach, a by a: the same for all who train in a process."""
    axis = np.arange(-REACH, REACH, dtype=np.float64)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    parts = [soft_encode(part) for part in np.array_split(grid, 64)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


class Encoder:
    """Tables of the soft-encoding on a grid of step 1 in ab, on the device that trains."""

    def __init__(self, prior: np.ndarray, mix: float, device: torch.device) -> None:
        bins, weights = _soft_encoded_grid()
        self.bins = torch.tensor(bins, device=device)
        self.weights = torch.tensor(weights, dtype=torch.float32, device=device)
        self.balance = torch.tensor(rebalancing(prior, mix), dtype=torch.float32, device=device)
        self.centers = torch.tensor(centers(), dtype=torch.float32, device=device)

    def encode(self, ab: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Colors (n, 2) to bins (n, 5), weights (n, 5) and the rebalancing weight of the nearest
        bin (n,)."""
        grid = ab.round().long().add_(REACH).clamp_(0, 2 * REACH - 1)
        index = grid[:, 0] * (2 * REACH) + grid[:, 1]
        bins = self.bins[index]
        return bins, self.weights[index], self.balance[bins[:, 0]]


def nearest(ab: np.ndarray) -> np.ndarray:
    """The nearest bin of each color (n, 2), (n,)."""
    return np.concatenate(
        [
            ((part[:, None, :] - centers()[None]) ** 2).sum(axis=2).argmin(axis=1)
            for part in np.array_split(ab, max(1, len(ab) // 20000))
        ]
    )


def measure_prior(ab: np.ndarray) -> np.ndarray:
    """How often each bin is the nearest one among colors (n, 2): the empirical prior, (313,)."""
    counts = np.bincount(nearest(ab), minlength=len(centers()))
    return counts / counts.sum()

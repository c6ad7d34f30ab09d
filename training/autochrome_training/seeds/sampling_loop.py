"""Trains the networks of `sampling.py`: maximum likelihood, and the refinement beside it; resumable."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

from ..film import faultless
from ..loop import Recipe
from . import sampling
from .dense import painted
from .training import Training, write_sheet

NETWORKS = {"pixcolor": (False, True), "royer": (True, False)}
"""Name → whether its units are gated, and whether it refines."""
CHANNELS, UNITS = 64, 6
SHOWN = 8
"""How many pictures the sheet has."""


def build(recipe: Recipe, _classes: int = 0) -> sampling.Autoregressive:
    """The recipe's network, which names no labels."""
    gated, refines = NETWORKS[recipe.network]
    return sampling.Autoregressive(round(recipe.width * CHANNELS), UNITS, gated, refines)


def train(run: Training, minutes: float | None, report_every: float) -> None:
    """Trains to the end of the recipe or for `minutes`. At the end, two samples of some pictures are written beside the
    checkpoint, above the truth."""
    held = run.rest.squares(torch.arange(min(len(run.rest), 128)), run.recipe.size)

    @torch.no_grad()
    def report() -> None:
        nats, distance = (
            float(torch.stack(part).mean())
            for part in zip(
                *(sampling.loss(run.average.network, faultless(rgb), rgb) for rgb in held.split(32)), strict=True
            )
        )
        figures = {"bits per value": round(nats / math.log(2), 4), "refinement": round(distance, 4)}
        run.say({"seconds": round(run.progress.seconds), **figures})

    for step in run.steps(minutes, report_every, report):
        nats, distance = sampling.loss(run.network, step.crops.inputs, step.crops.rgb)
        run.learn(nats + distance)
    report()
    sheet(run.average.network, held[:SHOWN], run.checkpoint.with_suffix(".png"))


@torch.no_grad()
def sheet(network: sampling.Autoregressive, rgb: Tensor, path: Path) -> None:
    """Writes two samples of each picture and the truth, one below the other."""
    inputs = faultless(rgb)
    lines = []
    for sample in range(2):
        colored = []
        for one in inputs.split(1):
            chosen, _ = sampling.sampled(network, one, sample=sample)
            colored.append(painted(one, network.colored(one, sampling.values(torch.from_numpy(chosen)[None]))))
        lines.append(torch.cat(colored, 3)[0])
    lines.append(torch.cat(list(rgb), 2))
    write_sheet(lines, path)

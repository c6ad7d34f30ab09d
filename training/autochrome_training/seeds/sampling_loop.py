"""Trains the networks of `sampling.py`: maximum likelihood, and the refinement beside it; resumable."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..loop import Progress, Recipe, load
from . import sampling
from .dense import painted
from .training import Training, lightness_of

NETWORKS = {"pixcolor": (False, True), "royer": (True, False)}
"""Name → whether its units are gated, and whether it refines."""
CHANNELS, UNITS = 64, 6
SHOWN = 8
"""How many pictures the sheet has."""


def build(recipe: Recipe) -> sampling.Autoregressive:
    """The recipe's network."""
    gated, refines = NETWORKS[recipe.network]
    return sampling.Autoregressive(round(recipe.width * CHANNELS), UNITS, gated, refines)


def restore(path: Path) -> tuple[sampling.Autoregressive, Recipe]:
    """The network of a checkpoint in evaluation mode, and its recipe."""
    stored = load(path)
    recipe = Recipe(**stored["progress"]["recipe"])
    network = build(recipe)
    network.load_state_dict(stored["weights"])
    return network.eval(), recipe


def train(
    recipe: Recipe,
    folder: Path,
    checkpoint: Path,
    *,
    prior: np.ndarray | None = None,
    minutes: float | None = None,
    report_every: float = 60,
    seed: int = 1,
    held_out: float = 0.02,
) -> Progress:
    """Trains to the end of the recipe or for `minutes`, and goes on where `checkpoint` stands. Beside the checkpoint,
    two samples of some pictures are written at the end, above the truth."""
    run = Training(recipe, folder, checkpoint, lambda _: build(recipe), prior=prior, seed=seed, held_out=held_out)
    held = run.rest.squares(torch.arange(min(len(run.rest), 128)), recipe.size)

    @torch.no_grad()
    def report() -> None:
        nats, distance = (
            float(torch.stack(part).mean())
            for part in zip(
                *(sampling.loss(run.average.network, lightness_of(rgb), rgb) for rgb in held.split(32)), strict=True
            )
        )
        figures = {"bits per value": round(nats / math.log(2), 4), "refinement": round(distance, 4)}
        run.say({"seconds": round(run.progress.seconds), **figures})

    for step in run.steps(minutes, report_every, report):
        nats, distance = sampling.loss(run.network, step.crops.inputs, step.crops.rgb)
        run.learn(nats + distance)
    report()
    sheet(run.average.network, held[:SHOWN], checkpoint.with_suffix(".png"))
    return run.progress


@torch.no_grad()
def sheet(network: sampling.Autoregressive, rgb: Tensor, path: Path) -> None:
    """Writes two samples of each picture and the truth, one below the other."""
    inputs = lightness_of(rgb)
    lines = []
    for sample in range(2):
        colored = []
        for one in inputs.split(1):
            chosen, _ = sampling.sampled(network, one, sample=sample)
            colored.append(painted(one, network.colored(one, sampling.values(torch.from_numpy(chosen)[None]))))
        lines.append(torch.cat(colored, 3)[0])
    lines.append(torch.cat(list(rgb), 2))
    values = (torch.cat(lines, 1).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(values).save(path)

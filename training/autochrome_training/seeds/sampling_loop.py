"""Trains the networks of `sampling.py`: maximum likelihood, and the refinement beside it; resumable."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..data import Pool
from ..loop import Averager, Progress, Recipe, load, prior_of, save
from ..optimizer import optimizers
from . import sampling
from .dense import Sampler, lightness_of, painted

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
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pool = Pool(folder, device, recipe.sources, recipe.only)
    rest = pool.split(held_out)
    torch.manual_seed(seed)
    network = build(recipe)
    progress = Progress(asdict(recipe), manifest_sha256=pool.manifest_sha256)
    if checkpoint.exists():
        stored = load(checkpoint)
        network.load_state_dict(stored["weights"])
        progress = Progress(**{**stored["progress"], "recipe": asdict(recipe)})
        prior = stored["prior"].numpy()
    elif prior is None:
        prior = prior_of(pool)
    network = network.to(device)
    average = Averager(network, recipe.average)
    optimizing = optimizers(network, recipe.learning_rate, recipe.weight_decay, recipe.muon)
    sampler = Sampler(pool, recipe, torch.Generator().manual_seed(seed + progress.pictures), device)
    held = rest.squares(torch.arange(min(len(rest), 128)), recipe.size)

    @torch.no_grad()
    def report() -> None:
        own: sampling.Autoregressive = average.network
        nats, distance = (
            float(torch.stack(part).mean())
            for part in zip(*(sampling.loss(own, lightness_of(rgb), rgb) for rgb in held.split(32)), strict=True)
        )
        figures = {
            "pictures": progress.pictures,
            "seconds": round(progress.seconds),
            "bits per value": round(nats / math.log(2), 4),
            "refinement": round(distance, 4),
        }
        progress.history.append(figures)
        print(json.dumps(figures), flush=True)
        save(checkpoint, own, progress, prior)

    begun = reported = time.monotonic()
    # The processor's time: several systems may be trained at once.
    before = progress.seconds - time.process_time()
    step = 0
    while progress.pictures < recipe.pictures:
        done = progress.pictures / recipe.pictures
        crops = sampler.batch(done)
        for group in (group for optimizer in optimizing for group in optimizer.param_groups):
            group["lr"] = group["factor"] * recipe.rate(done, step)
        network.train()
        nats, distance = sampling.loss(network, crops.inputs, crops.rgb)
        for optimizer in optimizing:
            optimizer.zero_grad(set_to_none=True)
        (nats + distance).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in optimizing:
            optimizer.step()
        average.update(network)
        step += 1
        progress.pictures += recipe.batch
        now = time.monotonic()
        progress.seconds = before + time.process_time()
        if minutes is not None and now - begun > minutes * 60:
            break
        if now - reported > report_every:
            report()
            reported = time.monotonic()
    report()
    sheet(average.network, held[:SHOWN], checkpoint.with_suffix(".png"))
    return progress


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

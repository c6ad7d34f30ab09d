"""The loop that trains the generators: whole crops in place of single positions, with labels and an adversary where
the recipe has them; resumable.

It has recipes, pools, averaged weights and checkpoints in common with `..loop`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import color
from ..data import Pool
from ..encoding import Encoder
from ..film import faultless
from ..loop import Recipe, coarse_accuracy
from ..objective import AB_SCALE
from . import adversary as adversarial
from .answers import CHANNELS, ToAB, gray, reduced
from .networks import NETWORKS
from .objectives import Context, Truth, kind_of, learch, loss_of, rows
from .training import Training, write_sheet


def build(recipe: Recipe, classes: int = 0) -> nn.Module:
    """The recipe's generator."""
    if recipe.network not in NETWORKS:
        raise SystemExit(f"no generator is called {recipe.network}; there are {', '.join(NETWORKS)}")
    arguments = [CHANNELS[kind_of(recipe.objective)], recipe.width, *([classes] if recipe.labels else [])]
    return NETWORKS[recipe.network](*arguments)


class Validation:
    """Whole pictures, at the size that the generator learns at last."""

    MOST = 256

    def __init__(self, pool: Pool, recipe: Recipe, kind: str, margin: int, encoder: Encoder) -> None:
        size = recipe.size
        self.margin, self.encoder = margin, encoder
        self.to_ab = ToAB(kind, device=pool.pictures.device)
        chosen = torch.arange(min(len(pool), self.MOST))
        self.rgb = [pool.squares(part, size) for part in chosen.split(32)]

    @torch.no_grad()
    def measure(self, network: nn.Module) -> dict[str, float]:
        """The raw accuracy in per cent, and how colorful the answers are as a share of the truth."""
        figures = []
        for rgb in self.rgb:
            inputs = faultless(rgb)
            output = network(inputs)
            ab = self.to_ab(output, inner(inputs, self.margin))
            truth = Truth.of(rgb, output, self.margin).ab
            accuracy = coarse_accuracy(rows(ab) / AB_SCALE, rows(truth), self.encoder, False)
            figures.append((accuracy, float(ab.norm(dim=1).mean() / truth.norm(dim=1).mean())))
        accuracy, colorful = np.mean(figures, axis=0)
        return {"auc": float(accuracy), "chroma": float(colorful)}

    @torch.no_grad()
    def sheet(self, network: nn.Module, path: Path, count: int = 8) -> None:
        """Writes gray, colored and true pictures, one below the other."""
        rgb = inner(self.rgb[0][:count], self.margin)
        inputs = faultless(self.rgb[0][:count])
        output = network(inputs)
        inputs = inner(inputs, self.margin)
        colored = painted(inputs, self.to_ab(output, inputs))
        gray_ = gray(inputs).expand(-1, 3, -1, -1)
        lines = [torch.cat(list(part), 2) for part in (gray_, colored, rgb)]
        write_sheet(lines, path)


def inner(picture: Tensor, margin: int) -> Tensor:
    """Without the margin at each side."""
    return picture[..., margin:-margin, margin:-margin] if margin else picture


def painted(inputs: Tensor, ab: Tensor) -> Tensor:
    """L normalized at the full size and ab at any to sRGB 0…1, out of gamut clipped: for looking at."""
    ab = F.interpolate(ab, inputs.shape[-2:], mode="bilinear", align_corners=False)
    f = (50 * inputs + 66) / 116
    x, y, z = (
        color.luminance(116 * part - 16) * white
        for part, white in ((f + ab[:, :1] / 500, 0.9504559), (f, 1.0), (f - ab[:, 1:] / 200, 1.0890578))
    )
    matrix = torch.tensor(
        [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
    ).to(ab)
    linear = torch.einsum("ij,njhw->nihw", matrix, torch.cat((x, y, z), 1)).clamp(0, 1)
    return color.encoded(linear)


def train(run: Training, minutes: float | None, report_every: float) -> None:
    """Trains to the end of the recipe or for `minutes`. Beside the checkpoint, each report writes a contact sheet.
    Training that diverges ends; the last line of the history says so."""
    if run.progress.history and "diverged" in run.progress.history[-1]:
        return
    recipe = run.recipe
    network = run.network
    kind, loss = kind_of(recipe.objective), loss_of(recipe.objective) if recipe.objective != "learch" else None
    margin = getattr(network, "margin", 0)
    encoder = Encoder(run.prior, recipe.mix, run.device)
    to_ab = ToAB(kind, recipe.temperature, run.device)
    measured = Validation(run.rest, recipe, kind, margin, encoder)
    opponent = Opponent(adversarial.Adversary(**recipe.adversary), run) if recipe.adversary else None
    running, weight = 0.0, 0.0

    def report() -> None:
        figures = {
            "seconds": round(run.progress.seconds),
            "training loss": round(running / weight, 4) if weight else None,
            **{name: round(value, 4) for name, value in measured.measure(run.average.network).items()},
            **(opponent.balance.figures() if opponent else {}),
        }
        run.say(figures)
        measured.sheet(run.average.network, run.checkpoint.with_suffix(".png"))

    try:
        for step in run.steps(minutes, report_every, report):
            crops = step.crops
            inputs = crops.inputs.to(memory_format=torch.channels_last)
            context = Context(encoder, recipe.options, step.number)
            labels = None
            if loss is None:
                grid = torch.empty(1, 1, *(side // network.scale for side in inputs.shape[-2:]))
                value = learch(network, inputs, Truth.of(crops.rgb, grid), context)
            else:
                with run.autocast():
                    output, labels = network.classified(inputs) if recipe.labels else (network(inputs), None)
                output = output.float()
                value = loss(output, Truth.of(crops.rgb, output, margin), context)
            content = float(value.detach())
            if labels is not None:
                value = value + recipe.labels * F.cross_entropy(labels.float(), crops.labels)
            if opponent:
                ab = to_ab(output, inner(crops.inputs, margin))
                told = opponent.play(reduced(crops.inputs, ab), Truth.of(crops.rgb, ab, margin).ab, ab)
                opponent.balance.follow(content, float(told.detach()))
                value = value + opponent.adversary.weight * told
            elif not math.isfinite(content):
                raise adversarial.DivergedError(f"the loss is {content}")
            run.learn(value)
            running, weight = running * 0.98 + content, weight * 0.98 + 1
    except adversarial.DivergedError as reason:
        run.say({"diverged": str(reason)})
        return
    report()


class Opponent:
    """A discriminator that learns while it is played against."""

    def __init__(self, adversary: adversarial.Adversary, run: Training) -> None:
        self.adversary, self.run = adversary, run
        self.judge = adversarial.discriminator(adversary).to(run.device)
        self.optimizer = adversarial.optimizer(adversary, self.judge)
        self.balance = adversarial.Balance()

    def play(self, lightness: Tensor, true: Tensor, ab: Tensor) -> Tensor:
        """The discriminator's steps; returns what the generator is told. `true` and `ab` are the truth and the
        generator's answer in CIELAB units, `lightness` is L normalized at their size."""
        real = torch.cat((lightness, true / AB_SCALE), 1)
        made = torch.cat((lightness, ab / AB_SCALE), 1)
        for _ in range(self.adversary.steps):
            if self.balance.waits(self.adversary):
                continue
            with self.run.autocast():
                judged, right = adversarial.judged(self.adversary, self.judge, real, made)
            self.balance.update(right)
            self.optimizer.zero_grad(set_to_none=True)
            judged.backward()
            self.optimizer.step()
            adversarial.bound(self.adversary, self.judge)
        self.judge.requires_grad_(False)
        with self.run.autocast():
            told = adversarial.fooling(self.adversary, self.judge, made)
        self.judge.requires_grad_(True)
        return told

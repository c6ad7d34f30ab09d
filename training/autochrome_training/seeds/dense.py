"""The loop that trains the generators: whole crops in place of single positions, with labels and an adversary where
the recipe has them; resumable.

It has recipes, pools, averaged weights and checkpoints in common with `..loop`.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from .. import color
from ..data import Pool
from ..encoding import Encoder
from ..film import Film
from ..loop import Averager, Progress, Recipe, coarse_accuracy, load, prior_of, save
from ..objective import AB_SCALE
from ..optimizer import optimizers
from . import adversary as adversarial
from .answers import CHANNELS, ToAB, gray, reduced
from .networks import NETWORKS
from .objectives import Context, Truth, kind_of, learch, loss_of, rows


def build(recipe: Recipe, classes: int = 0) -> nn.Module:
    """The recipe's generator."""
    if recipe.network not in NETWORKS:
        raise SystemExit(f"no generator is called {recipe.network}; there are {', '.join(NETWORKS)}")
    arguments = [CHANNELS[kind_of(recipe.objective)], recipe.width, *([classes] if recipe.labels else [])]
    return NETWORKS[recipe.network](*arguments)


def restore(path: Path) -> tuple[nn.Module, Recipe]:
    """The generator of a checkpoint in evaluation mode, without a classifier, and its recipe."""
    stored = load(path)
    recipe = Recipe(**stored["progress"]["recipe"])
    network = build(Recipe(**{**asdict(recipe), "labels": 0.0}))
    weights = {name: value for name, value in stored["weights"].items() if not name.startswith("classifier.")}
    network.load_state_dict(weights)
    return network.eval(), recipe


@dataclass(frozen=True)
class Crops:
    """A batch of n pictures."""

    inputs: Tensor
    """L normalized, with film's faults if the recipe has them, (n, 1, size, size)."""
    rgb: Tensor
    """sRGB 0…1, (n, 3, size, size)."""
    labels: Tensor
    """Which folder each is from, (n,)."""


class Sampler:
    """Batches of crops."""

    def __init__(self, pool: Pool, recipe: Recipe, random: torch.Generator, device: torch.device) -> None:
        self.pool, self.recipe, self.random = pool, recipe, random
        self.film = Film(recipe.film, random, device)

    @torch.no_grad()
    def batch(self, progress: float) -> Crops:
        size, low, high = self.recipe.crop(progress)
        chosen = torch.multinomial(self.pool.weights, self.recipe.batch, replacement=True, generator=self.random)
        rgb = self.pool.crops(self.recipe.batch, size, (low, high), self.random, chosen)
        _, lightness = self.film.lightness(rgb)
        return Crops((lightness - 50) / 50, rgb, self.pool.labels[chosen].to(rgb.device))


def lightness_of(rgb: Tensor) -> Tensor:
    """sRGB 0…1 to L normalized, (n, 1, h, w)."""
    return (color.lab(color.linear(rgb))[:, :1] - 50) / 50


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
            inputs = lightness_of(rgb)
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
        inputs = lightness_of(self.rgb[0][:count])
        output = network(inputs)
        inputs = inner(inputs, self.margin)
        colored = painted(inputs, self.to_ab(output, inputs))
        gray_ = gray(inputs).expand(-1, 3, -1, -1)
        lines = [torch.cat(list(part), 2) for part in (gray_, colored, rgb)]
        values = (torch.cat(lines, 1).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        Image.fromarray(values).save(path)


def inner(picture: Tensor, margin: int) -> Tensor:
    """Without the margin at each side."""
    return picture[..., margin:-margin, margin:-margin] if margin else picture


def painted(inputs: Tensor, ab: Tensor) -> Tensor:
    """L normalized at the full size and ab at any to sRGB 0…1, out of gamut clipped: for looking at."""
    ab = F.interpolate(ab, inputs.shape[-2:], mode="bilinear", align_corners=False)
    f = (50 * inputs + 66) / 116

    def inverse(f: Tensor) -> Tensor:
        return torch.where(f > 6 / 29, f.pow(3), (f - 4 / 29) * (108 / 841))

    x, y, z = (
        inverse(part) * white
        for part, white in ((f + ab[:, :1] / 500, 0.9504559), (f, 1.0), (f - ab[:, 1:] / 200, 1.0890578))
    )
    matrix = torch.tensor(
        [[3.2404542, -1.5371385, -0.4985314], [-0.9692660, 1.8760108, 0.0415560], [0.0556434, -0.2040259, 1.0572252]]
    ).to(ab)
    linear = torch.einsum("ij,njhw->nihw", matrix, torch.cat((x, y, z), 1)).clamp(0, 1)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp_min(1e-8).pow(1 / 2.4) - 0.055)


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
    each report writes a contact sheet. Training that diverges ends; the last line of the history says so.

    Raises `SystemExit` where the recipe does not go with the pool.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pool = Pool(folder, device, recipe.sources, recipe.only)
    rest = pool.split(held_out)
    kind, loss = kind_of(recipe.objective), loss_of(recipe.objective) if recipe.objective != "learch" else None
    torch.manual_seed(seed)
    network = build(recipe, pool.classes)
    margin = getattr(network, "margin", 0)
    progress = Progress(asdict(recipe), manifest_sha256=pool.manifest_sha256)
    if checkpoint.exists():
        stored = load(checkpoint)
        network.load_state_dict(stored["weights"])
        progress = Progress(**{**stored["progress"], "recipe": asdict(recipe)})
        prior = stored["prior"].numpy()
        if progress.history and "diverged" in progress.history[-1]:
            return progress
    elif prior is None:
        prior = prior_of(pool)
    encoder = Encoder(prior, recipe.mix, device)
    to_ab = ToAB(kind, recipe.temperature, device)
    network = network.to(device, memory_format=torch.channels_last)
    average = Averager(network, recipe.average)
    optimizing = optimizers(network, recipe.learning_rate, recipe.weight_decay, recipe.muon)
    opponent = adversarial.Adversary(**recipe.adversary) if recipe.adversary else None
    judge, judging, balance = None, None, adversarial.Balance()
    if opponent:
        judge = adversarial.discriminator(opponent).to(device)
        judging = adversarial.optimizer(opponent, judge)
    random = torch.Generator().manual_seed(seed + progress.pictures)
    sampler = Sampler(pool, recipe, random, device)
    measured = Validation(rest, recipe, kind, margin, encoder)

    def report(running: float) -> None:
        figures = {
            "pictures": progress.pictures,
            "seconds": round(progress.seconds),
            "training loss": None if math.isnan(running) else round(running, 4),
            **{name: round(value, 4) for name, value in measured.measure(average.network).items()},
        }
        if opponent:
            figures["right"] = round(balance.right, 3)
            figures["left out"] = round(balance.skipped / max(1, balance.steps), 3)
        progress.history.append(figures)
        print(json.dumps(figures), flush=True)
        save(checkpoint, average.network, progress, prior)
        measured.sheet(average.network, checkpoint.with_suffix(".png"))

    def played(crops: Crops, ab: Tensor) -> Tensor:
        """The discriminator's steps, and what the generator is told by it."""
        assert opponent and judge and judging
        lightness = reduced(crops.inputs, ab)
        real = torch.cat((lightness, Truth.of(crops.rgb, ab, margin).ab / AB_SCALE), 1)
        made = torch.cat((lightness, ab / AB_SCALE), 1)
        for _ in range(opponent.steps):
            if balance.waits(opponent):
                continue
            judged, right = adversarial.judged(opponent, judge, real, made)
            balance.update(right)
            judging.zero_grad(set_to_none=True)
            judged.backward()
            judging.step()
            adversarial.bound(opponent, judge)
        judge.requires_grad_(False)
        told = adversarial.fooling(opponent, judge, made)
        judge.requires_grad_(True)
        return told

    begun = reported = time.monotonic()
    # The processor's time: several systems may be trained at once.
    before = progress.seconds - time.process_time()
    running, weight, step = 0.0, 0.0, 0
    try:
        while progress.pictures < recipe.pictures:
            done = progress.pictures / recipe.pictures
            crops = sampler.batch(done)
            for group in (group for optimizer in optimizing for group in optimizer.param_groups):
                group["lr"] = group["factor"] * recipe.rate(done, step)
            network.train()
            inputs = crops.inputs.to(memory_format=torch.channels_last)
            context = Context(encoder, recipe.options, done, step)
            labels = None
            if loss is None:
                truth = Truth.of(crops.rgb, torch.empty(1, 1, *(side // network.scale for side in inputs.shape[-2:])))
                value = learch(network, inputs, truth, context)
            else:
                output, labels = network.classified(inputs) if recipe.labels else (network(inputs), None)
                value = loss(output, Truth.of(crops.rgb, output, margin), context)
            content = float(value.detach())
            if labels is not None:
                value = value + recipe.labels * F.cross_entropy(labels.float(), crops.labels)
            if opponent:
                told = played(crops, to_ab(output, inner(crops.inputs, margin)))
                balance.follow(content, float(told.detach()))
                value = value + opponent.weight * told
            elif not math.isfinite(content):
                raise adversarial.DivergedError(f"the loss is {content}")
            for optimizer in optimizing:
                optimizer.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            for optimizer in optimizing:
                optimizer.step()
            average.update(network)
            step += 1
            progress.pictures += recipe.batch
            running, weight = running * 0.98 + content, weight * 0.98 + 1
            now = time.monotonic()
            progress.seconds = before + time.process_time()
            if minutes is not None and now - begun > minutes * 60:
                break
            if now - reported > report_every:
                report(running / weight)
                reported = time.monotonic()
    except adversarial.DivergedError as reason:
        # What the checkpoint holds is from before.
        progress.history.append({"pictures": progress.pictures, "diverged": str(reason)})
        print(json.dumps(progress.history[-1]), flush=True)
        save(checkpoint, average.network, progress, prior)
        return progress
    report(running / weight if weight else float("nan"))
    return progress

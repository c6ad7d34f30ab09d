"""What the loops of the systems have in common: a pool, a network, its average, its optimizers, the way on from a
checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from .. import arithmetic
from ..data import Pool
from ..film import Film
from ..loop import Averager, Progress, Recipe, load, prior_of, save
from ..optimizer import optimizers


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


def write_sheet(lines: list[Tensor], path: Path) -> None:
    """Writes lines of pictures in sRGB 0…1, (3, height, width) each, one below the other."""
    values = (torch.cat(lines, 1).clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    Image.fromarray(values).save(path)


@dataclass(frozen=True)
class Step:
    """One step of the training."""

    number: int
    """Since this run began."""
    done: float
    """How much of the budget is spent, 0…1."""
    crops: Crops


class Training:
    """The training of one system, from its checkpoint on if there is one.

    Its checkpoint holds the averaged weights. `progress.seconds` counts the processor's time, because several systems
    may be trained at once."""

    def __init__(
        self,
        recipe: Recipe,
        folder: Path,
        checkpoint: Path,
        build: Callable[[Pool], nn.Module],
        *,
        prior: np.ndarray | None = None,
        seed: int = 1,
        held_out: float = 0.02,
    ) -> None:
        """`folder` holds the pool, of which the share `held_out` is only measured on (`rest`); `prior` is by default
        measured in it."""
        self.recipe, self.checkpoint = recipe, checkpoint
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.pool = Pool(folder, self.device, recipe.sources, recipe.only)
        self.rest = self.pool.split(held_out)
        torch.manual_seed(seed)
        network = build(self.pool)
        self.progress = Progress(asdict(recipe), manifest_sha256=self.pool.manifest_sha256)
        if checkpoint.exists():
            stored = load(checkpoint)
            network.load_state_dict(stored["weights"])
            self.progress = Progress(**{**stored["progress"], "recipe": asdict(recipe)})
            prior = stored["prior"].numpy()
        self.prior = prior_of(self.pool) if prior is None else prior
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = Averager(self.network, recipe.average)
        self._optimizers = optimizers(self.network, recipe.learning_rate, recipe.weight_decay, recipe.muon)
        random = torch.Generator().manual_seed(seed + self.progress.pictures)
        self._sampler = Sampler(self.pool, recipe, random, self.device)

    def steps(self, minutes: float | None, report_every: float, report: Callable[[], None]) -> Iterator[Step]:
        """What is to be done for each batch, until the budget is spent or for `minutes`; calls `report` every so many
        seconds. The one who iterates calls `learn` once for each."""
        begun = reported = time.monotonic()
        before = self.progress.seconds - time.process_time()
        number = 0
        while self.progress.pictures < self.recipe.pictures:
            done = self.progress.pictures / self.recipe.pictures
            for group in (group for optimizer in self._optimizers for group in optimizer.param_groups):
                group["lr"] = group["factor"] * self.recipe.rate(done, number)
            self.network.train()
            yield Step(number, done, self._sampler.batch(done))
            number += 1
            self.progress.pictures += self.recipe.batch
            self.progress.seconds = before + time.process_time()
            now = time.monotonic()
            if minutes is not None and now - begun > minutes * 60:
                return
            if now - reported > report_every:
                report()
                reported = time.monotonic()

    def autocast(self) -> torch.autocast:
        return arithmetic.autocast(self.device)

    def learn(self, loss: Tensor) -> None:
        """A step of all optimizers down the gradient of a loss."""
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimizer in self._optimizers:
            optimizer.step()
        self.average.update(self.network)

    def say(self, figures: dict) -> None:
        """Prints figures, keeps them in the history, and writes the checkpoint."""
        row = {"pictures": self.progress.pictures, **figures}
        self.progress.history.append(row)
        print(json.dumps(row), flush=True)
        save(self.checkpoint, self.average.network, self.progress, self.prior)

"""The training loop: a recipe, a pool, a budget in pictures; resumable.

A checkpoint holds the averaged weights in fp16 and how far training has come; for the networks
shipped here that is below 16 MB. The moments of the optimizer are not kept: after a resumption the
learning rate warms up again.
"""

from __future__ import annotations

import copy
import ctypes
import json
import math
import os
import time
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from . import color, encoding
from .arithmetic import autocast
from .data import Pool
from .encoding import Encoder
from .film import Film
from .network import build
from .objective import AB_SCALE, OBJECTIVES, REBALANCED
from .optimizer import optimizers
from .pretrained import Pretrained, published
from .student import Student, at_positions, distillation, hint_distance


@dataclass
class Recipe:
    """How a network is trained. One file each in `training/recipes`."""

    network: str
    objective: str
    pictures: int
    """How many crops are seen in all."""
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    muon: bool = False
    """Muon for the convolutions in place of AdamW."""
    warmup: int = 200
    """Steps until the learning rate is reached, also after a resumption."""
    average: float = 0.999
    """Decay of the moving average of the weights, per step."""
    film: float = 0.35
    """The share of pictures that get faults of film."""
    mix: float = 0.5
    """λ of the rebalancing."""
    mixed: float = 0.0
    """The share of crops into which another is mixed."""
    positions: float = 0.25
    """The share of the output's positions at which the loss is computed."""
    crops: list[list[float]] = field(
        default_factory=lambda: [[0, 96, 0.75, 1.5], [0.5, 128, 0.75, 1.5], [0.85, 160, 0.75, 1.5]]
    )
    """From which part of the budget on which size of crop is taken, and the lowest and the highest
    factor by which it is scaled. A short side of 160 is 0.91 times a pool of side 176."""
    size: int = 160
    """The short side of the pictures that the runtime will show, and of those of the validation."""
    hint: float = 0.0
    """How much of the distance of the deepest features from the teacher's is added to the loss."""
    encoder_rate: float = 1.0
    """The learning rate of an encoder that begins with published weights, as a part of the others'."""
    resting: float = 0.0
    """The part of the budget until which such an encoder keeps its weights: the first steps of what
    reads it, which begins from nothing, would spoil them."""
    frozen: int = 0
    """How many of such an encoder's first stages never learn, nor does its stem (`Pretrained.freeze`)."""
    left_out: float = 0.0
    """The share of pictures for which such an encoder's last residual unit is left out; those before it
    for fewer (`Pretrained.leave_out`)."""
    fall: float = 1.0
    """The last part of the budget, in which the learning rate falls to zero."""
    measure_every: int = 0
    """After how many crops the validation is measured and a checkpoint saved; 0 for each minute."""
    patience: int = 0
    """After so many measures without a lower loss than before, the rate begins to fall, and training
    ends with it; 0 to see the budget out. Goes with `measure_every`."""
    sources: dict[str, float] = field(default_factory=dict)
    """How much more often the pictures of a folder are seen than those of folders not named; in a
    recipe's file also the name of a file that holds them."""
    options: dict[str, float] = field(default_factory=dict)
    """What the objective takes."""
    distill: float = 0.0
    """How much of the loss is the cross entropy with a teacher's distribution (`teacher.py`)."""
    temperature: float = 0.38
    vividness: float = 0.6
    """What the exported model proposes to the runtime."""
    only: list[str] = field(default_factory=list)
    """The folders of which pictures are seen; empty for all."""
    width: float = 1.0
    """A factor on the channels of a generator of `seeds`."""
    labels: float = 0.0
    """How much the cross entropy of the picture's folder is added to the loss of such a generator."""
    adversary: dict[str, Any] = field(default_factory=dict)
    """What such a generator plays against (`seeds.adversary.Adversary`)."""

    @staticmethod
    def read(path: Path) -> Recipe:
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise SystemExit(f"{path}: {error}") from error
        recipe = Recipe.of(values, path)
        if recipe.objective not in OBJECTIVES:
            raise SystemExit(
                f"{path}: no objective is called {recipe.objective}; there are {', '.join(OBJECTIVES)}. The command "
                "'seeds' trains the recipes in the folder seeds"
            )
        return recipe

    @staticmethod
    def of(values: dict, path: Path) -> Recipe:
        """The recipe that the file at `path` holds."""
        try:
            if isinstance(named := values.get("sources"), str):
                values = {**values, "sources": tomllib.loads((path.parent / named).read_text())}
            recipe = Recipe(**values)
        except (OSError, TypeError, tomllib.TOMLDecodeError) as error:
            raise SystemExit(f"{path}: {error}") from error
        if recipe.patience and not recipe.measure_every:
            raise SystemExit(f"{path}: patience counts measures: set measure_every, too")
        return recipe

    def crop(self, progress: float) -> tuple[int, float, float]:
        """Size of crops and bounds of their scale."""
        _, size, low, high = [phase for phase in self.crops if progress >= phase[0]][-1]
        return int(size), low, high

    def rate(self, progress: float, step: int) -> float:
        """Constant, then along a cosine to zero; with warm-up from the start of this run."""
        fallen = max(0.0, 1 - (1 - progress) / self.fall)
        return self.learning_rate * min(1, (step + 1) / self.warmup) * 0.5 * (1 + math.cos(math.pi * fallen))


def keep_memory() -> None:
    """Has the C library keep what is freed, where it is glibc. By default it returns each large tensor's memory to
    the system and gets it anew, page by page, which on a CPU can take as long as the computation."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    trim_threshold, mmap_max = -1, -4
    mallopt(mmap_max, 0)
    mallopt(trim_threshold, 2**31 - 1)


class Processes:
    """One process for each GPU, started by `torchrun`; or this one alone."""

    def __init__(self) -> None:
        self.count = int(os.environ.get("WORLD_SIZE", "1"))
        self.rank = int(os.environ.get("RANK", "0"))
        gpu = torch.cuda.is_available()
        self.device = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if gpu else "cpu")
        if gpu:
            torch.cuda.set_device(self.device)
            torch.backends.cuda.matmul.allow_tf32 = True
        else:
            keep_memory()
        if self.count > 1:
            torch.distributed.init_process_group("nccl" if gpu else "gloo")

    def agreed(self, said: bool) -> bool:
        """What the first process says: clocks differ, and all must stop after the same step."""
        if self.count == 1:
            return said
        flag = torch.tensor([said], dtype=torch.int32, device=self.device)
        torch.distributed.broadcast(flag, 0)
        return bool(flag)


class Batch(NamedTuple):
    """n pictures, of which m positions each count."""

    inputs: Tensor
    """L normalized, with film's faults, (n, 1, size, size)."""
    clean: Tensor
    """The same without the faults."""
    positions: Tensor
    """(m,)"""
    ab: Tensor
    """The true colors, (n·m, 2)."""


class Sampler:
    """Batches of network inputs and true colors, made on the device that trains."""

    def __init__(self, pool: Pool, recipe: Recipe, random: torch.Generator, device: torch.device) -> None:
        self.pool, self.recipe, self.random = pool, recipe, random
        self.film = Film(recipe.film, random, device)
        self.device = device

    @torch.no_grad()
    def batch(self, progress: float) -> Batch:
        size, low, high = self.recipe.crop(progress)
        return self.prepared(self.mixed(self.pool.crops(self.recipe.batch, size, (low, high), self.random)))

    def mixed(self, rgb: Tensor) -> Tensor:
        """Half of the share `Recipe.mixed` gets a rectangle of another crop (CutMix, Yun et al.
        2019), half is exposed twice, as where film dissolves (mixup, Zhang et al. 2018)."""
        if not self.recipe.mixed:
            return rgb
        count, _, height, width = rgb.shape

        def drawn(low: float, high: float) -> Tensor:
            return low + (high - low) * torch.rand(count, 1, 1, 1, generator=self.random)

        def within(extent: int) -> Tensor:
            """Whether places lie in a run of 0.4 to 0.8 of the extent."""
            run = drawn(0.4, 0.8)
            begin = drawn(0, 1) * (1 - run)
            places = torch.arange(extent) / extent
            return ((places >= begin) & (places < begin + run)).float()

        cut = within(height).transpose(2, 3) * within(width)
        kind = drawn(0, 1)
        other = torch.where(kind < self.recipe.mixed / 2, cut, drawn(0.15, 0.5) * (kind < self.recipe.mixed)).to(
            self.device
        )
        return torch.lerp(rgb, rgb.roll(1, 0), other)

    @torch.no_grad()
    def prepared(self, rgb: Tensor) -> Batch:
        """A batch from pictures in sRGB 0…1."""
        clean, lightness = self.film.lightness(rgb)
        quarter = rgb.shape[-1] // 4
        count = max(1, int(self.recipe.positions * quarter * quarter))
        positions = torch.randperm(quarter * quarter, generator=self.random)[:count].to(self.device)
        small = torch.nn.functional.avg_pool2d(rgb, 4).flatten(2)[:, :, positions]
        ab = color.chroma(color.linear(small).unsqueeze(2))[:, :, 0]
        return Batch((lightness - 50) / 50, (clean - 50) / 50, positions, ab.permute(0, 2, 1).reshape(-1, 2))


class Averager:
    """An exponential moving average of weights and statistics."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 10))
        pairs = [
            (mine, theirs)
            for mine, theirs in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True)
            if mine.is_floating_point()
        ]
        torch._foreach_lerp_([mine for mine, _ in pairs], [theirs for _, theirs in pairs], 1 - decay)


@dataclass
class Progress:
    """What a checkpoint says beside the weights."""

    recipe: dict
    pictures: int = 0
    seconds: float = 0
    """That training took; of a system of `seeds`, of the processor."""
    history: list[dict] = field(default_factory=list)
    manifest_sha256: str = ""
    end: int | None = None
    """How many crops are seen in all, where the validation ended training before its budget."""

    def stalled(self, patience: int) -> bool:
        """Whether the last `patience` measures brought no lower loss than those before."""
        losses = [row["loss"] for row in self.history]
        return 0 < patience < len(losses) and min(losses[-patience:]) >= min(losses[:-patience])


def save(path: Path, network: nn.Module, progress: Progress, prior: np.ndarray) -> None:
    """Writes under a temporary name first: a checkpoint is whole or it is the previous one."""
    # Vectors stay fp32: variances of features exceed what fp16 holds.
    weights = {
        name: value.half() if value.is_floating_point() and value.ndim > 1 else value
        for name, value in network.state_dict().items()
    }
    partial = path.with_name(path.name + ".part")
    torch.save({"weights": weights, "progress": asdict(progress), "prior": torch.tensor(prior)}, partial)
    partial.replace(path)


def load(path: Path) -> dict:
    """What `save` wrote, on the CPU."""
    return torch.load(path, map_location="cpu", weights_only=True)


def network_of(stored: dict) -> nn.Module:
    """The network of a checkpoint that was loaded, in evaluation mode."""
    recipe = Recipe(**stored["progress"]["recipe"])
    network = build(recipe.network, OBJECTIVES[recipe.objective][0])
    network.load_state_dict(stored["weights"])
    return network.eval()


def restore(path: Path) -> nn.Module:
    """The network of a checkpoint, in evaluation mode."""
    return network_of(load(path))


def tilt(stored: dict) -> Tensor:
    """What the logits of a checkpoint's network have over those of the natural distribution, (313,)."""
    recipe = Recipe(**stored["progress"]["recipe"])
    return tilting(stored["prior"].double().numpy(), recipe.mix, recipe.objective)


def tilting(prior: np.ndarray, mix: float, objective: str) -> Tensor:
    """The same of a network that learned an objective with this prior and λ."""
    weights = encoding.rebalancing(prior, mix)
    return torch.tensor(weights, dtype=torch.float32).log() * (objective in REBALANCED)


def adopt(network: nn.Module, weights: dict[str, Tensor]) -> list[str]:
    """Takes what fits from another network's weights; returns the names of what begins anew."""
    own = network.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape and value.isfinite().all()
    }
    network.load_state_dict(fitting, strict=False)
    return sorted(set(own) - set(fitting))


def coarse_accuracy(output: Tensor, ab: Tensor, encoder: Encoder, rebalanced: bool) -> float:
    """AuC in per cent at the positions given, with the mean of the natural distribution: a check on
    the way, not the figure of `autochrome evaluate`."""
    if output.shape[1] == 2:
        estimate = output.float() * AB_SCALE
    else:
        tilt = torch.log(encoder.balance) if rebalanced else 0
        estimate = torch.softmax(output.float() - tilt, dim=1) @ encoder.centers
    distance = (estimate - ab).square().sum(1).sqrt()
    return 100 * float((1 - distance.ceil().clamp(0, 151) / 151).mean())


class Validation:
    """Whole pictures at the runtime's working size, without film faults."""

    def __init__(self, pool: Pool, recipe: Recipe, device: torch.device, most: int = 384) -> None:
        clean = Recipe(**{**asdict(recipe), "film": 0.0})
        sampler = Sampler(pool, clean, torch.Generator().manual_seed(1), device)
        pictures = torch.arange(min(len(pool), most))
        self.rebalanced = recipe.objective in REBALANCED
        self.batches = [sampler.prepared(pool.squares(part, recipe.size)) for part in pictures.split(32)]

    @torch.no_grad()
    def measure(
        self, network: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], encoder: Encoder
    ) -> dict[str, float]:
        rows = [(at_positions(network, batch.inputs, batch.positions), batch.ab) for batch in self.batches]
        return {
            "loss": sum(float(loss(output, ab)) for output, ab in rows) / len(rows),
            "auc": sum(coarse_accuracy(output, ab, encoder, self.rebalanced) for output, ab in rows) / len(rows),
        }


def prior_of(pool: Pool) -> np.ndarray:
    """The share of each bin in what training will see, (313,): in at most 2,000 pictures, drawn as
    often as their sources say, at an eighth of the working size."""
    random = torch.Generator().manual_seed(1)
    chosen = torch.multinomial(pool.weights, min(4 * len(pool), 2000), replacement=True, generator=random)
    parts = []
    for part in chosen.split(200):
        rgb = torch.nn.functional.avg_pool2d(pool.squares(part, 160), 8)
        ab = color.chroma(color.linear(rgb))
        parts.append(ab.permute(0, 2, 3, 1).reshape(-1, 2).cpu().numpy())
    return encoding.measure_prior(np.concatenate(parts))


def train(
    recipe: Recipe,
    folder: Path,
    checkpoint: Path,
    *,
    start: dict | None = None,
    prior: np.ndarray | None = None,
    teacher: Path | None = None,
    minutes: float | None = None,
    report_every: float = 60,
    seed: int = 1,
    validation: Path | None = None,
    held_out: float = 0.02,
) -> Progress:
    """Trains to the end of the recipe or for `minutes`, and goes on where `checkpoint` stands.

    `start` is what `export.read_weights` gives: another network's weights and prior to begin with.
    `prior` is by default that of `start`, or measured in the pool. `teacher` is the checkpoint that
    recipes with `distill` or `hint` learn from. `validation` is a pool that is
    measured at each report; without it a part of the pool is held out. Prints one line of JSON for
    each report.
    """
    from . import export

    processes = Processes()
    device = processes.device
    channels, objective = OBJECTIVES[recipe.objective]
    pool = Pool(folder, device, recipe.sources, recipe.only)
    rest = Pool(validation, device) if validation else pool.split(held_out)
    if pool.missing and not processes.rank:
        print(json.dumps({"sources that the pool lacks": pool.missing}), flush=True)
    network = build(recipe.network, channels)
    progress = Progress(asdict(recipe), manifest_sha256=pool.manifest_sha256)

    if checkpoint.exists():
        stored = load(checkpoint)
        network.load_state_dict(stored["weights"])
        progress = Progress(**{**stored["progress"], "recipe": asdict(recipe)})
        prior = stored["prior"].numpy()
    elif prior is None:
        prior = start["prior"] if start and start["prior"] is not None else prior_of(pool)
    if start is not None and not checkpoint.exists():
        weights = start["weights"]
        if isinstance(network, Pretrained):
            weights = network.own(weights)
        if start["folded"]:
            example = Sampler(pool, recipe, torch.Generator().manual_seed(seed), device).batch(0).inputs.cpu()
            fresh = export.unfold(network, weights, example)
        else:
            fresh = adopt(network, weights)
        print(json.dumps({"begins anew": fresh}), flush=True)

    if recipe.distill and channels != 313:
        raise SystemExit("distillation needs an objective over the bins: set distill = 0")
    taught = recipe.distill > 0 or recipe.hint > 0
    if taught and teacher is None:
        raise SystemExit(
            "the recipe's distill or hint is above 0: name a checkpoint that teaches (--teacher), or set both to 0"
        )
    if teacher is not None and not taught:
        raise SystemExit("a teacher is named, but the recipe's distill and hint are 0")
    asked = None
    if teacher is not None:
        asked = export.read_teacher(teacher, device)
    borrowed: list[nn.Parameter] = []
    if isinstance(network, Pretrained):
        if not checkpoint.exists() and start is None:
            network.adopt(published(recipe.network))
        network.leave_out(recipe.left_out)
        network.freeze(recipe.frozen)
        borrowed = network.encoder_parameters()
    encoder = Encoder(prior, recipe.mix, device)
    network = network.to(device, memory_format=torch.channels_last)
    average = Averager(network, recipe.average)
    hints = None
    if recipe.hint and asked is not None:
        with torch.no_grad():
            given, wanted = (
                part.eval().encode(torch.zeros(1, 1, 64, 64, device=device))[-1] for part in (network, asked.network)
            )
        hints = nn.Conv2d(given.shape[1], wanted.shape[1], 1).to(device)
    balance = encoder.balance if recipe.objective in REBALANCED else None
    trained: nn.Module = Student(network, hints)
    if processes.count > 1 and device.type == "cuda":
        trained = nn.SyncBatchNorm.convert_sync_batchnorm(trained)
    # Before the parameters' names get a prefix: what trains each of them depends on its name.
    optimizing = optimizers(
        trained, recipe.learning_rate, recipe.weight_decay, recipe.muon, borrowed, recipe.encoder_rate
    )
    if processes.count > 1:
        trained = nn.parallel.DistributedDataParallel(trained)
    random = torch.Generator().manual_seed(seed + 7919 * processes.rank + progress.pictures)
    sampler = Sampler(pool, recipe, random, device)
    measured = Validation(rest, recipe, device)

    def loss(output: Tensor, ab: Tensor) -> Tensor:
        return objective(output, ab, encoder, recipe.options)

    def report(running: float) -> float:
        """Measures, prints and saves; returns the seconds that it took."""
        if processes.rank:
            return 0
        start = time.monotonic()
        figures = {
            "pictures": progress.pictures,
            "seconds": round(progress.seconds),
            "training loss": None if math.isnan(running) else round(running, 4),
            **{name: round(value, 4) for name, value in measured.measure(average.network, loss, encoder).items()},
        }
        progress.history.append(figures)
        print(json.dumps(figures), flush=True)
        save(checkpoint, average.network, progress, prior)
        return time.monotonic() - start

    cost = report(float("nan")) if progress.pictures == 0 else 0
    begun = reported = time.monotonic()
    before = progress.seconds
    running, weight, step = 0.0, 0.0, 0
    while progress.pictures < (end := progress.end or recipe.pictures):
        # Where training ends early, what is left is still the budget's last part.
        done = 1 - (end - progress.pictures) / recipe.pictures
        batch = sampler.batch(done)
        for group in (group for optimizer in optimizing for group in optimizer.param_groups):
            rests = group["borrowed"] and done < recipe.resting
            group["lr"] = 0 if rests else group["factor"] * recipe.rate(done, step)
        network.train()
        with autocast(device):
            output, given = trained(batch.inputs.to(memory_format=torch.channels_last), batch.positions)
        value = loss(output, batch.ab)
        if asked:
            said, features = asked.answers(batch.clean, batch.positions)
            value = (1 - recipe.distill) * value
            if recipe.distill:
                value = value + recipe.distill * distillation(output, said, balance)
            if given is not None:
                value = value + recipe.hint * hint_distance(given, features)
        trained.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        for optimizer in optimizing:
            optimizer.step()
        average.update(network)
        step += 1
        seen = recipe.batch * processes.count
        progress.pictures += seen
        if recipe.measure_every and progress.pictures % recipe.measure_every < seen:
            progress.seconds = before + time.monotonic() - begun
            report(running / weight if weight else float("nan"))
            falls = progress.end is not None or done >= 1 - recipe.fall
            if processes.agreed(not falls and progress.stalled(recipe.patience)):
                progress.end = progress.pictures + round(recipe.fall * recipe.pictures)
        if step % 10 == 0:
            running, weight = running * 0.98 + float(value.detach()), weight * 0.98 + 1
            now = time.monotonic()
            progress.seconds = before + now - begun
            if minutes is not None and processes.agreed(now - begun > minutes * 60):
                break
            # Measuring a slow network must not take the time to train it.
            if not recipe.measure_every and now - reported > max(report_every, 9 * cost):
                cost = report(running / weight)
                reported = time.monotonic()
    progress.seconds = before + time.monotonic() - begun
    report(running / weight if weight else float("nan"))
    if processes.count > 1:
        torch.distributed.destroy_process_group()
    return progress

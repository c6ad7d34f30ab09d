"""The systems: what the recipes in `training/recipes/seeds` name, those that vary among them."""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
from torch import nn

from ..loop import Progress, Recipe, load
from . import dense, sampling_loop
from .training import Training

RECIPES = Path(__file__).parents[2] / "recipes/seeds"


def read(path: Path) -> dict[str, Recipe]:
    """The recipes of a file by name. A file whose table `vary` names several networks, objectives and adversaries
    holds one recipe for each combination: yal-cic-l1-wgan. The table `adversaries` has the numbers of each kind."""
    values = tomllib.loads(path.read_text())
    vary, adversaries = values.pop("vary", None), values.pop("adversaries", {})
    if vary is None:
        return {path.stem: Recipe.of(values, path)}
    recipes = {}
    kinds = vary["adversary"]
    for (network, long), (objective, distance), kind in itertools.product(
        vary["network"].items(), vary["objective"].items(), kinds
    ):
        own = {**values, "network": long, "objective": distance}
        if kind != "none":
            own["adversary"] = {"kind": kind, **adversaries.get(kind, {})}
        recipes[f"{path.stem}-{network}-{objective}" + (f"-{kind}" if kind != "none" else "")] = Recipe.of(own, path)
    return recipes


def all_recipes(folder: Path = RECIPES) -> dict[str, Recipe]:
    """All recipes by name, in order."""
    return {name: recipe for path in sorted(folder.glob("*.toml")) for name, recipe in read(path).items()}


def samples(recipe: Recipe) -> bool:
    """Whether its network gives small chroma place by place."""
    return recipe.network in sampling_loop.NETWORKS


def loop_of(recipe: Recipe) -> ModuleType:
    """What builds and trains its network."""
    return sampling_loop if samples(recipe) else dense


def restore(path: Path) -> tuple[nn.Module, Recipe]:
    """The network of a checkpoint in evaluation mode, without a classifier, and its recipe."""
    stored = load(path)
    recipe = Recipe(**stored["progress"]["recipe"])
    network = loop_of(recipe).build(replace(recipe, labels=0.0))
    weights = {name: value for name, value in stored["weights"].items() if not name.startswith("classifier.")}
    network.load_state_dict(weights)
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
    """Trains a system to the end of its recipe or for `minutes`, and goes on where `checkpoint` stands; see `Training`
    for what else it is told.

    Raises `SystemExit` where the recipe does not go with the pool.
    """
    loop = loop_of(recipe)
    run = Training(
        recipe,
        folder,
        checkpoint,
        lambda pool: loop.build(recipe, pool.classes),
        prior=prior,
        seed=seed,
        held_out=held_out,
    )
    loop.train(run, minutes, report_every)
    return run.progress

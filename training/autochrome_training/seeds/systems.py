"""The systems: what the recipes in `training/recipes/seeds` name, those that vary among them."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

from ..loop import Recipe

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

"""Checkpoints of the systems to ONNX files that the runtime reads."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import nn

from .. import export, loop
from . import answers, sampling, systems
from .objectives import kind_of


def deployed(checkpoint: Path) -> tuple[nn.Module, loop.Recipe]:
    """The network as the file holds it, in evaluation mode, and its recipe."""
    network, recipe = systems.restore(checkpoint)
    network = export.rounded(export.folded(unmasked(network)))
    if systems.samples(recipe):
        return network.eval(), recipe
    return answers.InFileUnits(network, kind_of(recipe.objective)).eval(), recipe


def unmasked(network: nn.Module) -> nn.Module:
    """The same function with plain convolutions, whose kernels are 0 where a mask was."""
    network = copy.deepcopy(network)
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, sampling.Masked):
                plain = nn.Conv2d(child.in_channels, child.out_channels, child.kernel_size, padding=child.padding)
                with torch.no_grad():
                    plain.weight.copy_(child.weight * child.mask)
                    plain.bias.copy_(child.bias)
                setattr(parent, name, plain)
    return network


def write(checkpoint: Path, path: Path, name: str | None = None) -> None:
    """Writes `path` from a checkpoint of any system."""
    stored = loop.load(checkpoint)
    network, recipe = deployed(checkpoint)
    plain = systems.loop_of(recipe).build(recipe)
    properties = export.common_properties(stored, recipe, plain, name or path.stem)
    if systems.samples(recipe):
        properties |= {
            "output": "ab",
            "size": str(recipe.size),
            "temperature": str(recipe.temperature),
            "sampler": "chroma",
            "levels": str(sampling.LEVELS),
            "sampler-scale": str(sampling.GRID),
            "sampler-outputs": "first second",
        }
        grid = {0: "n", 2: "rows", 3: "columns"}
        export.write(
            network,
            path,
            {"L": torch.zeros(1, 1, 64, 64), "chroma": torch.zeros(1, 2, 16, 16)},
            ["ab", "first", "second"],
            {
                "L": {0: "n", 2: "h", 3: "w"},
                "chroma": grid,
                "first": grid,
                "second": grid,
                "ab": {0: "n", 2: "height", 3: "width"},
            },
            properties,
        )
        return
    kind = kind_of(recipe.objective)
    properties |= answers.properties(kind)
    if kind == "bins313":
        properties |= export.bins_properties(stored, recipe)
    output = "logits" if kind in ("bins313", "huechroma") else kind
    axes = {"L": {0: "n", 2: "h", 3: "w"}, output: {0: "n", 2: "height", 3: "width"}}
    side = 64
    if margin := getattr(plain, "margin", 0):
        side = plain.tile
        properties |= {"tile": str(side), "margin": str(margin)}
        axes = {"L": {0: "n"}, output: {0: "n"}}
    export.write(network, path, {"L": torch.zeros(1, 1, side, side)}, [output], axes, properties)

"""A checkpoint to the ONNX file that the runtime reads, and back to weights to begin with.

Batch norm is folded into the convolutions; weights are stored as fp16 behind `Cast`. The metadata
properties tell the runtime how the network is used.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import loop
from .network import build as network_named
from .objective import AB_SCALE, OBJECTIVES, REBALANCED
from .teacher import Teacher

OPSET = 17


def folded(network: nn.Module) -> nn.Module:
    """The same function without batch norm after convolutions (evaluation mode)."""
    network = copy.deepcopy(network).eval()

    def fold(module: nn.Module) -> None:
        for name, child in module.named_children():
            if isinstance(child, nn.Sequential):
                layers: list[nn.Module] = []
                for layer in child:
                    if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.Conv2d):
                        layers[-1] = nn.utils.fuse_conv_bn_eval(layers[-1], layer)
                    else:
                        layers.append(layer)
                setattr(module, name, nn.Sequential(*layers))
                fold(getattr(module, name))
            else:
                fold(child)

    fold(network)
    return network


def deployed(network: nn.Module) -> nn.Module:
    """The network as the file holds it: folded, kernels rounded to fp16, ab in CIELAB units."""
    network = rounded(folded(network))
    return Scaled(network).eval() if network.head.out_channels == 2 else network


@torch.no_grad()
def rounded(network: nn.Module) -> nn.Module:
    """Rounds the kernels to what fp16 holds."""
    for value in network.parameters():
        if value.ndim > 1:
            value.copy_(value.half())
    return network


class Scaled(nn.Module):
    """ab in CIELAB units from a head that gives ab/110."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x) * AB_SCALE


def export(checkpoint: Path, path: Path, name: str | None = None) -> None:
    """Writes `path` from a checkpoint."""
    stored = loop.load(checkpoint)
    recipe = loop.Recipe(**stored["progress"]["recipe"])
    channels, _ = OBJECTIVES[recipe.objective]
    network = loop.restore(checkpoint)
    bins = channels == 313
    output = "logits" if bins else "ab"
    properties = common_properties(stored, recipe, network, name or path.stem)
    properties |= {"output": "bins313", **bins_properties(stored, recipe)} if bins else {"output": "ab"}
    write(
        deployed(network),
        path,
        {"L": torch.zeros(1, 1, 64, 64)},
        [output],
        {"L": {0: "n", 2: "h", 3: "w"}, output: {0: "n", 2: "h4", 3: "w4"}},
        properties,
    )


def common_properties(stored: dict, recipe: loop.Recipe, network: nn.Module, name: str) -> dict[str, str]:
    """What the metadata says of any checkpoint's network, without the prefix."""
    progress = stored["progress"]
    properties = {
        "name": name,
        "input": "(L-50)/50",
        "stride": str(network.stride),
        "scale": str(getattr(network, "scale", 4)),
        "license": "Apache-2.0",
        "training": f"{recipe.network}, {recipe.objective}, {progress['pictures']} pictures in "
        f"{round(progress['seconds'])} s",
    }
    if progress["manifest_sha256"]:
        properties["manifest"] = progress["manifest_sha256"]
    if (history := progress["history"]) and "loss" in history[-1]:
        properties["validation"] = f"loss {history[-1]['loss']}"
    return properties


def bins_properties(stored: dict, recipe: loop.Recipe) -> dict[str, str]:
    """What the metadata says of a distribution over the bins, without the prefix."""
    rebalanced = recipe.objective in REBALANCED
    properties = {
        "temperature": str(recipe.temperature),
        "vividness": str(recipe.vividness if rebalanced else 1.0),
        "prior": " ".join(f"{value:.6g}" for value in stored["prior"].tolist()),
    }
    return properties | ({"lambda": str(recipe.mix)} if rebalanced else {})


def write(
    network: nn.Module,
    path: Path,
    inputs: dict[str, Tensor],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
    properties: dict[str, str],
    half: bool = True,
) -> None:
    """Writes a network in the form in which it is used: `inputs` are examples of its arguments, `axes` names those
    axes of inputs and outputs that are free, `properties` are the metadata without the prefix, `half` stores the
    kernels in fp16."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    partial = path.with_name(path.name + ".part")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            str(partial),
            input_names=list(inputs),
            output_names=outputs,
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes=axes,
        )
    model = onnx.load(str(partial))

    casts = []
    for tensor in model.graph.initializer:
        if half and tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 1:
            values = numpy_helper.to_array(tensor).astype(np.float16)
            plain = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(values, plain + "_fp16"))
            casts.append(helper.make_node("Cast", [plain + "_fp16"], [plain], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    for key, value in properties.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"autochrome.{key}", value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(partial))
    partial.replace(path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def read_weights(path: Path) -> dict:
    """Weights and prior to begin with, from a checkpoint, a state dict under the key `ema`, or a
    model that `export` wrote; `folded` says that batch norm lies in the kernels of the latter."""
    if path.suffix == ".onnx":
        return _read_model(path)
    stored = torch.load(path, map_location="cpu", weights_only=True)
    weights = stored.get("weights", stored.get("ema"))
    if weights is None:
        raise SystemExit(f"{path}: neither a checkpoint nor a state dict")
    prior = stored.get("prior")
    return {"weights": weights, "prior": prior.numpy() if prior is not None else None, "folded": False}


def _read_model(path: Path) -> dict:
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    weights = {
        # `Scaled` holds the network of a regression.
        tensor.name.removesuffix("_fp16").removeprefix("network."): torch.from_numpy(
            numpy_helper.to_array(tensor).astype(np.float32)
        )
        for tensor in model.graph.initializer
    }
    properties = {entry.key: entry.value for entry in model.metadata_props}
    prior = properties.get("autochrome.prior")
    return {
        "weights": weights,
        "folded": True,
        "properties": properties,
        "prior": np.array([float(value) for value in prior.split()]) if prior else None,
    }


def read_teacher(path: Path, device: torch.device) -> Teacher:
    """What teaches, from a checkpoint or a model that `export` wrote."""
    if path.suffix == ".onnx":
        model = _read_model(path)
        properties = model["properties"]
        name, objective = properties.get("autochrome.training", ", ").split(", ")[:2]
        if objective in OBJECTIVES and OBJECTIVES[objective][0] == 313:
            network = folded(network_named(name, 313))
            network.load_state_dict(model["weights"])
            mix = float(properties.get("autochrome.lambda", 1))
            return Teacher(network, loop.tilting(model["prior"], mix, objective), device)
    else:
        stored = loop.load(path)
        objective = stored["progress"]["recipe"]["objective"]
        if OBJECTIVES[objective][0] == 313:
            return Teacher(loop.network_of(stored), loop.tilt(stored), device)
    raise SystemExit(
        f"{path}: learned {objective or 'something unknown'}, which says nothing of how likely colors are: take a "
        "teacher over the bins"
    )


@torch.no_grad()
def unfold(network: nn.Module, weights: dict[str, Tensor], inputs: Tensor) -> list[str]:
    """Takes a folded model's weights into a network with batch norm, and returns the names of
    what begins anew.

    Each batch norm that was folded takes the statistics that it meets on `inputs`, a scale that undoes
    them and the folded bias as its shift: the function is the model's, and training goes on from it.
    Those that follow a ReLU lie in the file as they are.
    """
    fresh = []
    norms: dict[str, nn.BatchNorm2d] = {}
    biases: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            norms[name] = module
        if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            continue
        kernel = weights.get(f"{name}.weight")
        if kernel is None or kernel.shape != module.weight.shape:
            fresh.append(name)
            continue
        module.weight.copy_(kernel)
        bias = weights[f"{name}.bias"]
        if module.bias is not None:
            module.bias.copy_(bias)
        else:
            parent, _, index = name.rpartition(".")
            biases[f"{parent}.{int(index) + 1}"] = bias

    def settle(norm: nn.Module, arguments: tuple[Tensor], bias: Tensor | None) -> None:
        variance, mean = torch.var_mean(arguments[0], dim=(0, 2, 3))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        if bias is not None:
            norm.weight.copy_((variance + norm.eps).sqrt())
            norm.bias.copy_(bias + mean)

    hooks = []
    for name, norm in norms.items():
        stored = {own: weights.get(f"{name}.{own}") for own in ("weight", "bias", "running_mean", "running_var")}
        if name not in biases and all(
            value is not None and value.shape == getattr(norm, own).shape for own, value in stored.items()
        ):
            for own, value in stored.items():
                getattr(norm, own).copy_(value)
        else:
            if name not in biases:
                fresh.append(name)
            hooks.append(norm.register_forward_pre_hook(functools.partial(settle, bias=biases.get(name))))
    network.eval()(inputs)
    for hook in hooks:
        hook.remove()
    return fresh

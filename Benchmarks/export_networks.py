#!/usr/bin/env python3
"""Exports colorization networks as the ecosystem has them, with random weights, to ONNX.

The engine must run what users bring: Zhang's ECCV16 and SIGGRAPH17 as published, and a pix2pix
U-Net. Their trained weights belong to others, so the definitions are written out here after the
papers (DDColor and DeOldify in `published.py`) and filled from a fixed seed. What matters for a
comparison of engines is kept: the graphs, the shapes, and the ranges. Activations neither die nor
explode, errors grow no faster than in a trained network, and the logits are spread so that the
annealed mean depends on them.

Files: eccv16-bins313 (313 logits), eccv16-ab (the published forward pass, L to ab),
siggraph17 (L, hints, mask), siggraph17-auto (L alone), pix2pix-batch (batch norm, 1 to 2),
pix2pix-instance (instance norm, 1 to 3); DDColor, gray R'G'B' to ab: ddcolor-12 (operator set 12 and one size,
as the published script exports it) and ddcolor-17; DeOldify, R'G'B' to R'G'B': deoldify-artistic-10 (codes
of 0…255, one size, nothing folded, as files of it that are about) and deoldify-stable-13. These are
narrow; with --full they have the published widths (DDColor "tiny"). H and W are free multiples of the
stride but where one size is said.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

import fixtures
import published
from autochrome_training.network import ECCV16

OPSET = 17


def stage(sizes: Sequence[int], stride: int = 1, dilation: int = 1, norm: bool = True) -> list[nn.Module]:
    """Convolutions 3×3 with ReLU, the last one with `stride`, then batch norm."""
    layers: list[nn.Module] = []
    last = len(sizes) - 2
    for index, (channels, wanted) in enumerate(pairwise(sizes)):
        step = stride if index == last else 1
        layers += [nn.Conv2d(channels, wanted, 3, step, dilation, dilation), nn.ReLU()]
    return layers + ([nn.BatchNorm2d(sizes[-1])] if norm else [])


class ECCV16Color(nn.Module):
    """ECCV16 as published for use: L in 0…100 to ab at full size, the mean of the distribution."""

    def __init__(self, network: ECCV16) -> None:
        super().__init__()
        self.network = network
        self.mean = nn.Conv2d(313, 2, 1, bias=False)
        self.mean.weight.data = torch.tensor(fixtures.bin_centers().T / 110, dtype=torch.float32)[:, :, None, None]
        self.softmax = nn.Softmax(dim=1)
        self.upsample = nn.Upsample(scale_factor=4, mode="bilinear")

    def forward(self, lightness: Tensor) -> Tensor:
        logits = self.network((lightness - 50) / 100)
        return self.upsample(self.mean(self.softmax(logits))) * 110


class SIGGRAPH17(nn.Module):
    """Zhang, Zhu et al. 2017: L, hints and their mask to ab at full size."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(*stage((4, 64, 64)))
        self.stage2 = nn.Sequential(*stage((64, 128, 128)))
        self.stage3 = nn.Sequential(*stage((128, 256, 256, 256)))
        self.stage4 = nn.Sequential(*stage((256, 512, 512, 512)))
        self.stage5 = nn.Sequential(*stage((512, 512, 512, 512), dilation=2))
        self.stage6 = nn.Sequential(*stage((512, 512, 512, 512), dilation=2))
        self.stage7 = nn.Sequential(*stage((512, 512, 512, 512)))
        self.up8 = nn.ConvTranspose2d(512, 256, 4, 2, 1)
        self.short8 = nn.Conv2d(256, 256, 3, 1, 1)
        self.stage8 = nn.Sequential(nn.ReLU(), *stage((256, 256, 256)))
        self.up9 = nn.ConvTranspose2d(256, 128, 4, 2, 1)
        self.short9 = nn.Conv2d(128, 128, 3, 1, 1)
        self.stage9 = nn.Sequential(nn.ReLU(), *stage((128, 128)))
        self.up10 = nn.ConvTranspose2d(128, 128, 4, 2, 1)
        self.short10 = nn.Conv2d(64, 128, 3, 1, 1)
        self.stage10 = nn.Sequential(nn.ReLU(), nn.Conv2d(128, 128, 3, 1, 1), nn.LeakyReLU(0.2))
        self.color = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def forward(self, lightness: Tensor, ab: Tensor, mask: Tensor) -> Tensor:
        x = torch.cat(((lightness - 50) / 100, ab / 110, mask), dim=1)
        one = self.stage1(x)
        two = self.stage2(one[:, :, ::2, ::2])
        three = self.stage3(two[:, :, ::2, ::2])
        four = self.stage4(three[:, :, ::2, ::2])
        seven = self.stage7(self.stage6(self.stage5(four)))
        eight = self.stage8(self.up8(seven) + self.short8(three))
        nine = self.stage9(self.up9(eight) + self.short9(two))
        ten = self.stage10(self.up10(nine) + self.short10(one))
        return self.color(ten) * 110


class SIGGRAPH17Automatic(nn.Module):
    """SIGGRAPH17 without a user: hints and mask are zero."""

    def __init__(self, network: SIGGRAPH17) -> None:
        super().__init__()
        self.network = network

    def forward(self, lightness: Tensor) -> Tensor:
        none = torch.zeros_like(lightness)
        return self.network(lightness, torch.cat((none, none), dim=1), none)


class UNet(nn.Module):
    """Isola et al. 2017 (pix2pix): a U-Net of strided convolutions with skip connections."""

    def __init__(self, outputs: int, norm: type[nn.Module], width: int = 32, depth: int = 6) -> None:
        super().__init__()
        sizes = [min(width * 2**level, width * 8) for level in range(depth)]
        bias = norm is nn.InstanceNorm2d
        down: list[nn.Module] = [nn.Conv2d(1, sizes[0], 4, 2, 1, bias=bias)]
        up: list[nn.Module] = [nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * sizes[0], outputs, 4, 2, 1), nn.Tanh())]
        for level in range(1, depth):
            innermost = level == depth - 1
            channels, wanted = sizes[level - 1], sizes[level]
            down.append(
                nn.Sequential(
                    nn.LeakyReLU(0.2),
                    nn.Conv2d(channels, wanted, 4, 2, 1, bias=bias),
                    *([] if innermost else [norm(wanted)]),
                )
            )
            up.append(
                nn.Sequential(
                    nn.ReLU(),
                    nn.ConvTranspose2d(wanted * (1 if innermost else 2), channels, 4, 2, 1, bias=bias),
                    norm(channels),
                )
            )
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)

    def forward(self, x: Tensor) -> Tensor:
        skips: list[Tensor] = []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        x = skips.pop()
        for layer in reversed(self.up[1:]):
            x = torch.cat((skips.pop(), layer(x)), dim=1)
        return self.up[0](x)


def fill(network: nn.Module, inputs: tuple[Tensor, ...], generator: torch.Generator) -> None:
    """Random weights, scaled and shifted while a batch passes through, layer by layer.

    Each channel that a convolution gives gets standard deviation 1 and a mean of about 2.5, so that
    nearly all units are open and some per cent closed. Random weights with batch norm and without
    such a shift are chaotic: a relative error of 2^-9 at each layer, that of bf16, grows to 20 %
    at the end of ECCV16, and no trained network does that. Outputs (3 channels at most) get mean 0 and
    deviation 0.2, the strength that real colors have.
    """

    def settle(module: nn.Module, _: object, output: Tensor) -> Tensor:
        ends = module.out_channels <= 3
        variance, mean = torch.var_mean(output, dim=(0, 2, 3))
        scale = (0.2 if ends else 1) / variance.sqrt().clamp_min(1e-3)
        target = torch.empty_like(mean).uniform_(2, 3, generator=generator) * (not ends)
        shift = target - mean * scale if module.bias is not None else torch.zeros_like(mean)
        transposed = isinstance(module, nn.ConvTranspose2d)
        module.weight *= scale.view((1, -1, 1, 1) if transposed else (-1, 1, 1, 1))
        if module.bias is not None:
            module.bias.copy_(shift)
        return output * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)

    hooks = []
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            module.weight.data.normal_(0, 1, generator=generator)
            if module.bias is not None:
                module.bias.data.zero_()
            hooks.append(module.register_forward_hook(settle))
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.6, 1.4, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
            module.momentum = None
    with torch.no_grad():
        network.train()
        network(*inputs)
    network.eval()
    for hook in hooks:
        hook.remove()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            factors = torch.empty_like(module.running_var).uniform_(0.8, 1.25, generator=generator)
            module.running_var *= factors


def shape_logits(network: ECCV16, x: Tensor, generator: torch.Generator) -> None:
    """A head that reads the strongest signals, agrees in neighbouring bins, and spreads.

    The eight principal directions of the features each pull the colors in their own way, by a
    smooth function of (a, b) of length scale 30. The bias prefers gray, as the prior of
    photographs does.
    """
    directions = 8
    centers = torch.tensor(fixtures.bin_centers(), dtype=torch.float32)
    with torch.no_grad():
        features = network.body(x).transpose(0, 1).flatten(1)
        features -= features.mean(dim=1, keepdim=True)
        vectors, variances, _ = torch.linalg.svd(features @ features.T / features.shape[1])
        reading = vectors[:, :directions] / variances[:directions].sqrt()
        frequencies = torch.randn(2, directions, generator=generator) / 30
        phases = torch.rand(directions, generator=generator) * 2 * math.pi
        weights = torch.cos(centers @ frequencies + phases) @ reading.T
        network.head.weight.copy_(weights[:, :, None, None])
        network.head.bias.zero_()
        network.head.weight *= 2 / network(x).std(dim=1).mean()
        average = network(x).mean(dim=(0, 2, 3))
        network.head.bias.copy_(-centers.square().sum(dim=1) / (2 * 40**2) - average)


def describe(path: Path, properties: dict[str, str]) -> None:
    """Writes the metadata properties that tell how the network is used."""
    model = onnx.load(str(path))
    for key, value in properties.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = f"autochrome.{key}", value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def export(
    path: Path,
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    names: Sequence[str],
    output: str,
    properties: dict[str, str],
    opset: int = OPSET,
    fixed: bool = False,
    folding: bool = True,
) -> None:
    """Writes one network with free n, h, w, or those of its inputs, and reports it."""
    dynamic = {} if fixed else {name: {0: "n", 2: "h", 3: "w"} for name in names}
    if not fixed:
        dynamic[output] = {0: "n", 2: "output_h", 3: "output_w"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            inputs,
            str(path),
            input_names=list(names),
            output_names=[output],
            dynamic_axes=dynamic,
            opset_version=opset,
            dynamo=False,
            do_constant_folding=folding,
        )
    describe(path, properties)
    with torch.no_grad():
        values = network(*inputs)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    operators = sorted({node.op_type for node in onnx.load(str(path)).graph.node})
    print(
        f"{path.name}: {parameters / 1e6:.1f} M parameters, output {values.min():.3g}…"
        f"{values.max():.3g} (standard deviation {values.std():.3g}), {' '.join(operators)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path, help="where the ONNX files are written")
    parser.add_argument("--seed", type=int, default=1, help="seed of the weights (default 1)")
    parser.add_argument("--full", action="store_true", help="DDColor and DeOldify as wide as published")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="write just these")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    size = 128
    lightness = torch.tensor(np.concatenate([fixtures.lightness(size, size, seed) for seed in range(2)]))
    hinted = [fixtures.hints(size, size, seed) for seed in range(2)]
    ab = torch.tensor(np.concatenate([pair[0] for pair in hinted]))
    mask = torch.tensor(np.concatenate([pair[1] for pair in hinted]))
    normalized = (lightness - 50) / 100

    def wanted(*names: str) -> bool:
        return not options.only or any(name in options.only for name in names)

    def write(
        name: str,
        network: nn.Module,
        inputs: tuple[Tensor, ...],
        names: Sequence[str],
        output: str,
        properties: dict[str, str],
        opset: int = OPSET,
        fixed: bool = False,
        folding: bool = True,
    ) -> None:
        if wanted(name):
            path = options.folder / f"{name}.onnx"
            export(path, network, inputs, names, output, properties, opset, fixed, folding)

    def generator(index: int) -> torch.Generator:
        return torch.Generator().manual_seed(options.seed * 1000 + index)

    if wanted("eccv16-bins313", "eccv16-ab"):
        random = generator(1)
        eccv16 = ECCV16(313)
        fill(eccv16, (normalized,), random)
        shape_logits(eccv16, normalized, random)
        write(
            "eccv16-bins313",
            eccv16,
            (normalized,),
            ["L"],
            "logits",
            {"input": "(L-50)/100", "output": "bins313", "stride": "8", "scale": "4", "temperature": "0.38"},
        )
        write(
            "eccv16-ab",
            ECCV16Color(eccv16).eval(),
            (lightness,),
            ["L"],
            "ab",
            {"input": "L", "output": "ab", "stride": "8", "scale": "1"},
        )
    if wanted("siggraph17", "siggraph17-auto"):
        siggraph17 = SIGGRAPH17()
        fill(siggraph17, (lightness, ab, mask), generator(2))
        properties = {"input": "L", "output": "ab", "stride": "8", "scale": "1"}
        write("siggraph17", siggraph17, (lightness, ab, mask), ["L", "ab_hint", "mask"], "ab", properties)
        write("siggraph17-auto", SIGGRAPH17Automatic(siggraph17).eval(), (lightness,), ["L"], "ab", properties)
    # These two end in tanh, in units of their own; nothing is said of colors.
    for index, (name, outputs, norm) in enumerate(
        (("pix2pix-batch", 2, nn.BatchNorm2d), ("pix2pix-instance", 3, nn.InstanceNorm2d))
    ):
        if wanted(name):
            unet = UNet(outputs, norm)
            fill(unet, ((lightness - 50) / 50,), generator(3 + index))
            write(
                name,
                unet,
                ((lightness - 50) / 50,),
                ["L"],
                "color",
                {"input": "(L-50)/50", "stride": "64", "scale": "1"},
            )

    # These draw from the global generator too, where PyTorch's layers are made.
    rgb = torch.tensor(np.repeat(fixtures.gray(lightness.numpy()), 3, axis=1), dtype=torch.float32)
    one = rgb[:1]
    if wanted("ddcolor-12", "ddcolor-17"):
        torch.manual_seed(options.seed)
        ddcolor = published.DDColor(published.TINY if options.full else published.DDColorSize())
        published.settle(ddcolor, rgb, generator(5), passes=2 if options.full else 8)
        properties = {"input": "RGB", "output": "ab", "stride": "32", "scale": "1"}
        write("ddcolor-12", ddcolor, (one,), ["input"], "output", properties, opset=12, fixed=True)
        write("ddcolor-17", ddcolor, (one,), ["input"], "output", properties)
    normal = published.ImageNet()
    if wanted("deoldify-artistic-10"):
        torch.manual_seed(options.seed)
        artistic = published.DeOldify(published.ARTISTIC if options.full else published.DeOldifySize(width=16))
        published.settle(artistic, normal(rgb), generator(6), passes=2 if options.full else 8)
        write(
            "deoldify-artistic-10",
            published.DeOldifyBytes(artistic).eval(),
            (one * 255,),
            ["input"],
            "output",
            {"input": "RGB*255", "output": "RGB*255", "stride": "32", "scale": "1"},
            opset=10,
            fixed=True,
            folding=False,
        )
    if wanted("deoldify-stable-13"):
        torch.manual_seed(options.seed)
        stable = published.DeOldify(
            published.STABLE if options.full else published.DeOldifySize(width=16, expansion=4, decoder=64)
        )
        published.settle(stable, normal(rgb), generator(7), passes=2 if options.full else 8)
        write(
            "deoldify-stable-13",
            stable,
            (normal(one),),
            ["input"],
            "output",
            {"input": normal.text, "output": normal.text, "stride": "32", "scale": "1"},
            opset=13,
        )


if __name__ == "__main__":
    main()

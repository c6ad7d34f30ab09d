"""A classifier that judges colors: `python -m autochrome_training.classifier OUT.onnx`.

`autochrome evaluate --semantic` asks it what it sees in the original, in the gray picture and in the
colorized one (Zhang et al. 2016, section 3.1, "Semantic interpretability"). It is EfficientNet-Lite2 for
R, G and B with all 1000 classes of ImageNet, in the weights that `pretrained.py` takes its encoder from.
Unlike there, convolutions of stride 2 are padded as in TensorFlow, with which the weights were trained,
so that the published accuracy holds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from .export import folded, write
from .pretrained import _STAGES, VARIANTS, Inverted, Variant, bounded, published

CLASSES = 1000
SIZE = 260
"""What EfficientNet-Lite2 sees, height and width (Tan and Le 2019, github.com/tensorflow/tpu)."""
MARGIN = 32
"""TensorFlow's evaluation crops the middle `size` of a picture whose short side is this much longer."""
FORM = "(RGB*255-127)/128"
"""What the network takes, in the notation of the runtime's `ChannelScale`."""
WIDTH = 1280
"""Features that the last layer reads."""


class Classifier(nn.Module):
    """Pictures (n, 3, size, size), scaled as `FORM` says, to logits (n, classes).

    The parts lie in the order of the published weights."""

    def __init__(self, variant: Variant, classes: int = CLASSES, size: int = SIZE, width: int = WIDTH) -> None:
        super().__init__()
        self.size = size
        self.stem = bounded(3, variant.stem, 3, 2)
        self.stages = nn.ModuleList()
        inputs = variant.stem
        for (outputs, count), (kernel, stride, widen) in zip(variant.stages, _STAGES, strict=True):
            units = []
            for index in range(count):
                units.append(Inverted(inputs, outputs, kernel, 1 if index else stride, widen))
                inputs = outputs
            self.stages.append(nn.Sequential(*units))
        self.last = bounded(inputs, width)
        self.head = nn.Linear(width, classes)
        pad_as_tensorflow(self, size)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.head(self.last(x).mean((2, 3)))

    @torch.no_grad()
    def adopt(self, weights: dict[str, Tensor]) -> None:
        """Takes the published weights, whose tensors have the same order."""
        theirs = [value for name, value in weights.items() if "num_batches" not in name]
        mine = [value for name, value in self.state_dict().items() if "num_batches" not in name]
        if [value.shape for value in theirs] != [value.shape for value in mine]:
            raise SystemExit("the published weights have other shapes than EfficientNet-Lite2: another package?")
        for value, given in zip(mine, theirs, strict=True):
            value.copy_(given)


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """What TensorFlow's padding "SAME" adds before and after `size` samples: as much as ⌈size / stride⌉
    outputs need, of an odd number the larger part after them."""
    outputs = -(-size // stride)
    total = max(0, (outputs - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def pad_as_tensorflow(network: nn.Module, size: int) -> None:
    """Pads the convolutions of a network, which follow one another on pictures of size × size, as
    TensorFlow does. Where both sides get the same, that is what `bounded` does already."""
    for sequence in [part for part in network.modules() if isinstance(part, nn.Sequential)]:
        if not isinstance(sequence[0], nn.Conv2d):
            continue
        layer = sequence[0]
        kernel, stride = layer.kernel_size[0], layer.stride[0]
        before, after = same_padding(size, kernel, stride)
        if before != after:
            layer.padding = (0, 0)
            sequence.insert(0, nn.ZeroPad2d((before, after, before, after)))
        size = -(-size // stride)


def export(network: Classifier, path: Path, classes: list[str] | None = None) -> None:
    """Writes the file that `autochrome evaluate --semantic` reads."""
    if classes is not None and len(classes) != network.head.out_features:
        raise SystemExit(f"{len(classes)} names of classes are given, expected {network.head.out_features}")
    properties = {
        "name": path.stem,
        "classifier": FORM,
        "size": str(network.size + MARGIN),
        "license": "Apache-2.0",
        "training": "EfficientNet-Lite2, published weights",
    }
    if classes is not None:
        properties["classes"] = "\n".join(classes)
    picture = torch.zeros(1, 3, network.size, network.size)
    write(folded(network), path, {"RGB": picture}, ["logits"], {}, properties, half=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes EfficientNet-Lite2 as a classifier for `autochrome evaluate`.")
    parser.add_argument("model", type=Path, help="the ONNX file to write")
    parser.add_argument(
        "--classes",
        type=Path,
        help="a text file with the names of the 1000 classes in their order, one line each, synonyms separated by "
        "commas; without it, labels are numbers",
    )
    arguments = parser.parse_args()
    classes = arguments.classes.read_text().splitlines() if arguments.classes else None
    network = Classifier(VARIANTS["autochrome"]).eval()
    network.adopt(published("autochrome"))
    export(network, arguments.model, classes)


if __name__ == "__main__":
    main()

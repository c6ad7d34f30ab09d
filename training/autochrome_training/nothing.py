"""Writes the models that say nothing: `python -m autochrome_training.nothing FOLDER`.

`none` and `none-multimodal` give every picture no color at all, so that only what the user gives colors it. They
need no training; they are networks in form only, and the program needs no second path for them.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SCALE = 4
MODELS = {"none": "luma", "none-multimodal": "multimodal"}


def nothing(guidance: str) -> onnx.ModelProto:
    """L* in, a and b of 0 out, of each block of SCALE x SCALE samples."""
    weights = numpy_helper.from_array(np.zeros((2, 1, SCALE, SCALE), np.float32), "weights")
    node = helper.make_node(
        "Conv", ["lightness", "weights"], ["ab"], strides=[SCALE, SCALE], kernel_shape=[SCALE, SCALE]
    )
    graph = helper.make_graph(
        [node],
        "nothing",
        [helper.make_tensor_value_info("lightness", TensorProto.FLOAT, [1, 1, "height", "width"])],
        [helper.make_tensor_value_info("ab", TensorProto.FLOAT, [1, 2, "rows", "columns"])],
        [weights],
    )
    model = helper.make_model(
        graph, producer_name="autochrome", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    helper.set_model_props(
        model,
        {
            "autochrome.input": "L",
            "autochrome.output": "ab",
            "autochrome.stride": str(SCALE),
            "autochrome.scale": str(SCALE),
            "autochrome.guidance": guidance,
        },
    )
    onnx.checker.check_model(model)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for name, guidance in MODELS.items():
        onnx.save(nothing(guidance), folder / f"{name}.onnx")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Imports networks as PyTorch exports them, and holds the result against the originals.

ECCV16, SIGGRAPH17, DDColor and DeOldify with random weights (`export_networks.py`), with the metadata removed,
pass through `autochrome model import`. The engine's output of the imported file is compared with what ONNX
Runtime gives for the original: of ECCV16 the logits before its softmax, of SIGGRAPH17 its a and b
with hints and mask at zero, of DDColor and DeOldify the same output. What the import says of the use must be what the
exporter wrote. The largest error is at most 1e-4 of the output's range. The imported
file also passes ONNX's own checker.

Exit status: 0 when all hold, 1 otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import fixtures
import verify

NAMES = (
    "eccv16-ab",
    "siggraph17",
    "siggraph17-auto",
    "ddcolor-12",
    "ddcolor-17",
    "deoldify-artistic-10",
    "deoldify-stable-13",
)
SIZES = ((128, 160), (72, 200))
LIMIT = 1e-4


def expose_logits(model: onnx.ModelProto) -> None:
    """Makes what the softmax reads the only output."""
    for node in model.graph.node:
        if node.op_type == "Softmax":
            del model.graph.output[:]
            model.graph.output.add().name = node.input[0]


def sizes(imported: onnx.ModelProto) -> list[tuple[int, int]]:
    """Heights and widths that the network takes: the one of its file, or multiples of the stride."""
    extents = [axis.dim_value for axis in imported.graph.input[0].type.tensor_type.shape.dim]
    if extents[2] and extents[3]:
        return [(extents[2], extents[3])]
    stride = int(fixtures.metadata(imported)["autochrome.stride"])
    return [(-(-height // stride) * stride, -(-width // stride) * stride) for height, width in SIZES]


def write_data(folder: Path, original: onnx.ModelProto, imported: onnx.ModelProto) -> None:
    """Test data for the imported model, with outputs of the original."""
    session = onnxruntime.InferenceSession(original.SerializeToString(), providers=["CPUExecutionProvider"])
    form = fixtures.metadata(imported)["autochrome.input"]
    for index, (height, width) in enumerate(sizes(imported)):
        picture = fixtures.given(fixtures.lightness(height, width, index), form)
        feeds: dict[str, np.ndarray] = {}
        for value in original.graph.input:
            channels = value.type.tensor_type.shape.dim[1].dim_value
            zeros = np.zeros((1, channels, height, width), np.float32)
            feeds[value.name] = zeros if feeds else picture
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        verify.write_tensor(data / "input_0.pb", imported.graph.input[0].name, picture)
        verify.write_tensor(data / "output_0.pb", imported.graph.output[0].name, session.run(None, feeds)[0])


def check(binary: Path, source: Path, folder: Path) -> str:
    """A sentence on what is wrong; empty if nothing is."""
    folder.mkdir()
    original = onnx.load(str(source))
    written = fixtures.metadata(original)
    del original.metadata_props[:]
    plain, result = folder / "plain.onnx", folder / "model.onnx"
    onnx.save(original, str(plain))
    done = subprocess.run(
        [str(binary), "model", "import", str(plain), "-o", str(result)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return done.stderr.strip()
    print(f"{source.name}: {' '.join(done.stdout.split())}")
    imported = onnx.load(str(result))
    onnx.checker.check_model(imported, full_check=True)
    found = fixtures.metadata(imported)
    if "RGB" in written["autochrome.input"]:
        for key in ("autochrome.input", "autochrome.output"):
            if found[key] != written[key]:
                return f"{key} is {found[key]}, expected {written[key]}"
    if found["autochrome.output"] == "bins313":
        expose_logits(original)
    write_data(folder, original, imported)
    answers, ended = verify.run(binary, [folder], ["--precision", "fp32"], 600)
    if folder not in answers:
        return ended or "no answer"
    outputs = answers[folder].fields.get("outputs", [])
    if len(outputs) != len(sizes(imported)):
        return answers[folder].reason
    for output in outputs:
        if "max_abs_error" not in output:
            return answers[folder].reason
        error = output["max_abs_error"] / (output["max"] - output["min"])
        print(f"  {output['name']} {output['shape']}: {error:.1e} of the range")
        if not error <= LIMIT:
            return f"the error is {error:.1e} of the range, above {LIMIT:g}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--autochrome", type=Path, required=True, help="the program")
    parser.add_argument("--networks", type=Path, help="a folder that export_networks.py has filled")
    options = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        networks = options.networks or Path(scratch)
        if options.networks is None:
            exporter = Path(__file__).with_name("export_networks.py")
            subprocess.run(
                [sys.executable, str(exporter), scratch, "--only", *NAMES], check=True, stdout=subprocess.DEVNULL
            )
        for name in NAMES:
            fault = check(options.autochrome, networks / f"{name}.onnx", Path(scratch) / f"import-{name}")
            if fault:
                print(f"{name}: {fault}")
                faults += 1
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

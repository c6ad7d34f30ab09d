#!/usr/bin/env python3
"""Holds the engine of autochrome against ONNX Runtime, on whole networks.

For each model and size a test folder in ONNX's own layout is written, with outputs from ONNX
Runtime, and given to `autochrome model verify`. The engine's outputs are read back and judged
here, not by the tool:

fp32: the largest error is at most 1e-4 of the output's range.
bf16: for networks that give colors (`autochrome.output` is `bins313` or `ab`) the difference of
color is on average at most ΔE 1.0, and at the 99th percentile at most 3.0. It is CIE76: L* is the
same on both sides, so ΔE is the distance in ab, and for saturated colors it is stricter than
ΔE2000. Logits become colors by the annealed mean, softmax(logits ÷ T) over the bins' centers. For
other networks the largest error is at most 5 % of the output's range.

Exit status: 0 when all hold, 1 otherwise.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import fixtures
import verify

FP32_LIMIT = 1e-4
BF16_LIMIT = 5e-2
MEAN_LIMIT = 1.0
P99_LIMIT = 3.0


@dataclass
class Row:
    """A line of the table."""

    model: str
    size: str
    backend: str
    precision: str
    low: float = math.nan
    high: float = math.nan
    relative: float = math.nan
    mean: float = math.nan
    p99: float = math.nan
    fault: str = ""


def annealed_mean(logits: np.ndarray, temperature: float, centers: np.ndarray) -> np.ndarray:
    """Logits (n, q, h, w) to ab (n, 2, h, w)."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.einsum("nqhw,qc->nchw", weights, centers)


def colors(
    values: np.ndarray, properties: dict[str, str], centers: np.ndarray, temperature: float | None
) -> np.ndarray | None:
    """The ab that an output stands for, or nothing if the metadata do not say."""
    kind = properties.get("autochrome.output")
    if kind == "bins313":
        wanted = temperature or float(properties.get("autochrome.temperature", "0.38"))
        return annealed_mean(values, wanted, centers)
    if kind is not None and "RGB" in kind:
        return fixtures.ab_of_pictures(values.astype(np.float64), kind)
    return values.astype(np.float64) if kind == "ab" else None


def feeds(model: onnx.ModelProto, height: int, width: int, seed: int) -> dict[str, np.ndarray]:
    """Inputs for a colorization network: L, then hints and their mask where it takes them."""
    properties = fixtures.metadata(model)
    constants = {tensor.name for tensor in model.graph.initializer}
    ab, mask = fixtures.hints(height, width, seed)
    picture = fixtures.lightness(height, width, seed)
    result: dict[str, np.ndarray] = {}
    for value in model.graph.input:
        if value.name in constants:
            continue
        channels = value.type.tensor_type.shape.dim[1].dim_value
        if not result:
            description = properties.get("autochrome.input", "(L-50)/50")
            values = fixtures.given(picture, description)
            result[value.name] = np.repeat(values, max(channels, 1) // values.shape[1], axis=1)
        else:
            result[value.name] = ab if channels == 2 else mask
    return result


def write_folder(
    folder: Path, path: Path, model: onnx.ModelProto, sizes: list[tuple[int, int]], seed: int, threads: int
) -> None:
    """Writes the test folder of one model: a data set for each size."""
    folder.mkdir(parents=True)
    os.symlink(path.resolve(), folder / "model.onnx")
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
    for index, (height, width) in enumerate(sizes):
        data = folder / f"test_data_set_{index}"
        data.mkdir()
        inputs = feeds(model, height, width, seed + index)
        for number, (name, values) in enumerate(inputs.items()):
            verify.write_tensor(data / f"input_{number}.pb", name, values)
        for number, values in enumerate(session.run(None, inputs)):
            verify.write_tensor(data / f"output_{number}.pb", model.graph.output[number].name, values)


def judge(
    row: Row,
    ours: np.ndarray,
    theirs: np.ndarray,
    reported: float | None,
    properties: dict[str, str],
    centers: np.ndarray,
    temperature: float | None,
) -> None:
    """Fills in the figures of one output and says what is wrong with it."""
    row.low, row.high = float(theirs.min()), float(theirs.max())
    if ours.shape != theirs.shape:
        row.fault = f"shape is {ours.shape}, expected {theirs.shape}"
        return
    if not np.isfinite(ours).all():
        row.fault = "not all values are finite"
        return
    error = float(np.abs(ours.astype(np.float64) - theirs).max())
    row.relative = error / max(row.high - row.low, 1e-30)
    ours_ab = colors(ours, properties, centers, temperature)
    theirs_ab = colors(theirs, properties, centers, temperature)
    if ours_ab is not None and theirs_ab is not None:
        distance = np.sqrt(((ours_ab - theirs_ab) ** 2).sum(axis=1))
        row.mean, row.p99 = float(distance.mean()), float(np.percentile(distance, 99))
    if reported is None:
        row.fault = "the tool reports no max_abs_error"
    elif abs(reported - error) > 1e-3 * error + 1e-9:
        row.fault = f"the tool reports an error of {reported:.3g}, its saved output has {error:.3g}"
    elif row.precision == "fp32":
        if row.relative > FP32_LIMIT:
            row.fault = f"error is above {FP32_LIMIT:g} of the range"
    elif ours_ab is None:
        if row.relative > BF16_LIMIT:
            row.fault = f"error is above {BF16_LIMIT:g} of the range"
    elif row.mean > MEAN_LIMIT or row.p99 > P99_LIMIT:
        row.fault = f"color is off: limits are {MEAN_LIMIT:g} and {P99_LIMIT:g}"


def check(
    folder: Path,
    model: onnx.ModelProto,
    sizes: list[tuple[int, int]],
    backend: str,
    precision: str,
    options: argparse.Namespace,
    centers: np.ndarray,
) -> list[Row]:
    """Runs one folder with one back end and precision."""
    name = folder.name
    rows = [Row(name, f"{height}×{width}", backend, precision) for height, width in sizes]
    with tempfile.TemporaryDirectory(dir=folder.parent) as saved:
        answers, ended = verify.run(
            options.autochrome,
            [folder],
            ["--backend", backend, "--precision", precision, "--save", saved],
            options.timeout,
        )
        answer = answers.get(folder)
        if answer is None or answer.verdict == "refused":
            fault = (ended or "no answer") if answer is None else f"refused: {answer.reason}"
            for row in rows:
                row.fault = fault
            return rows
        figures = {
            (entry.get("data_set"), entry.get("name")): entry.get("max_abs_error")
            for entry in answer.fields.get("outputs", [])
        }
        properties = fixtures.metadata(model)
        for index, row in enumerate(rows):
            data_set = f"test_data_set_{index}"
            theirs = verify.read_tensor(folder / data_set / "output_0")
            try:
                ours = verify.read_tensor(Path(saved) / name / data_set / "output_0")
            except (OSError, ValueError) as error:
                row.fault = f"no saved output: {error}; {answer.reason}"
                continue
            judge(
                row,
                ours,
                theirs,
                figures.get((data_set, model.graph.output[0].name)),
                properties,
                centers,
                options.temperature,
            )
    return rows


def print_head(width: int) -> None:
    print(
        f"{'model':{width}}  {'size':>9}  {'back end':8}  {'':4}  {'output range':>19}  "
        f"{'error÷range':>11}  {'ΔE mean':>7}  {'ΔE p99':>7}"
    )


def print_row(row: Row, width: int) -> None:
    span = f"{row.low:.4g}…{row.high:.4g}"
    print(
        f"{row.model:{width}}  {row.size:>9}  {row.backend:8}  {row.precision:4}  "
        f"{span:>19}  {row.relative:11.2e}  {row.mean:7.3f}  {row.p99:7.3f}  "
        f"{row.fault or 'ok'}",
        flush=True,
    )


def size(text: str) -> tuple[int, int]:
    """Reads HEIGHTxWIDTH."""
    height, width = text.lower().split("x")
    return int(height), int(width)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--autochrome", type=Path, required=True, metavar="BIN", help="the program to check")
    parser.add_argument("--model", type=Path, nargs="+", required=True, metavar="X.onnx")
    parser.add_argument(
        "--size",
        type=size,
        nargs="+",
        metavar="HxW",
        default=[(256, 256), (192, 336), (64, 80)],
        help="rounded up to the model's stride (default 256x256 192x336 64x80)",
    )
    parser.add_argument("--backend", nargs="+", default=["onednn", "openblas"])
    parser.add_argument(
        "--precision", nargs="+", default=["fp32", "bf16"], help="bf16 is asked of onednn alone (default fp32 bf16)"
    )
    parser.add_argument(
        "--bins", type=Path, metavar="FILE.npy", help="centers of the bins, (313, 2); without it, the built-in ones"
    )
    parser.add_argument("--temperature", type=float, help="of the annealed mean; without it, the metadata's")
    parser.add_argument("--seed", type=int, default=1, help="of the pictures (default 1)")
    parser.add_argument("--threads", type=int, default=2, help="of ONNX Runtime (default 2)")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one call")
    parser.add_argument("--work", type=Path, help="keep the test folders in this new folder")
    options = parser.parse_args()

    centers = fixtures.bin_centers() if options.bins is None else np.load(options.bins)
    if centers.shape != (313, 2):
        parser.error(f"{options.bins} has shape {centers.shape}, expected (313, 2)")
    rows: list[Row] = []
    width = max(len(path.stem) for path in options.model)
    print_head(width)
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        for path in options.model:
            model = onnx.load(str(path))
            stride = int(fixtures.metadata(model).get("autochrome.stride", "1"))
            sizes = [(-(-height // stride) * stride, -(-width // stride) * stride) for height, width in options.size]
            extents = [axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim]
            if len(extents) == 4 and extents[2] and extents[3]:
                sizes = [(extents[2], extents[3])]
            folder = work / path.stem
            write_folder(folder, path, model, sizes, options.seed, options.threads)
            for backend in options.backend:
                for precision in options.precision:
                    if precision == "bf16" and backend != "onednn":
                        continue
                    found = check(folder, model, sizes, backend, precision, options, centers)
                    for row in found:
                        print_row(row, width)
                    rows += found
    faults = sum(bool(row.fault) for row in rows)
    print(f"{len(rows) - faults} of {len(rows)} hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

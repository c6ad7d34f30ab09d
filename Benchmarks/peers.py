#!/usr/bin/env python3
"""Our engine against OpenVINO, ONNX Runtime, PyTorch and ncnn, on the same ONNX files.

Every engine runs in a process of its own, in turns, round after round, with the same number of threads;
the median of the rounds counts. A peer is given each way of using its threads that it has (one picture
on all of them; with OpenVINO also one picture on each), and the faster one counts. Ours takes one picture
on each thread, as the pipeline does. Milliseconds are wall-clock time for each finished picture.

Without --model, the shipped networks and ECCV16 with random weights are run. The last columns are our time
÷ that of the fastest peer in the same precision, and ÷ that of the fastest peer in any precision that was
run: below 1 we are faster.

For int8, ours runs the network after `autochrome model calibrate`, the peers one that ONNX Runtime's own
tools have quantized (static, QDQ, s8 weights with a scale for each channel, u8 activations), both
calibrated on the project's sample film.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

SHIPPED = Path(__file__).parents[1] / "Sources/AutochromeKit/Resources/models"
PEERS = {
    "fp32": ("openvino", "openvino-throughput", "onnxruntime", "pytorch", "ncnn"),
    "bf16": ("openvino", "openvino-throughput", "pytorch"),
    "int8": ("openvino", "openvino-throughput", "onnxruntime"),
}
# OpenVINO chooses for itself what an int8 model leaves in real numbers.
HINTS = {"fp32": {"INFERENCE_PRECISION_HINT": "f32"}, "bf16": {"INFERENCE_PRECISION_HINT": "bf16"}, "int8": {}}
FILM = Path(__file__).parents[1] / "samples/film.mkv"
CALIBRATION_FRAMES = 24

Loaded = tuple[Callable[[], object], int]
"""What computes, and how many pictures it does each time."""


def feed(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (1, 1, height, width)).astype(np.float32)


def openvino(model: Path, threads: int, precision: str, picture: np.ndarray, throughput: bool = False) -> Loaded:
    import openvino

    core = openvino.Core()
    loaded = core.read_model(model)
    loaded.reshape(picture.shape)
    compiled = core.compile_model(
        loaded,
        "CPU",
        {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads if throughput else 1, **HINTS[precision]},
    )
    if not throughput:
        request = compiled.create_infer_request()
        return lambda: request.infer([picture]), 1
    queue = openvino.AsyncInferQueue(compiled, threads)

    def run() -> None:
        for _ in range(threads):
            queue.start_async([picture])
        queue.wait_all()

    return run, threads


def onnxruntime(model: Path, threads: int, _: str, picture: np.ndarray) -> Loaded:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: picture}), 1


def converter() -> ModuleType:
    """onnx2torch. It imports torchvision for operators that these networks don't have: where that was
    built for another PyTorch and does not load, a stand-in does."""
    from importlib.machinery import ModuleSpec
    from unittest import mock

    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in ("torchvision", "torchvision.ops"):
            sys.modules[name] = mock.MagicMock(__spec__=ModuleSpec(name, None))
    import onnx2torch

    return onnx2torch


def pytorch(model: Path, threads: int, precision: str, picture: np.ndarray) -> Loaded:
    import onnx
    import torch

    torch.set_num_threads(threads)
    network = converter().convert(without_casts(onnx.load(str(model)))).eval()
    tensor = torch.from_numpy(picture)
    if precision == "bf16":
        network, tensor = network.bfloat16(), tensor.bfloat16()
    network = network.to(memory_format=torch.channels_last)
    tensor = tensor.to(memory_format=torch.channels_last)
    with torch.no_grad():
        traced = torch.jit.freeze(torch.jit.trace(network, tensor))

    def run() -> None:
        with torch.no_grad():
            traced(tensor)

    return run, 1


def without_casts(model: Any) -> Any:
    """The same model with its fp16 weights as fp32, for converters that know no Cast of weights."""
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in weights:
            values = numpy_helper.to_array(weights[node.input[0]]).astype(np.float32)
            weights[node.input[0]].CopyFrom(numpy_helper.from_array(values, node.output[0]))
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def film_pictures(width: int = 256, height: int = 160) -> np.ndarray:
    """Frames of the sample film, about as the networks are given them."""
    raw = subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-v",
            "error",
            "-i",
            FILM,
            "-vf",
            f"fps=1,scale={width}:{height},format=gray",
            "-frames:v",
            str(CALIBRATION_FRAMES),
            "-f",
            "rawvideo",
            "-",
        ],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    pixels = np.frombuffer(raw, np.uint8).reshape(-1, 1, 1, height, width)
    return pixels.astype(np.float32) / 127.5 - 1


def quantized(model: Path, folder: Path) -> Path:
    """The network in int8 for the peers, as ONNX Runtime's tools make it."""
    import onnx
    from onnxruntime import quantization

    plain = folder / f"{model.stem}-plain.onnx"
    target = folder / f"{model.stem}-qdq.onnx"
    network = without_casts(onnx.load(str(model)))
    onnx.save(network, str(plain))
    name = network.graph.input[0].name

    class Reader(quantization.CalibrationDataReader):
        pictures = iter(film_pictures())

        def get_next(self) -> dict[str, np.ndarray] | None:
            picture = next(self.pictures, None)
            return None if picture is None else {name: picture}

    quantization.quantize_static(
        str(plain),
        str(target),
        Reader(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    return target


def calibrated(autochrome: Path, model: Path, folder: Path) -> Path:
    """The network with the ranges that our int8 needs."""
    target = folder / f"{model.stem}.onnx"
    subprocess.run(
        [
            autochrome,
            "model",
            "calibrate",
            model,
            FILM,
            "-o",
            target,
            "--frames",
            str(CALIBRATION_FRAMES),
            "--overwrite",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return target


def ncnn(model: Path, threads: int, _: str, picture: np.ndarray) -> Loaded:
    import ncnn as library
    import onnx

    folder = Path(tempfile.mkdtemp())
    onnx.save(without_casts(onnx.load(str(model))), str(folder / "model.onnx"))
    shape = ",".join(map(str, picture.shape))
    pnnx = Path(sys.executable).with_name("pnnx")
    subprocess.run(
        [pnnx, "model.onnx", f"inputshape=[{shape}]", "fp16=0"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    network = library.Net()
    network.opt.num_threads = threads
    network.load_param(str(folder / "model.ncnn.param"))
    network.load_model(str(folder / "model.ncnn.bin"))

    def run() -> None:
        with network.create_extractor() as extractor:
            extractor.input("in0", library.Mat(picture[0]))
            extractor.extract("out0")

    return run, 1


ENGINES: dict[str, Callable[[Path, int, str, np.ndarray], Loaded]] = {
    "openvino": openvino,
    "onnxruntime": onnxruntime,
    "pytorch": pytorch,
    "ncnn": ncnn,
    "openvino-throughput": functools.partial(openvino, throughput=True),
}


def one(arguments: argparse.Namespace) -> None:
    """In a process of its own: the median time of a picture, in milliseconds."""
    run, pictures = ENGINES[arguments.one](
        arguments.model[0], arguments.threads[0], arguments.precision[0], feed(arguments.width, arguments.height)
    )
    for _ in range(3):
        run()
    times = []
    for _ in range(arguments.runs):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start) / pictures)
    print(json.dumps(statistics.median(times)))


def measure(engine: str, model: Path, threads: int, precision: str, arguments: argparse.Namespace) -> float | None:
    """Milliseconds for each picture; nothing where the engine can't run it."""
    size = (arguments.width, arguments.height)
    if engine == "autochrome":
        command = [
            arguments.autochrome,
            "model",
            "time",
            model,
            "--threads",
            threads,
            "--size",
            f"{size[0]}x{size[1]}",
            "--backend",
            "onednn",
            "--precision",
            precision,
            "--rounds",
            arguments.runs,
            "--json",
        ]
    else:
        command = [
            sys.executable,
            __file__,
            "--one",
            engine,
            "--model",
            model,
            "--threads",
            threads,
            "--precision",
            precision,
            "--width",
            size[0],
            "--height",
            size[1],
            "--runs",
            arguments.runs,
        ]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    result = subprocess.run(
        [str(part) for part in command],
        env=environment,
        text=True,
        capture_output=True,
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [""]
        print(f"{engine}, {model.name}, {precision}: {lines[-1]}", file=sys.stderr)
        return None
    answer = json.loads(result.stdout.strip().splitlines()[-1] if engine != "autochrome" else result.stdout)
    return answer if engine != "autochrome" else answer[0]["milliseconds"]


def random_eccv16(folder: Path) -> Path:
    subprocess.run(
        [sys.executable, Path(__file__).with_name("export_networks.py"), folder], check=True, stdout=subprocess.DEVNULL
    )
    return next(folder.glob("**/*eccv16*.onnx"))


def flags() -> str:
    text = Path("/proc/cpuinfo").read_text()
    known = next(line for line in text.splitlines() if line.startswith("flags")).split()
    return " ".join(flag for flag in known if flag.startswith(("avx", "amx", "fma")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--autochrome", type=Path)
    parser.add_argument("--model", type=Path, nargs="+", default=[])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16", "int8"])
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--height", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3, help="turns of all engines")
    parser.add_argument("--runs", type=int, default=11, help="runs in each turn; the median counts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments)
        return
    if arguments.autochrome is None:
        parser.error("--autochrome BINARY is missing")
    with tempfile.TemporaryDirectory() as folder:
        models = arguments.model or [*sorted(SHIPPED.glob("autochrome*.onnx")), random_eccv16(Path(folder))]
        rows = [
            row
            for model in models
            for threads in arguments.threads
            for row in compare_all(model, threads, arguments, Path(folder))
        ]
    if arguments.json:
        arguments.json.write_text(
            json.dumps(
                {"machine": platform.machine(), "flags": flags(), "date": time.strftime("%Y-%m-%d"), "rows": rows},
                indent=1,
            )
        )


def compare_all(model: Path, threads: int, arguments: argparse.Namespace, folder: Path) -> list[dict]:
    """A row for each precision."""
    rows = []
    for precision in arguments.precision:
        files = {"autochrome": model, "peers": model}
        if precision == "int8":
            prepared = folder / f"int8-{model.stem}"
            prepared.mkdir(exist_ok=True)
            files = {"autochrome": prepared / model.name, "peers": prepared / f"{model.stem}-qdq.onnx"}
            if not files["peers"].exists():
                calibrated(arguments.autochrome, model, prepared)
                quantized(model, prepared)
        rows.append(compare(model.stem, files, threads, precision, arguments))
    fastest = min(
        (value for row in rows for engine, value in row["milliseconds"].items() if engine != "autochrome"), default=None
    )
    for row in rows:
        ours = row["milliseconds"].get("autochrome")
        row["ratio_to_any"] = ours / fastest if ours and fastest else None
        print(
            f"{row['model']:18} {row['precision']} {threads} thread{'s' if threads > 1 else ' '} "
            + "  ".join(f"{engine} {value:.1f}" for engine, value in row["milliseconds"].items())
            + "".join(
                f"  ÷ fastest peer{words} {row[key]:.2f}"
                for key, words in (("ratio", ""), ("ratio_to_any", " of any precision"))
                if row[key]
            ),
            flush=True,
        )
    return rows


def compare(name: str, files: dict[str, Path], threads: int, precision: str, arguments: argparse.Namespace) -> dict:
    engines = ["autochrome", *PEERS[precision]]
    times: dict[str, list[float]] = {engine: [] for engine in engines}
    for _ in range(arguments.rounds):
        for engine in list(engines):
            file = files["autochrome" if engine == "autochrome" else "peers"]
            value = measure(engine, file, threads, precision, arguments)
            if value is None:
                engines.remove(engine)
            else:
                times[engine].append(value)
    medians = {engine: statistics.median(times[engine]) for engine in engines}
    ours = medians.get("autochrome")
    peers = {engine: value for engine, value in medians.items() if engine != "autochrome"}
    ratio = ours / min(peers.values()) if ours and peers else None
    return {"model": name, "precision": precision, "threads": threads, "milliseconds": medians, "ratio": ratio}


if __name__ == "__main__":
    main()

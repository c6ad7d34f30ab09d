"""Calls `autochrome model verify` and reads its answer.

    autochrome model verify FOLDER… [--backend NAME] [--precision NAME] [--save DIR] --json

Each FOLDER is a test in ONNX's own layout: `model.onnx`, and `test_data_set_N/` with
`input_M.pb` and `output_M.pb` (serialized TensorProto, in the order of the graph's inputs and
outputs). For each folder the tool prints one JSON object on one line:

    {"folder": "…",                     as given
     "verdict": "passed",               or "refused": the model needs what the engine lacks;
                                        or "failed": it ran, and the outputs differ
     "reason": "…",                     a sentence, unless passed
     "operator": "Gelu",                the operator that was refused, if it was one
     "outputs": [{"data_set": "test_data_set_0", "name": "logits", "shape": [1, 313, 64, 64],
                  "max_abs_error": 1e-5, "min": -20.1, "max": 3.2}]}

`min` and `max` are the expected output's. With `--save DIR` the engine's outputs are written as
`DIR/<name of FOLDER>/test_data_set_N/output_M.npy` (or `.pb`), float32.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass
class Answer:
    """What the tool said of one folder."""

    folder: Path
    verdict: str
    reason: str
    operator: str
    fields: dict


def run(
    binary: Path, folders: Sequence[Path], arguments: Sequence[str], timeout: float
) -> tuple[dict[Path, Answer], str]:
    """The answers by folder, and a sentence on how the process ended, if it did not end well.

    A folder without an answer is missing from the result: the process died before it, or was
    stopped at the time limit (in seconds).
    """
    command = [str(binary), "model", "verify", *map(str, folders), *arguments, "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        output, ended = done.stdout, ""
        if done.returncode < 0:
            ended = f"killed by signal {-done.returncode}"
        elif done.returncode != 0:
            ended = f"exit status {done.returncode}"
        last = done.stderr.strip().splitlines()[-1:] if ended else []
        ended = ": ".join([ended, *last])
    except subprocess.TimeoutExpired as expired:
        partial = expired.stdout or b""
        output = partial.decode() if isinstance(partial, bytes) else partial
        ended = f"no end after {timeout:.0f} s"
    by_name = {str(folder): folder for folder in folders}
    answers: dict[Path, Answer] = {}
    for line in output.splitlines():
        try:
            fields = json.loads(line)
            folder = by_name[fields["folder"].rstrip("/")]
            verdict = fields["verdict"]
        except (ValueError, KeyError, TypeError, AttributeError):
            ended = f"stdout has a line that is no answer: {line[:120]!r}"
            continue
        if verdict not in ("passed", "refused", "failed"):
            ended = f"unknown verdict {verdict!r}"
            continue
        answers[folder] = Answer(folder, verdict, fields.get("reason") or "", fields.get("operator") or "", fields)
    return answers, ended


def write_tensor(path: Path, name: str, values: np.ndarray) -> None:
    """Writes a TensorProto, as ONNX's test folders hold them."""
    tensor = numpy_helper.from_array(np.ascontiguousarray(values), name)
    path.write_bytes(tensor.SerializeToString())


def read_tensor(stem: Path) -> np.ndarray:
    """Reads `stem`.npy or `stem`.pb."""
    array = stem.with_suffix(".npy")
    if array.exists():
        return np.load(array, allow_pickle=False)
    tensor = onnx.TensorProto()
    tensor.ParseFromString(stem.with_suffix(".pb").read_bytes())
    return numpy_helper.to_array(tensor)

#!/usr/bin/env python3
"""Runs the ONNX standard's own operator tests through `autochrome model verify`.

The onnx package carries a folder for each test: a small model, inputs, expected outputs. Each must
be passed, or refused with the name of what is missing; a wrong result is a failure, as is a crash.
Every operator of the claimed list needs at least one test that passes.

Exit status: 0 when nothing failed and the list holds, 1 otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import onnx

import verify


def subject(folder: Path) -> str:
    """The operator that a test is about.

    Most models have one node. A test whose name ends in `_expanded` spells a composite operator
    out in simpler ones; what it exercises is told by that name alone.
    """
    nodes = onnx.load(str(folder / "model.onnx")).graph.node
    names = {node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}" for node in nodes}
    return names.pop() if len(names) == 1 else "(several)"


def verdicts(
    binary: Path, folders: list[Path], arguments: list[str], batch: int, timeout: float
) -> dict[Path, verify.Answer]:
    """An answer for every folder. Those that a dying process left out are asked for alone."""
    answers: dict[Path, verify.Answer] = {}
    for start in range(0, len(folders), batch):
        part = folders[start : start + batch]
        found, _ = verify.run(binary, part, arguments, timeout)
        for folder in part:
            if folder not in found:
                alone, ended = verify.run(binary, [folder], arguments, timeout)
                found[folder] = alone.get(folder) or verify.Answer(
                    folder, "failed", f"no answer: {ended or 'exit status 0'}", "", {}
                )
            answer = found[folder]
            if answer.verdict == "refused" and not answer.reason:
                answer.verdict, answer.reason = "failed", "refused without a reason"
            answers[folder] = answer
    return answers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--autochrome", type=Path, required=True, metavar="BIN", help="the program to check")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        default=Path(onnx.__file__).parent / "backend/test/data/node",
        help="the folder of test folders (default: the onnx package's)",
    )
    parser.add_argument(
        "--operators",
        type=Path,
        metavar="FILE",
        default=Path(__file__).parent / "operators.txt",
        help="the claimed operators, one a line (default: operators.txt)",
    )
    parser.add_argument("--backend", default="openblas", help="(default openblas)")
    parser.add_argument("--match", default="*", metavar="GLOB", help="just these tests")
    parser.add_argument("--batch", type=int, default=100, help="folders a call (default 100)")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one call")
    parser.add_argument("-v", "--verbose", action="store_true", help="list the refused tests too")
    options = parser.parse_args()

    folders = sorted(path.parent for path in options.data.glob(f"{options.match}/model.onnx"))
    if not folders:
        parser.error(f"{options.data} holds no test that matches {options.match}")
    lines = (line.split("#")[0].strip() for line in options.operators.read_text().splitlines())
    claimed = [line for line in lines if line]

    answers = verdicts(
        options.autochrome,
        folders,
        ["--backend", options.backend, "--precision", "fp32"],
        options.batch,
        options.timeout,
    )
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"passed": 0, "refused": 0, "failed": 0})
    for folder, answer in answers.items():
        counts[subject(folder)][answer.verdict] += 1

    total = {verdict: sum(row[verdict] for row in counts.values()) for verdict in ("passed", "refused", "failed")}
    print(f"{'operator':28} {'passed':>6} {'refused':>7} {'failed':>6}")
    for operator, row in sorted(counts.items()):
        if row["passed"] or row["failed"] or operator in claimed:
            mark = "" if operator in claimed else "  (not claimed)"
            print(f"{operator:28} {row['passed']:6} {row['refused']:7} {row['failed']:6}{mark}")
    wholly = sum(not (row["passed"] or row["failed"]) for row in counts.values())
    print(
        f"{'total':28} {total['passed']:6} {total['refused']:7} {total['failed']:6}"
        f"  ({wholly} operators wholly refused)"
    )

    for folder, answer in answers.items():
        if answer.verdict == "failed" or (options.verbose and answer.verdict == "refused"):
            what = f" ({answer.operator})" if answer.operator else ""
            print(f"{answer.verdict}: {folder.name}{what}: {answer.reason}")
    missing = [name for name in claimed if not counts[name]["passed"]]
    if missing and options.match == "*":
        print(f"claimed, but no test passes: {', '.join(missing)}")
    return 1 if total["failed"] or (missing and options.match == "*") else 0


if __name__ == "__main__":
    sys.exit(main())

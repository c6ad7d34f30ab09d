#!/usr/bin/env python3
"""Holds the list of networks, models.json, against the files beside it.

Usage: model_manifest.py [--update]

Each network in the folder has to be in the list, with its size and its SHA-256 sum. --update writes those of the files
that are there; what the list says of others stays, and so do licenses. Exit status: 0 if all is right, 1 otherwise.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import parts

MANIFEST = parts.MODELS / "models.json"


def main() -> None:
    if any(argument != "--update" for argument in sys.argv[1:]):
        print(__doc__.strip() if __doc__ else "", file=sys.stderr)
        sys.exit(64)
    listed: dict[str, Any] = {"schema": 1, "models": []}
    if MANIFEST.exists():
        listed = json.loads(MANIFEST.read_text())
    entries: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in listed["models"]}
    faults = []
    for path in sorted(parts.MODELS.glob("*.onnx")):
        before = entries.get(path.stem, {})
        entry = {
            "name": path.stem,
            "file": path.name,
            "bytes": path.stat().st_size,
            "sha256": parts.sha256(path),
            "license": before.get("license", "Apache-2.0"),
        }
        if entry != before:
            faults.append(f"{MANIFEST.relative_to(parts.ROOT)} does not describe {path.name} as it is")
        entries[path.stem] = entry
    if "--update" in sys.argv:
        listed["models"] = [entries[name] for name in sorted(entries)]
        MANIFEST.write_text(json.dumps(listed, indent=2) + "\n")
    elif faults:
        print(*faults, "run scripts/model_manifest.py --update", sep="\n", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks `autochrome model fetch` and `model list` against a server of this machine's own and against a folder.

Usage: check_fetch.py BIN

The right file, another one of the same size, a shorter and a longer one, a transfer that breaks off, a file that the
server does not have, a server that is not there, a name that is not in the list, a file that is there already, right
or not, a program without curl. After each: exit status, the sentence, and what lies in the folder, hidden files
included. One line for each case. Exit status: 0 if all are right, 1 otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "Sources/AutochromeKit/Resources"
NETWORK = (RESOURCES / "models/none.onnx").read_bytes()
NAME = "another"


class Server(ThreadingHTTPServer):
    """Gives NETWORK, and what is wrong with it in all ways, by the first part of the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self, way: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{way}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        bodies = {
            "right": NETWORK,
            "other": bytes(len(NETWORK)),
            "short": NETWORK[:-1],
            "long": NETWORK + b"\0",
            "broken": NETWORK[: len(NETWORK) // 2],
        }
        if way == "moved":
            self.send_response(302)
            self.send_header("Location", self.path.replace("moved", "right"))
            self.end_headers()
        elif way in bodies and self.path == f"/{way}/{NAME}.onnx":
            self.send_response(200)
            length = len(NETWORK) if way == "broken" else len(bodies[way])
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(bodies[way])
        else:
            self.send_error(404)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002, as http.server calls it
        pass


@dataclass
class Checker:
    binary: Path
    work: Path
    wrong: int = 0

    def run(self, *arguments: str | Path, path: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "AUTOCHROME_RESOURCES": str(self.work / "resources"),
            "AUTOCHROME_MODELS": str(self.work / "models"),
        }
        if path is not None:
            environment["PATH"] = path
        return subprocess.run(
            [str(self.binary), "model", *map(str, arguments)],
            env=environment,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    def case(
        self,
        name: str,
        result: subprocess.CompletedProcess[str],
        status: int,
        words: list[str],
        expected: dict[str, bytes] | None = None,
        folder: str = "models",
    ) -> None:
        """Compares the status, words in what was said, and what lies in the folder, if it is told."""
        said = result.stdout if status == 0 else result.stderr
        faults = []
        if result.returncode != status:
            faults.append(f"exit status {result.returncode}, expected {status}: {result.stderr.strip()}")
        faults += [f"'{word}' is not said: {said.strip()}" for word in words if word not in said]
        if status and len(result.stderr.splitlines()) != 1:
            faults.append(f"{len(result.stderr.splitlines())} lines on stderr, expected one: {result.stderr}")
        if expected is not None:
            place = self.work / folder
            found = {path.name: path.read_bytes() for path in place.iterdir()} if place.exists() else {}
            if found != expected:
                sizes = {key: len(value) for key, value in found.items()}
                faults.append(f"the folder holds {sizes}, expected {sorted(expected)}")
        print(f"WRONG {name}: {'; '.join(faults)}" if faults else f"ok    {name}: {said.strip()[:120]}")
        self.wrong += bool(faults)


def prepare(work: Path) -> None:
    """Resources like those of the program, with one more network in the list."""
    resources = work / "resources"
    (resources / "models").mkdir(parents=True)
    for kind in ("guidance", "pipelines"):
        (resources / kind).symlink_to(RESOURCES / kind)
    for path in RESOURCES.glob("models/*.onnx"):
        (resources / "models" / path.name).symlink_to(path)
    listed = json.loads((RESOURCES / "models/models.json").read_text())
    listed["models"].append(
        {
            "name": NAME,
            "file": f"{NAME}.onnx",
            "bytes": len(NETWORK),
            "sha256": hashlib.sha256(NETWORK).hexdigest(),
            "license": "Apache-2.0",
        }
    )
    (resources / "models/models.json").write_text(json.dumps(listed))
    (work / "folder").mkdir()
    (work / f"folder/{NAME}.onnx").write_bytes(NETWORK)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        prepare(work)
        checker = Checker(Path(sys.argv[1]).resolve(), work)
        server = Server()
        run, case = checker.run, checker.case
        file = work / f"models/{NAME}.onnx"
        there = {file.name: NETWORK}

        case(
            "what can be fetched is listed",
            run("list"),
            0,
            ["autochrome (default)\n", f"{NAME} (not installed", "fetch"],
        )
        for way, status, words in (
            ("other", 65, ["SHA-256", NAME]),
            ("short", 65, [f"{len(NETWORK) - 1} bytes, expected {len(NETWORK)}"]),
            ("long", 65, [f"expected {len(NETWORK)}"]),
            ("broken", 74, ["can't be fetched", "try again"]),
            ("absent", 66, ["404", f"/absent/{NAME}.onnx"]),
        ):
            case(way, run("fetch", NAME, "--from", server.address(way)), status, words, {})
        case("no server", run("fetch", NAME, "--from", "http://127.0.0.1:9"), 74, ["127.0.0.1:9"], {})
        case("no such scheme", run("fetch", NAME, "--from", "ftp://example"), 64, ["ftp://"], {})
        case("no such folder", run("fetch", NAME, "--from", work / "nowhere"), 66, ["nowhere"], {})
        case("no such name", run("fetch", "nothing", "--from", work / "folder"), 66, ["'nothing'", NAME], {})
        case("no curl", run("fetch", NAME, "--from", server.address("right"), path=folder), 69, ["curl"], {})

        case("by http", run("fetch", NAME, "--from", server.address("right")), 0, ["was fetched"], there)
        case("it is listed as there", run("list"), 0, [f"{NAME} ({file})\n"])
        case("it is found by its name", run("show", NAME), 0, [str(file)])
        case("once more", run("fetch", NAME, "--from", server.address("absent")), 0, ["already present"], there)
        case("all that is not there", run("fetch", "--from", server.address("absent")), 0, ["All networks"], there)
        file.write_bytes(b"mine")
        mine = {file.name: b"mine"}
        case("another is there", run("fetch", NAME, "--from", work / "folder"), 73, ["--overwrite"], mine)
        broken = run("fetch", NAME, "--from", server.address("broken"), "--overwrite")
        case("another stays when it breaks off", broken, 74, ["can't be fetched"], mine)
        case("replaced", run("fetch", NAME, "--from", work / "folder", "--overwrite"), 0, ["was fetched"], there)
        file.unlink()
        case("moved", run("fetch", "--from", server.address("moved") + "/"), 0, ["was fetched"], there)
        file.unlink()
        local = (work / "folder").as_uri()
        case("by file URL", run("fetch", NAME, "--from", local), 0, ["was fetched"], there)
        missing = (work / "nowhere").as_uri()
        case("no such file URL", run("fetch", NAME, "--from", missing, "--overwrite"), 0, ["already present"], there)
        elsewhere = run("fetch", NAME, "--from", work / "folder", "--to", work / "to/there")
        case("to another folder", elsewhere, 0, ["was fetched"], there, "to/there")
        case("no such file URL, new", run("fetch", NAME, "--from", missing, "--to", work / "new"), 66, ["nowhere"])
        sys.exit(1 if checker.wrong else 0)


if __name__ == "__main__":
    main()

"""Runs programs: what they take, and what they are given."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from pathlib import Path


def usage_of(command: list) -> tuple[float, resource.struct_rusage]:
    """Runs a program, and tells its wall time in seconds and what the system counted of it."""
    begin = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}: {command}")
    return time.perf_counter() - begin, usage


def run(*command: object) -> bytes:
    """Runs a program that must not fail, and gives what it prints."""
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout


def feed(command: list[str], data: bytes, path: Path) -> None:
    """Runs a program that reads `data` from stdin and writes `path`."""
    if subprocess.run(command, input=data, check=False).returncode:
        raise SystemExit(f"{path} could not be written")

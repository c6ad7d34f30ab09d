"""What a program takes."""

from __future__ import annotations

import os
import resource
import subprocess
import time


def usage_of(command: list) -> tuple[float, resource.struct_rusage]:
    """Runs a program, and tells its wall time in seconds and what the system counted of it."""
    begin = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit status {process.returncode}: {command}")
    return time.perf_counter() - begin, usage

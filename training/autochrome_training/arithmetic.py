"""Which arithmetic training uses."""

from __future__ import annotations

import functools
from pathlib import Path

import torch


@functools.cache
def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for it; without, it is slower than float32."""
    if device.type != "cpu":
        return True
    information = Path("/proc/cpuinfo")
    words = set(information.read_text().split()) if information.exists() else set()
    return not words.isdisjoint(("avx512_bf16", "amx_bf16"))


def autocast(device: torch.device) -> torch.autocast:
    """bfloat16 within layers, where the device multiplies in it: what is learned is as good."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=multiplies_bfloat16(device))

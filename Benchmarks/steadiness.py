#!/usr/bin/env python3
"""How steady the colors are, and at what price, against what others do to the same frames.

Each color clip is colorized from its luma alone: frame by frame (`--stability 0`), as shipped, and
causally (`--look-ahead 0`), without loss in the pixel format of the pipeline `film`. To the frames of
the first, three other methods are applied, each beginning anew at every shot:

ema      an exponential average of chroma over time, each frame counting for 0.2
window   the mean of chroma over 15 frames, as HAVC does
flow     a running mean of chroma carried along by optical flow (OpenCV's DIS), each frame counting
         for 0.2, as EpochColor does; where flow there and back disagree, the frame's own

All are judged by `autochrome compare` against the clip itself, with its motion. Printed for each clip
and as the mean over clips: the warp error of a*b* and of RGB as a ratio to the frame-by-frame result,
AuC and ΔCF as differences from it, CDC as a ratio to the clip's own, and drift, the mean ΔE between the
first and the last frame of a place's path (long paths in parts of 48 frames), with the clip's own beside
it. Films without color can be given as well: what needs the truth is then nan.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from processes import feed, run

FRESH = 0.2
WINDOW = 15

STORED = "yuv420p10le"
"""What the pipeline `film` writes: in 8 bits, rounding of slow changes would count as flicker."""
WORKED_ON = "yuv444p10le"

Planes = list[np.ndarray]
"""Frames of yuv444p10le, each (3, height, width)."""


def compare(autochrome: Path, clip: Path, result: Path) -> dict:
    return json.loads(run(autochrome, "compare", clip, result, "--json", "--progress", "none"))


def read(path: Path) -> Planes:
    size = (
        run(
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=width,height",
            "-of",
            "csv=p=0",
            path,
        )
        .decode()
        .strip()
        .split(",")
    )
    width, height = int(size[0]), int(size[1])
    # Each frame once, whatever its time.
    raw = run("ffmpeg", "-v", "error", "-i", path, "-vsync", "0", "-f", "rawvideo", "-pix_fmt", WORKED_ON, "-")
    return list(np.frombuffer(raw, "<u2").reshape(-1, 3, height, width))


def write(frames: Planes, like: Path, path: Path) -> None:
    """The frames with the time stamps and tags of `like`."""
    height, width = frames[0].shape[1:]
    feed(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-f",
            "rawvideo",
            "-pix_fmt",
            WORKED_ON,
            "-s",
            f"{width}x{height}",
            "-i",
            "-",
            "-i",
            str(like),
            "-map",
            "0:v",
            "-map_metadata",
            "1",
            "-c:v",
            "ffv1",
            "-pix_fmt",
            STORED,
            *tags(like),
            str(path),
        ],
        b"".join(frame.tobytes() for frame in frames),
        path,
    )


def tags(path: Path) -> list[str]:
    names = {
        "color_range": "-color_range",
        "color_space": "-colorspace",
        "color_primaries": "-color_primaries",
        "color_transfer": "-color_trc",
    }
    stream = json.loads(
        run(
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=" + ",".join(names),
            "-of",
            "json",
            path,
        )
    )["streams"][0]
    return [part for name, option in names.items() if name in stream for part in (option, stream[name])]


def exponential(shot: Planes) -> Planes:
    mean, result = shot[0][1:].astype(np.float32), []
    for frame in shot:
        mean = mean + FRESH * (frame[1:] - mean)
        result.append(with_chroma(frame, mean))
    return result


def windowed(shot: Planes) -> Planes:
    chroma = np.stack([frame[1:] for frame in shot]).astype(np.float32)
    half = WINDOW // 2
    return [with_chroma(frame, chroma[max(0, at - half) : at + half + 1].mean(0)) for at, frame in enumerate(shot)]


def carried(shot: Planes) -> Planes:
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = shot[0].shape[1:]
    luma = [(frame[0] >> 2).astype(np.uint8) for frame in shot]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    mean, result = shot[0][1:].astype(np.float32), [shot[0]]
    for frame, before, now in zip(shot[1:], luma[:-1], luma[1:], strict=True):
        back = dis.calc(now, before, None)
        there = dis.calc(before, now, None)
        places = grid + back
        warped = np.stack(
            [cv2.remap(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for plane in mean]
        )
        round_trip = back + cv2.remap(there, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        known = (round_trip**2).sum(-1) < 0.01 * (back**2).sum(-1) + 0.5
        own = frame[1:].astype(np.float32)
        mean = np.where(known, warped + FRESH * (own - warped), own)
        result.append(with_chroma(frame, mean))
    return result


def with_chroma(frame: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    return np.concatenate((frame[:1], np.clip(np.rint(chroma), 0, 1023).astype(np.uint16)))


OTHERS: dict[str, Callable[[Planes], Planes]] = {"ema": exponential, "window": windowed, "flow": carried}
OURS = {"steady": [], "causal": ["--look-ahead", "0"]}


def measure(autochrome: Path, clip: Path, options: list[str], folder: Path) -> dict[str, dict]:
    def colorized(name: str, more: list[str], pixels: str = STORED) -> Path:
        path = folder / f"{name}.mkv"
        run(
            autochrome,
            clip,
            "-o",
            path,
            "--codec",
            "ffv1",
            "--pixel-format",
            pixels,
            "--overwrite",
            "--progress",
            "none",
            *options,
            *more,
        )
        return path

    # Whatever the options say: where nothing is steadied, nothing can be carried.
    each = ["--stability", "0", "--key-frames", "off"]
    alone = colorized("alone", each)
    reports = {"alone": compare(autochrome, clip, alone)}
    for name, more in OURS.items():
        reports[name] = compare(autochrome, clip, colorized(name, more))
    frames = read(colorized("full", each, WORKED_ON))
    starts = [row["index"] for row in reports["alone"]["frameRows"] if row["startsShot"]]
    shots = [frames[first:last] for first, last in zip(starts, [*starts[1:], len(frames)], strict=True)]
    for name, method in OTHERS.items():
        path = folder / f"{name}.mkv"
        write([frame for shot in shots for frame in method(shot)], alone, path)
        reports[name] = compare(autochrome, clip, path)
    return reports


def row(report: dict, alone: dict) -> dict[str, float]:
    def error(one: dict, kind: str) -> float:
        return one["film"][kind]["result"]

    def figure(one: dict, kind: str) -> float:
        return (one.get("figures") or {}).get(kind, math.nan)

    consistency = report["film"]["colorDistributionConsistency"]
    drift = report["film"]["drift"]
    return {
        "ab": error(report, "warpErrorAB") / error(alone, "warpErrorAB"),
        "rgb": error(report, "warpErrorRGB") / error(alone, "warpErrorRGB"),
        "auc": figure(report, "auc") - figure(alone, "auc"),
        "cf": figure(report, "deltaColorfulness") - figure(alone, "deltaColorfulness"),
        "cdc": consistency["result"] / consistency["reference"],
        # Absent where no path was long enough.
        "drift": drift.get("result", math.nan),
        "own": drift.get("reference", math.nan),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--autochrome", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--options", default="", help="for every colorization, one string")
    arguments = parser.parse_args()
    rows: dict[str, dict[str, dict[str, float]]] = {}
    heading = (
        f"{'clip':18} {'method':8} {'warp ab':>8} {'warp RGB':>8} {'AuC':>7} "
        f"{'ΔCF':>6} {'CDC':>6} {'drift':>6} {'own':>6}"
    )
    print(heading, flush=True)

    def show(clip: str, name: str, values: dict[str, float]) -> None:
        print(
            f"{clip:18} {name:8} {values['ab']:8.3f} {values['rgb']:8.3f} {values['auc']:+7.2f} "
            f"{values['cf']:+6.2f} {values['cdc']:6.2f} {values['drift']:6.2f} "
            f"{values['own']:6.2f}",
            flush=True,
        )

    for clip in arguments.clips:
        with tempfile.TemporaryDirectory() as folder:
            reports = measure(arguments.autochrome, clip, arguments.options.split(), Path(folder))
        rows[clip.stem] = {name: row(report, reports["alone"]) for name, report in reports.items()}
        for name, values in rows[clip.stem].items():
            show(clip.stem, name, values)
    if len(rows) > 1:
        for name in next(iter(rows.values())):
            show(
                "mean",
                name,
                {
                    key: float(np.mean([clip[name][key] for clip in rows.values()]))
                    for key in next(iter(rows.values()))[name]
                },
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

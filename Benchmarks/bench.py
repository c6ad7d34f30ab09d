#!/usr/bin/env python3
"""The speed and memory of this machine's build, in one run: `make bench`.

1. Each stage alone on one core at 480p, 1080p and 2160p, beside what the machine copies and multiplies.
2. A whole 1080p clip against ffmpeg's plain transcode of it with the same encoder, in turns, with all
   instruction sets and with AVX2 alone.
3. Peak memory at 1080p and 2160p.
4. What it costs to keep a minute of 1080p in segments, against the same film through a pipe, which keeps none:
   wall time and file size, in pairs; and with a segment for each shot.
5. A pipe of 480p frames: from the first frame written to the first one in color, and from the start of
   the program to it.
6. Where openvino, onnxruntime, torch, ncnn, pnnx and onnx2torch are installed (requirements-peers.txt), the
   engine against them: see peers.py.

`--only` leaves the rest out, by these names: stages, clips, memory, segments, pipes, engine. Ratios count; times
are those of this machine in this hour. Nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peers
from processes import usage_of

SMALL = (854, 480)


@dataclass(frozen=True)
class Run:
    """What a part measures with."""

    binary: Path
    # 1080p.
    clip: Path
    # For its files.
    folder: Path
    peer_rounds: int


def output_of(command: list[Any], **more: Any) -> str:
    return subprocess.run([str(part) for part in command], check=True, text=True, stdout=subprocess.PIPE, **more).stdout


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def joined(clips: list[Path], target: Path) -> None:
    """The clips one after the other as one gray film of 1920×1080 at 24 frames a second."""
    inputs = [part for clip in clips for part in ("-i", clip)]
    chains = [f"[{index}:v:0]scale=1920:1080,setsar=1,hue=s=0[v{index}]" for index in range(len(clips))]
    names = "".join(f"[v{index}]" for index in range(len(clips)))
    ffmpeg(
        *inputs,
        "-filter_complex",
        ";".join([*chains, f"{names}concat=n={len(clips)},setpts=N/24/TB"]),
        "-r",
        "24",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "18",
        target,
    )


def peak_megabytes(command: list) -> float:
    """Peak resident memory of a program, in 10⁶ bytes."""
    _, usage = usage_of(command)
    return usage.ru_maxrss * 1024 / 1e6


def stages(run: Run) -> dict:
    return json.loads(output_of([run.binary, "bench", "--stages", "--json"]))


def clips(run: Run) -> dict:
    figures = {}
    for title, limit in (("all instruction sets", None), ("AVX2 alone", "avx2")):
        environment = os.environ | ({"AUTOCHROME_ISA": limit} if limit else {})
        figures[title] = json.loads(output_of([run.binary, "bench", run.clip, "--json"], env=environment))
    return figures


def memory(run: Run) -> dict:
    large = run.folder / "2160p.mkv"
    ffmpeg(
        "-i",
        run.clip,
        "-frames:v",
        "60",
        "-vf",
        "scale=3840:2160",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        large,
    )
    figures = {}
    for name, film in (("1080p", run.clip), ("2160p", large)):
        for preset in ("veryfast", "medium"):
            figures[f"{name} {preset}"] = peak_megabytes(
                [
                    run.binary,
                    film,
                    "-o",
                    run.folder / "memory.mkv",
                    "--overwrite",
                    "-q",
                    "--preset",
                    preset,
                    "--frames",
                    "150",
                ]
            )
    return figures


def segments(run: Run, rounds: int = 3) -> dict:
    """The median of the ratios of neighbours: kept in segments ÷ not kept."""
    film = run.folder / "minute.mkv"
    ffmpeg("-stream_loop", "-1", "-i", run.clip, "-t", "60", "-c", "copy", film)
    shots = run.folder / "minute.shots.yaml"
    output_of([run.binary, "plan", film, "-o", shots, "--overwrite", "-q"])
    figures = {}
    for codec, options in (
        ("x264", ["--codec", "x264", "--crf", "18", "--preset", "veryfast"]),
        ("ffv1", ["--codec", "ffv1"]),
    ):
        for name, more in (("segments", []), ("a segment for each shot", ["--shots", shots])):
            times, sizes = [], []
            for number in range(rounds):
                seconds, bytes_of = {}, {}
                # In turns: a machine that slows down must not count for one of them.
                for target in ("-", run.folder / "kept.mkv")[:: -1 if number % 2 else 1]:
                    # What an earlier one left is not this one's to remove.
                    (run.folder / "kept.mkv").unlink(missing_ok=True)
                    shutil.rmtree(run.folder / "kept.mkv.job", ignore_errors=True)
                    with open(run.folder / "piped.mkv", "wb") as pipe:
                        begin = time.perf_counter()
                        subprocess.run(
                            [
                                str(run.binary),
                                str(film),
                                "-o",
                                str(target),
                                "--format",
                                "matroska",
                                "-q",
                                *options,
                                *(map(str, more) if target != "-" else []),
                            ],
                            check=True,
                            stdout=pipe if target == "-" else subprocess.DEVNULL,
                        )
                        seconds[target] = time.perf_counter() - begin
                    written = run.folder / "piped.mkv" if target == "-" else Path(target)
                    bytes_of[target] = written.stat().st_size
                times.append(seconds[run.folder / "kept.mkv"] / seconds["-"])
                sizes.append(bytes_of[run.folder / "kept.mkv"] / bytes_of["-"])
            figures[f"{codec}, {name}"] = {"wall": statistics.median(times), "size": statistics.median(sizes)}
    return figures


def pipes(run: Run, rounds: int = 7) -> dict:
    """Milliseconds, the median."""
    raw = run.folder / "small.y4m"
    ffmpeg(
        "-i",
        run.clip,
        "-frames:v",
        "24",
        "-vf",
        f"scale={SMALL[0]}:{SMALL[1]}",
        "-pix_fmt",
        "yuv420p",
        "-f",
        "yuv4mpegpipe",
        raw,
    )
    data = raw.read_bytes()
    head = data.index(b"\n") + 1
    wanted = SMALL[0] * SMALL[1] * 3 // 2
    waiting: list[float] = []
    starting: list[float] = []
    for _ in range(rounds):
        for times, pause in ((waiting, 1.0), (starting, 0.0)):
            begin = time.perf_counter()
            with subprocess.Popen(
                [str(run.binary), "-", "-o", "-", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as process:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(data[:head])
                process.stdin.flush()
                time.sleep(pause)
                if pause:
                    begin = time.perf_counter()
                # The next frame tells the reader of y4m that the first one is whole.
                process.stdin.write(data[head : head + 2 * (wanted + 6)])
                process.stdin.flush()
                received = 0
                while received < wanted and (part := os.read(process.stdout.fileno(), 1 << 20)):
                    received += len(part)
                times.append(1000 * (time.perf_counter() - begin))
                process.stdin.close()
                process.stdout.read()
    return {"first frame": statistics.median(waiting), "start to first frame": statistics.median(starting)}


def engine(run: Run) -> list:
    """Empty where the peers are not installed, or not wanted."""
    if not run.peer_rounds or not importlib.util.find_spec("openvino"):
        return []
    target = run.folder / "peers.json"
    subprocess.run(
        [
            sys.executable,
            peers.__file__,
            "--autochrome",
            run.binary,
            "--rounds",
            str(run.peer_rounds),
            "--json",
            target,
        ],
        check=True,
        stdout=sys.stderr,
    )
    return json.loads(target.read_text())["rows"]


# What `--only` names.
PARTS = {part.__name__: part for part in (stages, clips, memory, segments, pipes, engine)}


def table(result: dict) -> str:
    """The figures as Markdown."""
    lines = [f"{result['date']}, {result['processors']} cores"]
    if stages := result.get("stages"):
        ceilings = stages["ceilings"]
        lines[0] += (
            f", {stages['instructionSet']}; one core copies {ceilings['copyGigabytesPerSecond']:.0f} GB/s "
            "and multiplies "
            + ", ".join(f"{rate:.0f} GFLOP/s in {name}" for name, rate in ceilings["gigaflops"].items())
            + f". {stages['network']}."
        )
        lines += ["", "| stage, one core | size | ms | of copying | of arithmetic |", "|---|---|---|---|---|"]
        lines += [
            f"| {row['stage']} | {row['size']} | {row['milliseconds']:.2f} | "
            f"{100 * row['shareOfCopy']:.0f} % | {100 * row['shareOfArithmetic']:.0f} % |"
            for row in stages["rows"]
        ]
    if result.get("clips"):
        lines += ["", "| 1080p clip | frames | frames/s | × plain ffmpeg |", "|---|---|---|---|"]
    for name, clip in result.get("clips", {}).items():
        ratio = clip.get("ratioToPlainTranscode")
        lines.append(
            f"| {name} | {clip['frames']} | {clip['framesPerSecond']:.1f} | {f'{ratio:.2f}' if ratio else '–'} |"
        )
    if result.get("memory"):
        lines += ["", "| peak memory | MB |", "|---|---|"]
        lines += [f"| {name} | {value:.0f} |" for name, value in result["memory"].items()]
    if result.get("segments"):
        lines += ["", "| kept in segments ÷ not kept | wall time | file size |", "|---|---|---|"]
        lines += [f"| {name} | {row['wall']:.3f} | {row['size']:.3f} |" for name, row in result["segments"].items()]
    if result.get("pipes"):
        lines += ["", "| pipe, 480p | ms |", "|---|---|"]
        lines += [f"| {name} | {value:.0f} |" for name, value in result["pipes"].items()]
    if result.get("engine"):
        lines += [
            "",
            "| network | precision | threads | ours, ms | fastest peer | ours ÷ it | ours ÷ fastest of any precision |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in result["engine"]:
            others = {name: value for name, value in row["milliseconds"].items() if name != "autochrome"}
            best = min(others, key=others.__getitem__)
            lines.append(
                f"| {row['model']} | {row['precision']} | {row['threads']} | "
                f"{row['milliseconds']['autochrome']:.1f} | {best} {others[best]:.1f} | "
                f"{row['ratio']:.2f} | {row['ratio_to_any']:.2f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("autochrome", type=Path)
    parser.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        default=[],
        help="films to join to the 1080p clip; by default the sample film is rendered",
    )
    parser.add_argument("--peer-rounds", type=int, default=3, help="0 leaves the peers out")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=PARTS,
        default=list(PARTS),
        metavar="PART",
        help="measure these: " + ", ".join(PARTS),
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--markdown", type=Path, help="write the tables here")
    arguments = parser.parse_args()
    binary = arguments.autochrome.resolve()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "date": time.strftime("%Y-%m-%d"),
            "machine": platform.machine(),
            "processors": len(os.sched_getaffinity(0)),
            "flags": peers.flags(),
        }
        clip = folder / "clip.mkv"
        if arguments.clips:
            joined(arguments.clips, clip)
        else:
            joined([Path(__file__).parents[1] / "samples/film.mkv"], clip)
        run = Run(binary, clip, folder, arguments.peer_rounds)
        for name, part in PARTS.items():
            if name in arguments.only:
                print(f"{name} …", file=sys.stderr, flush=True)
                result[name] = part(run)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    text = table(result)
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()

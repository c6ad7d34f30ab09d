#!/usr/bin/env python3
"""What a user's colors bring, against the network alone and against what others do with the same stills.

Each color clip is colorized from its luma alone, without loss. Then with

references  its own frames as colored stills, every --every frames
first       its first frame alone as a colored still: more than any hints on that frame could say
points      five hints on the first frame, at the centers of its five largest regions of one color
strokes     ten strokes there, each through one of the ten largest regions
…, like     the same where each later shot of the clip is said to show the same (like: 1)

and, of the same stills, what others would make of them:

nearest     the chroma of the nearest still, at the same place
flow        the chroma of the stills before and after, carried along by optical flow (OpenCV's DIS) frame by
            frame, the nearer one counting more

Regions are those of Felzenszwalb and Huttenlocher (2004) on the true L*a*b*. Printed are the mean ΔE2000 of the
clip and its ratio to the network's alone, the warp error of a*b* and CDC as ratios to the clip's own, and how
far the places of points are from what was asked for, in a*b*.

With --photographs, the left halves of photographs are colored with pictures of something else as references:

half        the photograph's own right half, mirrored
neighbor    the left half of the photograph beside it in the folder: of something akin where the names go by
            classes, as ImageNet's do

Printed are the mean ΔE2000 and its ratio to the network's alone, over all photographs and of the worst one.

With --cost, each clip is enlarged to 1080p, taken as one shot, and given 20 stills, 50 points (ten each on five
frames), and both; printed are the medians of wall time, processor time and peak memory as ratios to the network's
alone, which runs in turns with them. Nothing else should run beside it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage.color import rgb2lab
from skimage.segmentation import felzenszwalb

from processes import run, usage_of
from steadiness import Planes, compare, read, with_chroma, write

SMALLEST = 0.002


def figures(report: dict) -> dict[str, float]:
    rows = [row["deltaE2000"] for row in report["frameRows"]]
    film = report["film"]
    warp, cdc = film["warpErrorAB"], film["colorDistributionConsistency"]
    return {
        "error": float(np.mean(rows)),
        "warp": warp["result"] / warp["reference"],
        "cdc": cdc["result"] / cdc["reference"],
    }


def stills(clip: Path, every: int, folder: Path) -> list[int]:
    """Writes every Nth frame of the clip as a still, and tells their numbers."""
    run(
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        clip,
        "-vf",
        f"select=not(mod(n\\,{every}))",
        "-vsync",
        "0",
        folder / "%06d.png",
    )
    numbers = []
    for index, path in enumerate(sorted(folder.glob("*.png"))):
        path.rename(folder / f"ref_{index * every:06d}.png")
        numbers.append(index * every)
    return numbers


def first_frame(clip: Path) -> np.ndarray:
    raw = run("ffmpeg", "-v", "error", "-i", clip, "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-")
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def regions(rgb: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """L*a*b* of a picture and the masks of its regions of one color, the largest first."""
    lab = rgb2lab(rgb)
    labels = felzenszwalb(lab / 100, scale=400, sigma=1, min_size=int(SMALLEST * labels_area(rgb)))
    sizes = np.bincount(labels.ravel())
    return lab, [labels == label for label in np.argsort(-sizes)]


def labels_area(rgb: np.ndarray) -> int:
    return rgb.shape[0] * rgb.shape[1]


def center(mask: np.ndarray) -> tuple[int, int]:
    """The place of a region that is farthest from its edge: x, y."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return int(x), int(y)


def color(lab: np.ndarray, mask: np.ndarray, x: int, y: int) -> list[float]:
    near = np.zeros_like(mask)
    near[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4] = True
    return [round(float(value), 2) for value in lab[near & mask][:, 1:].mean(0)]


def stroke(mask: np.ndarray) -> list[tuple[int, int]]:
    """The longest level or upright line through a region's center that stays in it, less a tenth at each end."""
    x, y = center(mask)

    def ends(line: np.ndarray, at: int) -> tuple[int, int]:
        outside = np.flatnonzero(~line)
        first = int(outside[outside < at].max(initial=-1)) + 1
        last = int(outside[outside > at].min(initial=len(line))) - 1
        margin = (last - first) // 10
        return first + margin, last - margin

    (left, right), (top, bottom) = ends(mask[y], x), ends(mask[:, x], y)
    if right - left >= bottom - top:
        return [(left, y), (right, y)]
    return [(x, top), (x, bottom)]


def hints(rgb: np.ndarray, count: int, strokes: bool) -> list[dict]:
    lab, masks = regions(rgb)
    height, width = rgb.shape[:2]
    result = []
    for mask in masks[:count]:
        x, y = center(mask)
        hint: dict = {"frame": 0, "color": color(lab, mask, x, y)}
        places = stroke(mask) if strokes else [(x, y)]
        scaled = [[round((px + 0.5) / width, 4), round((py + 0.5) / height, 4)] for px, py in places]
        hint.update({"stroke": scaled} if len(scaled) > 1 else {"at": scaled[0]})
        result.append(hint)
    return result


def nearest(clip: Planes, numbers: list[int]) -> Planes:
    return [
        with_chroma(frame, clip[min(numbers, key=lambda number: abs(number - at))][1:].astype(np.float32))
        for at, frame in enumerate(clip)
    ]


def flow(clip: Planes, numbers: list[int]) -> Planes:
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = clip[0].shape[1:]
    luma = [(frame[0] >> 2).astype(np.uint8) for frame in clip]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)

    def carried(order: list[int]) -> dict[int, tuple[np.ndarray, int]]:
        result: dict[int, tuple[np.ndarray, int]] = {}
        chroma, since, before = None, 0, 0
        for at in order:
            if at in numbers:
                chroma, since = clip[at][1:].astype(np.float32), 0
            elif chroma is not None:
                places = grid + dis.calc(luma[at], luma[before], None)
                chroma = np.stack(
                    [
                        cv2.remap(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
                        for plane in chroma
                    ]
                )
                since += 1
            before = at
            if chroma is not None:
                result[at] = (chroma, since)
        return result

    forward = carried(list(range(len(clip))))
    backward = carried(list(reversed(range(len(clip)))))
    result = []
    for at, frame in enumerate(clip):
        sides = [side[at] for side in (forward, backward) if at in side]
        weights = [1 / (since + 1) for _, since in sides]
        mean = sum(weight * chroma for weight, (chroma, _) in zip(weights, sides, strict=True)) / sum(weights)
        result.append(with_chroma(frame, mean))
    return result


def misses(result: Path, asked: list[dict]) -> float:
    """The largest distance in a*b* between the points of the first frame and what was asked for there."""
    lab = rgb2lab(first_frame(result))
    height, width = lab.shape[:2]
    worst = 0.0
    for hint in asked:
        x, y = int(hint["at"][0] * width), int(hint["at"][1] * height)
        worst = max(worst, float(np.hypot(*(lab[y, x, 1:] - np.array(hint["color"])))))
    return worst


def measure(
    autochrome: Path, clip: Path, every: int, options: list[str], others: bool, folder: Path
) -> dict[str, dict]:
    def colorized(name: str, *more: object) -> Path:
        path = folder / f"{name}.mkv"
        run(
            autochrome,
            clip,
            "-o",
            path,
            "--codec",
            "ffv1",
            "--pixel-format",
            "yuv444p10le",
            "--overwrite",
            "--restart",
            "--progress",
            "none",
            "--quiet",
            *options,
            *more,
        )
        return path

    def shown(name: str, first_shot: dict, more: list[dict]) -> Path:
        path = folder / f"{name}.shots.yaml"
        # JSON is YAML.
        path.write_text(json.dumps({"shots": [{"at": 0.0, **first_shot}, *more]}))
        result = colorized(name, "--shots", path)
        rows[name] = figures(compare(autochrome, clip, result))
        return result

    rows = {"network": figures(compare(autochrome, clip, colorized("network")))}
    still_folder = folder / "refs"
    still_folder.mkdir()
    numbers = stills(clip, every, still_folder)
    rows["references"] = figures(compare(autochrome, clip, colorized("references", "--references", still_folder)))
    first = folder / "first"
    first.mkdir()
    (still_folder / "ref_000000.png").rename(first / "ref_000000.png")
    rows["first"] = figures(compare(autochrome, clip, colorized("first", "--references", first)))
    if others:
        planes = read(clip)
        for name, method in {"nearest": nearest, "flow": flow}.items():
            path = folder / f"{name}.mkv"
            write(method(planes, numbers), clip, path)
            rows[name] = figures(compare(autochrome, clip, path))
    picture = first_frame(clip)
    given: dict[str, dict[str, list[Any]]] = {
        "points": {"hints": hints(picture, 5, False)},
        "strokes": {"hints": hints(picture, 10, True)},
    }
    others_of_film = cuts(autochrome, clip)
    for name, asked in given.items():
        # No cut is given in the first shot, so that hints hold up to the next one that is found.
        result = shown(name, asked, others_of_film)
        if name == "points":
            rows[name]["miss"] = misses(result, asked["hints"])
    if others_of_film:
        alike = [shot | {"like": 1} for shot in others_of_film]
        shown("first, like", {"references": [str(first / "ref_000000.png")]}, alike)
        for name, asked in given.items():
            shown(f"{name}, like", asked, alike)
    return rows


def photographs(autochrome: Path, paths: list[Path], options: list[str], folder: Path) -> dict[str, np.ndarray]:
    """ΔE of each photograph's left half, but of gray ones. Neighbors lie side by side: 0 and 1, 2 and 3 …"""
    for number, path in enumerate(paths):
        picture = cv2.imread(str(path))
        side = min(picture.shape[:2]) // 2 * 2
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        picture = cv2.resize(picture[top : top + side, left : left + side], (256, 256), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"left_{number:04d}.png"), picture[:, :128])
        cv2.imwrite(str(folder / f"right_{number:04d}.png"), picture[:, :127:-1])
    film = folder / "film.mkv"
    run(
        "ffmpeg",
        "-v",
        "error",
        "-framerate",
        "1",
        "-i",
        folder / "left_%04d.png",
        "-vf",
        "scale=out_color_matrix=bt709:out_range=tv",
        "-pix_fmt",
        "yuv444p",
        "-colorspace",
        "bt709",
        "-color_range",
        "tv",
        "-c:v",
        "ffv1",
        film,
    )

    def errors(name: str, references: list[list[str]]) -> np.ndarray:
        shots, result = folder / f"{name}.shots.yaml", folder / f"{name}.mkv"
        shots.write_text(
            json.dumps(
                {"shots": [{"at": f"#{number}", "references": pictures} for number, pictures in enumerate(references)]}
            )
        )
        run(
            autochrome,
            film,
            "-o",
            result,
            "--codec",
            "ffv1",
            "--pixel-format",
            "yuv444p10le",
            "--restart",
            "--overwrite",
            "--quiet",
            "--shots",
            shots,
            *options,
        )
        return np.array([row.get("deltaE2000", np.nan) for row in compare(autochrome, film, result)["frameRows"]])

    rows = {
        "network": errors("network", [[] for _ in paths]),
        "half": errors("half", [[f"right_{number:04d}.png"] for number in range(len(paths))]),
        "neighbor": errors("neighbor", [[f"left_{number ^ 1:04d}.png"] for number in range(len(paths))]),
    }
    is_in_color = np.isfinite(rows["network"])
    return {name: row[is_in_color] for name, row in rows.items()}


def cost(autochrome: Path, clip: Path, options: list[str], rounds: int, folder: Path) -> dict[str, np.ndarray]:
    """Median wall time, processor time and peak memory of what is given, as ratios to nothing given."""
    film = folder / "film.mkv"
    run(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        clip,
        "-an",
        "-vf",
        "scale=1920:1080,setsar=1",
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "18",
        film,
    )
    frames = int(
        run(
            "ffprobe",
            "-v",
            "error",
            "-count_packets",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=nb_read_packets",
            "-of",
            "csv=p=0",
            film,
        )
    )
    references = folder / "refs"
    references.mkdir()
    numbers = stills(film, max(frames // 20, 1), references)[:20]
    paths = [references / f"ref_{number:06d}.png" for number in numbers]
    asked = []
    for number, path in list(zip(numbers, paths, strict=True))[:: max(len(paths) // 5, 1)][:5]:
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        asked += [hint | {"frame": number} for hint in hints(picture, 10, False)]
    given: dict[str, dict[str, list[Any]]] = {
        "nothing": {},
        "stills": {"references": [str(path) for path in paths]},
        "points": {"hints": asked},
        "both": {"references": [str(path) for path in paths], "hints": asked},
    }
    measured: dict[str, list[list[float]]] = {name: [] for name in given}
    for _ in range(rounds):
        for name, more in given.items():
            shots = folder / f"{name}.shots.yaml"
            shots.write_text(json.dumps({"shots": [{"at": 0.0, **more}]}))
            wall, usage = usage_of(
                [
                    autochrome,
                    film,
                    "-o",
                    folder / "result.mkv",
                    "--codec",
                    "x264",
                    "--preset",
                    "veryfast",
                    "--crf",
                    "18",
                    "--overwrite",
                    "--restart",
                    "--quiet",
                    "--shots",
                    shots,
                    *options,
                ]
            )
            measured[name].append([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss])
    nothing = np.array(measured.pop("nothing"))
    return {name: np.median(np.array(rows) / nothing, axis=0) for name, rows in measured.items()}


def cuts(autochrome: Path, clip: Path) -> list[dict]:
    shots = json.loads(run(autochrome, "probe", clip, "--shots", "--json"))["shots"]
    return [{"at": shot["time"]} for shot in shots[1:]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="*")
    parser.add_argument("--photographs", type=Path, help="a folder of them")
    parser.add_argument("--cost", action="store_true", help="measure time, not colors")
    parser.add_argument("--rounds", type=int, default=5, help="how many times it is measured")
    parser.add_argument(
        "--count", type=int, default=100, help="about how many of the photographs, in pairs of neighbors"
    )
    parser.add_argument("--autochrome", type=Path, default=Path(".build/release/autochrome"))
    parser.add_argument("--every", type=int, default=48)
    parser.add_argument("--no-others", action="store_true", help="leave out what others would do")
    parser.add_argument("--option", action="append", default=[], help="of autochrome, such as --option=--size=256")
    arguments = parser.parse_args()
    options = [part for option in arguments.option for part in option.split("=", 1)]
    means: dict[str, list[dict]] = {}
    if arguments.photographs:
        paths = sorted(arguments.photographs.iterdir())
        step = 2 * max(len(paths) // arguments.count, 1)
        paths = [path for start in range(0, len(paths) - 1, step) for path in paths[start : start + 2]]
        with tempfile.TemporaryDirectory() as folder:
            errors = photographs(arguments.autochrome.resolve(), paths, options, Path(folder))
        count = len(errors["network"])
        print(f"{f'{count} photographs':28}{'ΔE':>7}{'ratio':>7}{'worst':>7}")
        for name, values in errors.items():
            print(
                f"{name:28}{values.mean():7.2f}{values.mean() / errors['network'].mean():7.2f}"
                f"{(values / errors['network']).max():7.2f}"
            )
    if arguments.cost:
        print(f"{'':28}{'wall':>7}{'CPU':>7}{'memory':>7}")
        for clip in arguments.clips:
            with tempfile.TemporaryDirectory() as folder:
                ratios = cost(arguments.autochrome.resolve(), clip, options, arguments.rounds, Path(folder))
            for name, row in ratios.items():
                print(f"{clip.stem + ' ' + name:28}" + "".join(f"{value:7.2f}" for value in row), flush=True)
        return
    if not arguments.clips:
        return
    print(f"{'':28}{'ΔE':>7}{'ratio':>7}{'warp':>7}{'CDC':>7}{'miss':>7}")
    for clip in arguments.clips:
        with tempfile.TemporaryDirectory() as folder:
            rows = measure(
                arguments.autochrome.resolve(), clip, arguments.every, options, not arguments.no_others, Path(folder)
            )
        for name, row in rows.items():
            row["ratio"] = row["error"] / rows["network"]["error"]
            means.setdefault(name, []).append(row)
            show(f"{clip.stem} {name}", row)
    for name, all_rows in means.items():
        show(f"mean {name}", {key: float(np.mean([row[key] for row in all_rows])) for key in all_rows[0]})


def show(name: str, row: dict[str, float]) -> None:
    miss = f"{row['miss']:7.2f}" if "miss" in row else ""
    print(f"{name:28}{row['error']:7.2f}{row['ratio']:7.2f}{row['warp']:7.2f}{row['cdc']:7.2f}{miss}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error.cmd[0]} failed with {error.returncode}") from error

#!/usr/bin/env python3
"""How well shots are told apart, on gray films made here from clips of one shot each.

A clip is `FILE`, or `FILE:FIRST-LAST` for only these frames of it (from 0, both included); no clip may
hold a cut. The films are 320×180, and the same for the same clips and seed:

cuts       8 to 12 shots of 20 to 48 frames, some mirrored, some darker or brighter; neighbors come from
           different clips, or from one, mirrored and far apart
short      the same with shots of 12 frames
dissolves  shots joined by cross-fades of 12 to 36 frames
fades      shots joined by fades to 3 to 12 black frames and up again
flashes    one shot with lone frames that are nearly white or lit by a photographer's flash
flicker    one shot with the flickering exposure, grain and scratches of old film
worn cuts  as `cuts`, with flicker, grain and scratches
motion     the clips themselves; at double speed: ×2; at triple speed: ×3

`autochrome probe --shots` must find each hard cut at its very frame, one change between the first and
last frame of each fade out and in, none more in a cross-fade than one, and nothing else. Whether
a cross-fade is split at all is counted in its own line, but not over all: its colors may well be merged.
Each other wrong verdict is listed. Exits with 1 if F1 over all is below 0.97.

With `--colors N`, N films of the first two kinds are colorized too, whole and shot by shot, which must
give the same planes to the bit: nothing of a shot's colors gets into the next.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np

from processes import feed, run

WIDTH, HEIGHT = 320, 180
RATE = 24
LOWEST_F1 = 0.97
FAR = 24
"""Frames between two shots from one clip, one of them mirrored, that follow each other."""
GRAIN = 8

Frames: TypeAlias = np.ndarray
"""Gray frames: (count, height, width), 0…255, float32 while they are worked on."""


@dataclass
class Clip:
    name: str
    frames: Frames


@dataclass
class Film:
    """A film with its truth: for each change, the first and last frame at which it may be found."""

    note: str
    frames: list[Frames] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return sum(len(part) for part in self.frames)


@dataclass
class Score:
    films: int = 0
    frames: int = 0
    changes: int = 0
    found: int = 0
    false: int = 0

    @property
    def missed(self) -> int:
        return self.changes - self.found

    @property
    def precision(self) -> float | None:
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def recall(self) -> float | None:
        return self.found / self.changes if self.changes else None

    @property
    def f1(self) -> float | None:
        return 2 * self.found / (self.changes + self.found + self.false) if self.changes else None

    def add(self, other: Score) -> None:
        self.films += other.films
        self.frames += other.frames
        self.changes += other.changes
        self.found += other.found
        self.false += other.false


def read(argument: str) -> Clip:
    match = None if Path(argument).exists() else re.fullmatch(r"(.+):(\d+)-(\d+)", argument)
    path = Path(match[1] if match else argument)
    raw = run(
        "ffmpeg",
        "-v",
        "error",
        "-i",
        path,
        "-map",
        "0:v:0",
        "-vsync",
        "0",
        "-vf",
        f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase:flags=area,crop={WIDTH}:{HEIGHT}",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
    )
    frames = np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH)
    name = path.stem
    if match:
        frames = frames[int(match[2]) : int(match[3]) + 1]
        name += f":{match[2]}-{match[3]}"
    if len(frames) < 20:
        raise SystemExit(f"{argument} has {len(frames)} frames; 20 are needed")
    return Clip(name, frames)


def write(frames: Frames, path: Path) -> None:
    feed(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-s",
            f"{WIDTH}x{HEIGHT}",
            "-r",
            str(RATE),
            "-i",
            "-",
            "-c:v",
            "ffv1",
            "-color_range",
            "pc",
            str(path),
        ],
        np.clip(np.rint(frames), 0, 255).astype(np.uint8).tobytes(),
        path,
    )


class Maker:
    """Makes films of all kinds from the clips, by the numbers of one generator."""

    def __init__(self, clips: list[Clip], random: np.random.Generator) -> None:
        self.clips = clips
        self.random = random
        self.last: tuple[int, int, int, bool] | None = None
        """Clip, first and last frame and mirroring of the last shot."""

    def whole(self, low: int, high: int) -> int:
        """low…high, both included."""
        return int(self.random.integers(low, high + 1))

    def shot(self, length: int, varied: bool = True) -> tuple[Frames, str]:
        """Another shot than the last one, and what it is."""
        if not any(len(clip.frames) >= length for clip in self.clips):
            raise SystemExit(f"no clip has {length} frames")
        for _ in range(1000):
            index = self.whole(0, len(self.clips) - 1)
            clip = self.clips[index]
            if len(clip.frames) < length:
                continue
            first = self.whole(0, len(clip.frames) - length)
            mirrored = varied and self.random.random() < 0.5
            gain = self.random.uniform(0.6, 1.15) if varied and self.random.random() < 0.5 else 1
            if self.last and self.last[0] == index:
                _, begin, end, was = self.last
                if mirrored == was or max(first - end, begin - first - length + 1) < FAR:
                    continue
            self.last = index, first, first + length - 1, mirrored
            frames = clip.frames[first : first + length].astype(np.float32)
            note = f"{clip.name}@{first}" + ("m" if mirrored else "")
            if gain != 1:
                note += f"×{gain:.2f}"
            return np.clip((frames[:, :, ::-1] if mirrored else frames) * gain, 0, 255), note
        raise SystemExit("the clips are too few or too short for films of several shots")

    def joined(self, shots: list[tuple[Frames, str]]) -> Film:
        film = Film("")
        for frames, note in shots:
            if film.frames:
                film.changes.append((film.length, film.length))
            film.note += f" {film.length}:{note}"
            film.frames.append(frames)
        return film

    def cuts(self) -> Film:
        return self.joined([self.shot(self.whole(20, min(48, self.longest))) for _ in range(self.whole(8, 12))])

    def short(self) -> Film:
        return self.joined([self.shot(12) for _ in range(self.whole(8, 12))])

    def dissolves(self) -> Film:
        mixes = [self.whole(12, 36) for _ in range(4)]
        film, rest, before = Film(""), None, 0
        for mix in [*mixes, 0]:
            plain = self.whole(12, 24)
            frames, note = self.shot(before + plain + mix)
            if rest is not None:
                share = (np.arange(1, before + 1, dtype=np.float32) / (before + 1))[:, None, None]
                film.changes.append((film.length, film.length + before))
                film.frames.append(rest * (1 - share) + frames[:before] * share)
            film.note += f" {film.length}:{note}"
            film.frames.append(frames[before : before + plain])
            rest, before = frames[before + plain :], mix
        return film

    def fades(self) -> Film:
        film, last, before = Film(""), 4, 0
        for number in range(last + 1):
            up, plain, down = self.whole(6, 16), self.whole(12, 20), self.whole(6, 16)
            up, down = up if number else 0, down if number < last else 0
            frames, note = self.shot(min(up + plain + down, self.longest))
            gain = np.ones(len(frames), np.float32)
            gain[:up] = np.arange(1, up + 1) / (up + 1)
            gain[len(gain) - down :] = np.arange(down, 0, -1) / (down + 1)
            if number:
                black = np.zeros((self.whole(3, 12), HEIGHT, WIDTH), np.float32)
                begin = film.length - before
                film.frames.append(black)
                film.changes.append((begin, film.length + up))
            film.note += f" {film.length}:{note}"
            film.frames.append(frames * gain[:, None, None])
            before = down
        return film

    def flashes(self) -> Film:
        frames, note = self.shot(min(48, self.longest))
        at = self.whole(3, 8)
        while at < len(frames) - 3:
            white = self.random.random() < 0.5
            frames[at] = 0.1 * frames[at] + 0.9 * 255 if white else 0.5 * frames[at] + 128
            note += f" {'white' if white else 'lit'}@{at}"
            at += self.whole(6, 14)
        return Film(note, [frames])

    def flicker(self) -> Film:
        frames, note = self.shot(min(72, self.longest))
        return self.worn(Film(note, [frames]))

    def worn_cuts(self) -> Film:
        return self.worn(self.cuts())

    def worn(self, film: Film) -> Film:
        frames = np.concatenate(film.frames)
        gain = 1 + self.wander(len(frames), 0.25)
        offset = self.wander(len(frames), 12)
        frames = frames * gain[:, None, None] + offset[:, None, None]
        frames += self.random.normal(0, GRAIN, frames.shape).astype(np.float32)
        for _ in range(max(len(frames) // 12, 4)):
            begin = self.whole(0, len(frames) - 1)
            x, step = self.random.uniform(0, WIDTH - 2), self.random.uniform(-1, 1)
            light = self.random.uniform(30, 90) * self.random.choice((-1, 1))
            for at in range(begin, min(begin + self.whole(1, 36), len(frames))):
                left = int(x + step * (at - begin) + self.random.uniform(-1, 1))
                if 0 <= left < WIDTH:
                    frames[at, :, left : left + self.whole(1, 2)] += light
        return Film(film.note, [frames], film.changes)

    def wander(self, count: int, most: float) -> Frames:
        """A random walk and white noise, within ±most."""
        values, walk = np.zeros(count, np.float32), 0.0
        for at in range(count):
            walk = np.clip(walk + self.random.normal(0, 0.15 * most), -0.6 * most, 0.6 * most)
            values[at] = np.clip(walk + self.random.normal(0, 0.4 * most), -most, most)
        return values

    @property
    def longest(self) -> int:
        """Frames of the longest clip."""
        return max(len(clip.frames) for clip in self.clips)


MADE: dict[str, tuple[int, Callable[[Maker], Film]]] = {
    "cuts": (16, Maker.cuts),
    "short": (16, Maker.short),
    "dissolves": (12, Maker.dissolves),
    "fades": (12, Maker.fades),
    "flashes": (20, Maker.flashes),
    "flicker": (20, Maker.flicker),
    "worn cuts": (12, Maker.worn_cuts),
}
SPEEDS = {"motion": 1, "motion ×2": 2, "motion ×3": 3}


def shots(autochrome: Path, film: Film, path: Path) -> list[int]:
    """First frames of the shots that were found, without the first."""
    write(np.concatenate(film.frames), path)
    report = json.loads(run(autochrome, "probe", "--shots", "--json", path))
    return [shot["frame"] for shot in report["shots"]][1:]


def judge(film: Film, found: list[int]) -> tuple[Score, list[str]]:
    score = Score(films=1, frames=film.length, changes=len(film.changes))
    left, wrong = list(found), []
    for first, last in film.changes:
        hit = next((frame for frame in left if first <= frame <= last), None)
        if hit is None:
            wrong.append(f"missed {first}" + (f"–{last}" if last > first else ""))
        else:
            score.found += 1
            left.remove(hit)
    score.false = len(left)
    return score, wrong + [f"false {frame}" for frame in left]


def colors(autochrome: Path, frames: Frames, folder: Path) -> np.ndarray:
    """The planes of the film in color, (count, 3, height, width)."""
    gray, colored = folder / "gray.mkv", folder / "color.mkv"
    write(frames, gray)
    run(
        autochrome,
        gray,
        "-o",
        colored,
        "--codec",
        "ffv1",
        "--pixel-format",
        "yuv444p",
        "--overwrite",
        "--progress",
        "none",
        "--quiet",
    )
    raw = run("ffmpeg", "-v", "error", "-i", colored, "-f", "rawvideo", "-pix_fmt", "yuv444p", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, 3, HEIGHT, WIDTH)


def leak(autochrome: Path, film: Film, folder: Path) -> int:
    """The largest difference in code values between the film's colors and those of its shots alone."""
    frames = np.concatenate(film.frames)
    whole = colors(autochrome, frames, folder)
    bounds = [0, *(first for first, _ in film.changes), len(frames)]
    alone = np.concatenate([colors(autochrome, frames[first:end], folder) for first, end in pairwise(bounds)])
    return int(np.abs(whole.astype(np.int16) - alone).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", metavar="clip", help="FILE or FILE:FIRST-LAST")
    parser.add_argument("--autochrome", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--colors",
        type=int,
        default=0,
        metavar="N",
        help="colorize N films of the first two kinds, whole and shot by shot",
    )
    parser.add_argument("--keep", type=Path, help="keep the films in this folder")
    arguments = parser.parse_args()
    clips = [read(clip) for clip in arguments.clips]
    print(
        f"seed {arguments.seed}, {len(clips)} clips\n"
        f"{'kind':10} {'films':>6} {'frames':>7} {'cuts':>5} {'found':>6} {'missed':>7} {'false':>6} "
        f"{'precision':>10} {'recall':>7} {'F1':>7}",
        flush=True,
    )

    def show(kind: str, score: Score) -> None:
        shares = (
            f"{'–' if share is None else format(share, '.3f'):>{width}}"
            for share, width in ((score.precision, 10), (score.recall, 7), (score.f1, 7))
        )
        print(
            f"{kind:10} {score.films:6} {score.frames:7} {score.changes:5} {score.found:6} "
            f"{score.missed:7} {score.false:6} {' '.join(shares)}",
            flush=True,
        )

    def films(kind: str) -> list[Callable[[], Film]]:
        if kind in SPEEDS:
            return [functools.partial(Film, clip.name, [clip.frames[:: SPEEDS[kind]]]) for clip in clips]
        count, make = MADE[kind]
        order = list(MADE).index(kind)

        def made(number: int) -> Film:
            return make(Maker(clips, np.random.default_rng((arguments.seed, order, number))))

        return [functools.partial(made, number) for number in range(count)]

    scores: dict[str, Score] = {}
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in [*MADE, *SPEEDS]:
            scores[kind] = Score()
            for number, make in enumerate(films(kind)):
                film = make()
                path = folder / f"{kind.replace(' ', '-').replace('×', '')}-{number}.mkv"
                score, verdicts = judge(film, shots(arguments.autochrome, film, path))
                if not arguments.keep:
                    path.unlink()
                scores[kind].add(score)
                wrong += [
                    f"{kind:10} {number:3}  {verdict:14} {film.note.strip()}"
                    for verdict in verdicts
                    if not (kind == "dissolves" and verdict.startswith("missed"))
                ]
            show(kind, scores[kind])
        leaks = {
            f"{kind} {number}": leak(arguments.autochrome, films(kind)[number](), folder)
            for kind in list(MADE)[:2]
            for number in range(arguments.colors)
        }
    pooled = Score()
    for kind, score in scores.items():
        pooled.add(score)
        if kind == "dissolves":
            pooled.changes -= score.missed
    show("all", pooled)
    print("\nwrong verdicts:" if wrong else "\nno wrong verdicts")
    for line in wrong:
        print(line)
    for name, difference in leaks.items():
        print(f"colors of {name}: whole and shot by shot differ by {difference}")
    if arguments.json:
        arguments.json.write_text(
            json.dumps(
                {
                    "seed": arguments.seed,
                    "wrong": wrong,
                    "leaks": leaks,
                    "kinds": {
                        kind: {
                            **asdict(score),
                            "missed": score.missed,
                            "precision": score.precision,
                            "recall": score.recall,
                            "f1": score.f1,
                        }
                        for kind, score in {**scores, "all": pooled}.items()
                    },
                },
                indent=1,
                ensure_ascii=False,
            )
        )
    if any(leaks.values()) or (pooled.f1 is not None and pooled.f1 < LOWEST_F1):
        raise SystemExit(1)


if __name__ == "__main__":
    main()

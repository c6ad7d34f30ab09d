#!/usr/bin/env python3
"""Drives the page of `autochrome review` in a headless Chromium as a restorer would, and measures how long pictures
take.

Usage: review.py [--shots FILE] [--screenshots DIR] [--json FILE] [--render] PROGRAM FILM [-- OPTIONS]

The film is planned (or a copy of --shots is taken), opened in the page, and corrected: two hints, a dial, accepted.
What the shots file then holds is compared with what was done. Times are those that the page itself measures, from the
change of a dial to the picture that is decoded and shown. With --render, the film is rendered from the page and by the
command that the page shows, and the two are compared byte for byte. The shots file is made in a folder of its own;
nothing else is written.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from devtools import Browser

REPEATS = 20


class Review:
    """The server, and a browser with its page."""

    def __init__(self, program: str, film: str, shots: str, output: str, options: Sequence[str] = ()) -> None:
        self.server = subprocess.Popen(
            [program, "review", "--no-open", film, "--shots", shots, "-o", output, *options],
            stdout=subprocess.PIPE,
            text=True,
        )
        start = time.monotonic()
        assert self.server.stdout is not None
        self.address = self.server.stdout.readline().strip()
        self.seconds_to_address = time.monotonic() - start
        if not self.address:
            raise RuntimeError("the server printed no address")
        self.browser = Browser()

    def __enter__(self) -> Review:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self.server.terminate()
        self.server.wait()

    def open(self) -> float:
        """Opens the page; gives the seconds until it can be used and shows the first picture."""
        start = time.monotonic()
        self.browser.open(self.address)
        self.browser.wait("document.body && document.body.dataset.ready === 'yes'")
        self.browser.wait("document.getElementById('color').naturalWidth > 0")
        return time.monotonic() - start

    def measured(self, action: str, name: str = "color") -> float:
        """Milliseconds that the page measures for the picture that a script's action asks for."""
        return self.browser.run(f"""(async () => {{
            performance.clearMeasures({json.dumps(name)});
            {action}
            for (;;) {{
                const found = performance.getEntriesByName({json.dumps(name)});
                if (found.length && !colorView.isBusy) return found[0].duration;
                await new Promise((done) => setTimeout(done, 2));
            }}
        }})()""")

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place of the picture lies in the window."""
        box = self.browser.run(
            "(() => { const box = document.getElementById('frame').getBoundingClientRect();"
            " return [box.left, box.top, box.width, box.height]; })()"
        )
        return box[0] + x * box[2], box[1] + y * box[3]

    def wait_until_saved(self) -> None:
        self.browser.wait("document.getElementById('status').textContent === 'Saved'")

    def memory(self) -> float:
        """The most memory that the server has had, in MB."""
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as file:
            found = re.search(r"VmHWM:\s+(\d+)", file.read())
        if found is None:
            raise RuntimeError(f"/proc/{self.server.pid}/status has no VmHWM")
        return int(found[1]) / 1024


def summary(times: list[float]) -> dict[str, float]:
    """Of times in milliseconds."""
    return {"median": round(statistics.median(times), 1), "most": round(max(times), 1), "count": len(times)}


def measure(review: Review) -> dict[str, Any]:
    """Milliseconds from a change to the picture: of a dial, of a hint, of a hint to all frames of the shot as the
    film will have them, of another frame."""
    figures: dict[str, Any] = {}
    review.browser.wait("!reel.running && !reel.asked")
    for dial, low, high in (("warmth", -10, 10), ("vividness", 0, 1), ("saturation", 0, 2)):
        figures[dial] = summary(
            [
                review.measured(f"""const dial = document.getElementById('dial-{dial}');
                dial.value = {low + (high - low) * step / REPEATS};
                dial.dispatchEvent(new Event('input'));""")
                for step in range(REPEATS)
            ]
        )
    review.browser.run("pending = {}")
    figures["hint"] = summary(
        [
            review.measured(
                f"pending.hints = [{{frame, at: [{(step + 1) / (REPEATS + 2):.3f}, 0.5],"
                f" color: '#5b6b3a'}}]; refreshColor();"
            )
            for step in range(REPEATS)
        ]
    )
    review.browser.run("pending = {}")
    figures["hint, whole shot"] = summary(
        [
            review.measured(
                f"pending.hints = [{{frame, at: [{(step + 1) / 6:.3f}, 0.4], color: '#5b6b3a'}}]; refreshColor();",
                "reel",
            )
            for step in range(5)
        ]
    )
    figures["framesOfShot"] = review.browser.run("reel.frames.size")
    review.browser.run("pending = {}")
    figures["frame"] = summary(
        [review.measured(f"setFrame(current().frame + {step * 3 % 24} % current().frames);") for step in range(1, 8)]
    )
    return figures


def scroll(review: Review) -> dict[str, int]:
    """Frames per second while the strip of shots is scrolled from end to end, and the most rows in the page."""
    return review.browser.run("""(async () => {
        const strip = document.getElementById('strip'), start = performance.now(), seconds = 3;
        let frames = 0, rows = 0;
        for (;;) {
            const part = (await new Promise(requestAnimationFrame) - start) / 1000 / seconds;
            if (part >= 1) break;
            strip.scrollTop = part * strip.scrollHeight;
            frames++;
            rows = Math.max(rows, document.querySelectorAll('.shot').length);
        }
        return {framesPerSecond: Math.round(frames / seconds), mostRows: rows, shots: film.shots.length};
    })()""")


def correct(review: Review, shots: str, folder: str | None) -> None:
    """Corrects the first shot by mouse and keys, and compares the shots file with that."""
    browser = review.browser

    def screenshot(name: str) -> None:
        if folder:
            browser.wait("!colorView.isBusy && !sourceView.isBusy")
            time.sleep(0.3)
            browser.screenshot(os.path.join(folder, name + ".png"))

    browser.wait("wanted.size === 0 && fetchingThumbnails === 0")
    screenshot("1-opened")
    browser.key("u", 85)
    browser.run("document.getElementById('scope').open = true")
    browser.wait("!document.getElementById('unsureMap').hidden")
    screenshot("1-unsure-and-scope")
    browser.key("u", 85)
    browser.run("document.getElementById('scope').open = false")
    browser.key("f", 70)
    browser.wait("document.getElementById('flagged').checked")
    screenshot("2-flagged-first")
    shot, frame = browser.run("[shot, frame]")
    browser.key("1", 49)
    browser.click(*review.place(0.5, 0.4))
    review.wait_until_saved()
    browser.run("setColor('#5e7a3a')")
    browser.drag([review.place(0.2 + 0.05 * step, 0.8) for step in range(5)])
    browser.wait("(current().values.hints ?? []).length === 2")
    screenshot("3-hints")
    browser.run("""(() => { const dial = document.getElementById('dial-warmth'); dial.value = 4;
        dial.dispatchEvent(new Event('input')); dial.dispatchEvent(new Event('change')); })()""")
    browser.wait("current().values.look?.warmth === 4")
    browser.run("setWipe(50)")
    screenshot("4-dial-and-wipe")
    browser.key("Enter", 13)
    browser.wait(f"film.shots[{shot}].values.state === 'accepted'")
    review.wait_until_saved()
    screenshot("5-accepted")
    browser.key("?", 191)
    browser.wait("document.getElementById('keys').open")
    screenshot("6-keys")
    browser.run("document.getElementById('keys').close()")
    browser.choose_file("referenceFile", os.path.join(os.path.dirname(shots), "reference.png"))
    browser.wait("(current().values.references ?? []).length === 1")
    review.wait_until_saved()
    screenshot("7-reference")
    browser.run("document.querySelector('#references li button:last-child').click()")
    browser.wait("current().values.references === undefined")
    review.wait_until_saved()
    browser.run(f"goTo({shot})")
    browser.wait("reel.isWhole && reel.isCurrent()")
    if browser.run("document.querySelectorAll('.reach').length") != 1:
        raise SystemExit("the time line does not show how far the hints are carried")
    browser.key("b", 66)
    browser.wait("kept !== null")
    browser.run("""(() => { const dial = document.getElementById('dial-saturation'); dial.value = 1.6;
        dial.dispatchEvent(new Event('input')); })()""")
    browser.wait("reel.isWhole && reel.isCurrent()")
    screenshot("8-compared-with-kept")
    browser.run("pending = {}")
    browser.key("b", 66)
    browser.wait("kept === null")
    browser.key(" ", 32)
    browser.wait("isPressed('play') && reel.isWhole && reel.isCurrent()")
    started = browser.run("frame")
    browser.wait(f"frame !== {started}")
    browser.key(" ", 32)
    with open(shots, encoding="utf-8") as file:
        text = file.read()
    expected = [
        r"    look: \{warmth: 4\}",
        (
            rf'    hints: \[\{{frame: {frame}, at: \[0\.(5|49|50)\d*, 0\.(4|39|40)\d*\], color: "#c99a7c"\}}, '
            rf'\{{frame: {frame}, stroke: \[(\[[\d.]+, [\d.]+\](, )?)+\], color: "#5e7a3a"\}}\]'
        ),
        r"    state: accepted",
    ]
    missing = [pattern for pattern in expected if not re.search(f"^{pattern}$", text, re.MULTILINE)]
    complaints = browser.complaints()
    if missing or complaints:
        raise SystemExit(f"the shots file or the page is not as it should be: {missing} {complaints}\n{text}")


def render(
    review: Review, program: str, film: str, shots: str, output: str, options: Sequence[str], folder: str | None
) -> None:
    """Renders the film from the page, and by the command; the two must be the same bytes."""
    browser = review.browser
    browser.run("document.getElementById('render').click()")
    browser.wait("document.getElementById('renderDialog').open")
    if folder:
        browser.screenshot(os.path.join(folder, "9-render.png"))
    browser.run("document.getElementById('renderStart').click()")
    browser.wait(
        "!isWatching && document.getElementById('rendering').hidden"
        " && document.getElementById('status').textContent.includes(' rendered before.')",
        3600,
    )
    headless = output + ".headless.mkv"
    subprocess.run([program, film, "-o", headless, "--shots", shots, "--quiet", *options], check=True)
    with open(output, "rb") as one, open(headless, "rb") as other:
        if one.read() != other.read():
            raise SystemExit("the page and the command render different films")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("film")
    parser.add_argument("--shots")
    parser.add_argument("--screenshots")
    parser.add_argument("--json")
    parser.add_argument("--render", action="store_true")
    parser.add_argument("options", nargs="*", help="of the program, after --")
    arguments = parser.parse_args()
    if arguments.screenshots:
        os.makedirs(arguments.screenshots, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="autochrome-review-")
    try:
        shots = os.path.join(folder, "film.shots.yaml")
        if arguments.shots:
            shutil.copy(arguments.shots, shots)
        else:
            subprocess.run(
                [arguments.program, "plan", arguments.film, "-o", shots, "--quiet", *arguments.options], check=True
            )
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-i",
                arguments.film,
                "-frames:v",
                "1",
                "-vf",
                "format=rgb24,colorchannelmixer=gg=0.8:bb=0.5",
                os.path.join(folder, "reference.png"),
            ],
            check=True,
        )
        output = os.path.join(folder, "film.mkv")
        with Review(arguments.program, arguments.film, shots, output, arguments.options) as review:
            figures: dict[str, Any] = {
                "secondsToAddress": round(review.seconds_to_address, 2),
                "secondsToPicture": round(review.open(), 2),
            }
            correct(review, shots, arguments.screenshots)
            review.browser.run("goTo(0)")
            review.browser.wait("!colorView.isBusy")
            figures["milliseconds"] = measure(review)
            figures["scroll"] = scroll(review)
            if arguments.render:
                render(
                    review, arguments.program, arguments.film, shots, output, arguments.options, arguments.screenshots
                )
                figures["renderedAsByCommand"] = True
            figures["serverMB"] = round(review.memory())
    finally:
        shutil.rmtree(folder)
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()

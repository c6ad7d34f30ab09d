#!/usr/bin/env python3
"""Drives the page of `autochrome review` in a headless Chromium as a restorer would, and measures how long pictures take.

Usage: review.py PROGRAM FILM [--shots FILE] [--screenshots DIR] [--json FILE] [-- OPTIONS]

The film is planned (or a copy of --shots is taken), opened in the page, and corrected: two hints, a dial, accepted. What the shots file then holds is
compared with what was done. Times are those that the page itself measures, from the change of a dial to the picture
that is decoded and shown. The shots file is made in a folder of its own; nothing else is written.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from devtools import Browser

REPEATS = 20


class Review:
    """The server, and a browser with its page."""

    def __init__(self, program, film, shots, options=()):
        self.server = subprocess.Popen(
            [program, "review", "--no-open", film, "--shots", shots, *options],
            stdout=subprocess.PIPE, text=True)
        start = time.monotonic()
        self.address = self.server.stdout.readline().strip()
        self.seconds_to_address = time.monotonic() - start
        if not self.address:
            raise RuntimeError("the server printed no address")
        self.browser = Browser()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.server.terminate()
        self.server.wait()

    def open(self):
        """Opens the page; gives the seconds until it can be used and shows the first picture."""
        start = time.monotonic()
        self.browser.open(self.address)
        self.browser.wait("document.body && document.body.dataset.ready === 'yes'")
        self.browser.wait("document.getElementById('color').naturalWidth > 0")
        return time.monotonic() - start

    def measured(self, action, name="color"):
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

    def place(self, x, y):
        """Where a place of the picture lies in the window."""
        box = self.browser.run("(() => { const box = document.getElementById('frame').getBoundingClientRect();"
                               " return [box.left, box.top, box.width, box.height]; })()")
        return box[0] + x * box[2], box[1] + y * box[3]

    def wait_until_saved(self):
        self.browser.wait("document.getElementById('status').textContent === 'Saved'")

    def memory(self):
        """The most memory that the server has had, in MB."""
        with open(f"/proc/{self.server.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) / 1024


def summary(times):
    """Of times in milliseconds."""
    return {"median": round(statistics.median(times), 1), "most": round(max(times), 1), "count": len(times)}


def measure(review):
    """Milliseconds from a change to the picture: of a dial, of a hint, of another frame."""
    figures = {}
    for dial, low, high in (("warmth", -10, 10), ("vividness", 0, 1), ("saturation", 0, 2)):
        figures[dial] = summary([
            review.measured(f"""const dial = document.getElementById('dial-{dial}');
                dial.value = {low + (high - low) * step / REPEATS};
                dial.dispatchEvent(new Event('input'));""")
            for step in range(REPEATS)])
    review.browser.run("pending = {}")
    figures["hint"] = summary([
        review.measured(f"pending.hints = [{{frame, at: [{(step + 1) / (REPEATS + 2):.3f}, 0.5],"
                        f" color: '#5b6b3a'}}]; refreshColor();")
        for step in range(REPEATS)])
    review.browser.run("pending = {}")
    figures["frame"] = summary([
        review.measured(f"setFrame(current().frame + {step * 3 % 24} % current().frames);")
        for step in range(1, 8)])
    return figures


def scroll(review):
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


def correct(review, shots, folder):
    """Corrects the first shot by mouse and keys, and compares the shots file with that."""
    browser = review.browser

    def screenshot(name):
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
    with open(shots, encoding="utf-8") as file:
        text = file.read()
    expected = [
        r"    look: \{warmth: 4\}",
        r'    hints: \[\{frame: %d, at: \[0\.(5|49|50)\d*, 0\.(4|39|40)\d*\], color: "#c99a7c"\}, '
        r'\{frame: %d, stroke: \[(\[[\d.]+, [\d.]+\](, )?)+\], color: "#5e7a3a"\}\]' % (frame, frame),
        r"    state: accepted",
    ]
    missing = [pattern for pattern in expected if not re.search(f"^{pattern}$", text, re.MULTILINE)]
    complaints = browser.complaints()
    if missing or complaints:
        raise SystemExit(f"the shots file or the page is not as it should be: {missing} {complaints}\n{text}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("film")
    parser.add_argument("--shots")
    parser.add_argument("--screenshots")
    parser.add_argument("--json")
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
            subprocess.run([arguments.program, "plan", arguments.film, "-o", shots, "--quiet", *arguments.options],
                           check=True)
        with Review(arguments.program, arguments.film, shots, arguments.options) as review:
            figures = {"secondsToAddress": round(review.seconds_to_address, 2),
                       "secondsToPicture": round(review.open(), 2)}
            correct(review, shots, arguments.screenshots)
            review.browser.run("goTo(0)")
            review.browser.wait("!colorView.isBusy")
            figures["milliseconds"] = measure(review)
            figures["scroll"] = scroll(review)
            figures["serverMB"] = round(review.memory())
    finally:
        shutil.rmtree(folder)
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())

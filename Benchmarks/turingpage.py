#!/usr/bin/env python3
"""Takes the test of `autochrome evaluate --turing` in a headless Chromium, as a participant would.

Usage: turingpage.py PAGE.html [--screenshots DIR]

Answers some pairs rightly and some wrongly, by keys and by mouse, and checks how long pairs are visible, which
pictures they show, what is recorded, kept and saved, the shares and intervals (computed here in another way), whether
results of others are added, and whether the page asks the network for anything. Fails with a sentence where one of
them is wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import pathlib
import random
import shutil
import tempfile
import time
from typing import Any

from devtools import Browser

# On a busy machine, frames come late for so large a share of the pairs; the page leaves those out.
UNTIMELY_SHARE = 1 / 3


def expect(condition: bool, sentence: str) -> None:
    if not condition:
        raise SystemExit(f"turingpage.py: {sentence}")


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95 % interval in percent, by what defines it: the shares p for which the observed share lies 1.96 standard
    deviations of p from p, found by bisection."""
    share = count / total

    def beyond(p: float) -> bool:
        return abs(share - p) > 1.959963984540054 * math.sqrt(p * (1 - p) / total)

    def edge(inside: float, outside: float) -> float:
        if not beyond(outside):
            return outside
        for _ in range(100):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
        return inside

    return 100 * edge(share, 0), 100 * edge(share, 1)


WATCH = """
(() => {
  window.seen = [];
  let since = null;
  const pictures = ['leftPicture', 'rightPicture'].map((id) => document.getElementById(id));
  const look = (now) => {
    const visible = pictures.filter((one) => getComputedStyle(one).visibility === 'visible' && one.naturalWidth > 0);
    if (visible.length === 1) window.seen.push('one alone');
    // Of a pair for practice, the second of the test alone, not the answer.
    if (visible.length === 2 && since === null && phase === 'shown') since = now;
    if (visible.length === 0 && since !== null) { window.seen.push(now - since); since = null; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()
"""


class Participant:
    """Somebody who knows the answers, since the page holds them."""

    def __init__(self, browser: Browser, seed: int) -> None:
        self.browser = browser
        self.random = random.Random(seed)
        self.test: dict[str, Any] = json.loads(browser.run("document.getElementById('test').textContent"))
        self.pictures = {picture["truth"]: picture for picture in self.test["pictures"]}

    def shown(self) -> tuple[dict[str, Any], str, str]:
        """The picture of the pair, where the real one is, and what the other one is."""
        left, right = self.browser.run(
            "[document.getElementById('leftPicture').src, document.getElementById('rightPicture').src]"
        )
        real, truth, other = ("left", left, right) if left in self.pictures else ("right", right, left)
        expect(truth in self.pictures, "neither picture of a pair is an original")
        picture = self.pictures[truth]
        expect(other in (picture["colorized"], picture["mixed"]), "the pictures of a pair don't belong together")
        return picture, real, "colorized" if other == picture["colorized"] else "mixed"

    def center(self, side: str) -> tuple[float, float]:
        x, y = self.browser.run(
            f"(() => {{ const box = document.getElementById('{side}').getBoundingClientRect();"
            " return [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        return x, y

    def choose(self, side: str, by_key: bool) -> None:
        if by_key:
            self.browser.key("ArrowLeft" if side == "left" else "ArrowRight", 37 if side == "left" else 39)
        else:
            self.browser.click(*self.center(side))

    def session(self, name: str, watch: bool) -> list[dict[str, Any]]:
        """Takes the test and returns what was answered."""
        browser, test = self.browser, self.test
        browser.run(f"document.getElementById('who').value = {json.dumps(name)}")
        browser.run(f"document.getElementById('watch').checked = {json.dumps(watch)}")
        browser.run("window.seen = []; document.getElementById('begin').click()")
        count = test["practice"] + test["counted"] + (test["vigilance"] if watch else 0)
        given: list[dict[str, Any]] = []
        for index in range(count):
            browser.wait("phase === 'shown' || phase === 'asked'")
            picture, real, other = self.shown()
            if index == 0:
                # Before they are hidden, nothing counts.
                self.choose("left", by_key=True)
            browser.wait("phase === 'asked'")
            hidden = browser.run(
                "['left', 'right'].every((side) =>"
                " getComputedStyle(document.getElementById(side + 'Picture')).visibility === 'hidden')"
            )
            expect(hidden, "a pair can still be seen when the answer is asked for")
            fooled = self.random.random() < 0.4
            side = {True: {"left": "right", "right": "left"}[real], False: real}[fooled]
            self.choose(side, by_key=self.random.random() < 0.5)
            kind = "practice" if index < test["practice"] else "counted" if other == "colorized" else "vigilance"
            expect(not (kind == "practice" and other == "mixed"), "a pair for practice has colors of another picture")
            given.append({"picture": picture["name"], "kind": kind, "real": real, "chosen": side})
            if kind == "practice":
                browser.wait("phase === 'told'")
                said = browser.run("document.getElementById('say').textContent")
                expect(said.startswith("The other one") == fooled, f"after a {fooled=} answer, the page says {said!r}")
                browser.run("document.getElementById('next').click()")
        browser.wait("!document.getElementById('result').hidden")
        return given


def check_times(browser: Browser, count: int) -> None:
    # That the last pair is hidden is seen with the next frame.
    browser.wait(f"window.seen.length >= {count}")
    seen = browser.run("window.seen")
    expect("one alone" not in seen, "one picture of a pair is visible without the other")
    expect(len(seen) == count, f"{len(seen)} of {count} pairs were visible")
    untimely = [time for time in seen if not 900 <= time <= 1100]
    expect(len(untimely) <= UNTIMELY_SHARE * count, f"of {count} pairs, {untimely} are not visible for 1000 ± 100 ms")


def recorded(browser: Browser) -> list[dict[str, Any]]:
    return json.loads(browser.run("localStorage.getItem(key)"))


def check_record(session: dict[str, Any], given: list[dict[str, Any]], test: dict[str, Any], name: str) -> None:
    expect(session["who"] == name and session["page"] == test["id"], f"the session is {session}")
    answers = [{key: answer[key] for key in ("picture", "kind", "real", "chosen")} for answer in session["answers"]]
    expect(answers == given, f"recorded is {answers}, given was {given}")
    expect(len({answer["picture"] for answer in answers}) == len(answers), "a picture is shown twice")


def check_sentence(browser: Browser, sessions: list[dict[str, Any]]) -> None:
    answers = [
        answer
        for session in sessions
        for answer in session["answers"]
        if answer["kind"] == "counted" and abs(answer["shown"] - 1000) <= 100
    ]
    count = sum(answer["chosen"] != answer["real"] for answer in answers)
    low, high = wilson(count, len(answers))
    expected = (
        f"Of {len(answers)} pairs, the colorized picture was taken for the real one in {count}: "
        f"{100 * count / len(answers):.1f} %, 95 % interval {low:.1f}–{high:.1f} %."
    )
    said = browser.run("document.getElementById('sentence').textContent")
    expect(said == expected, f"the page says {said!r}, expected {expected!r}")
    rows = browser.run("document.getElementById('sessions').rows.length")
    expect(rows == len(sessions) + (len(sessions) > 1), f"{rows} rows for {len(sessions)} sessions")
    told = browser.run(
        "[...document.getElementById('pictures').rows]"
        ".map((row) => [...row.cells].slice(2).map((cell) => cell.textContent))"
    )
    of_each: dict[str, list[bool]] = {}
    for answer in answers:
        of_each.setdefault(answer["picture"], []).append(answer["chosen"] != answer["real"])
    expect(
        {name: words.split(",")[0] for name, words in told}
        == {name: f"{sum(fooled)} of {len(fooled)}" for name, fooled in of_each.items()},
        f"of the pictures, the page says {told}",
    )


def saved(browser: Browser, folder: str) -> str:
    """Presses the button that saves, and returns the file."""
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder)
    browser.run("document.getElementById('save').click()")
    for _ in range(200):
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
        if names:
            return os.path.join(folder, names[0])
        time.sleep(0.05)
    raise SystemExit("turingpage.py: nothing was saved")


def check_others(browser: Browser, folder: str, path: str) -> None:
    """Adds the results of somebody else, twice, and those of another page."""
    with open(path, encoding="utf-8") as file:
        own = json.load(file)
    expect(own["sessions"] == recorded(browser), "what is saved is not what is kept")
    other = json.loads(json.dumps(own["sessions"][0]))
    other |= {"id": "0123456789abcdef", "who": "<img src=x onerror=alert(1)>"}
    for answer in other["answers"]:
        answer["chosen"] = answer["real"]
    broken = json.loads(json.dumps(other))
    broken["id"], broken["answers"][0]["picture"] = "fedcba9876543210", "no such picture"

    def add(name: str, words: object, said: str) -> None:
        file = os.path.join(folder, name)
        pathlib.Path(file).write_text(words if isinstance(words, str) else json.dumps(words), encoding="utf-8")
        browser.run("document.getElementById('said').textContent = ''")
        browser.choose_file("others", file)
        browser.wait("document.getElementById('said').textContent !== ''")
        told = browser.run("document.getElementById('said').textContent")
        expect(said in told, f"after {name}, the page says {told!r}, expected {said!r}")

    sessions = len(own["sessions"])
    add("other.json", own | {"sessions": [other, broken]}, "1 of 2 sessions added")
    check_sentence(browser, recorded(browser))
    expect(len(recorded(browser)) == sessions + 1, "the session of somebody else is not kept")
    expect(browser.run("document.querySelectorAll('#sessions img').length") == 0, "a name became a picture")
    add("again.json", own | {"sessions": [other]}, "0 of 1 sessions added")
    add("else.json", own | {"page": "another"}, "a page with other pictures")
    add("letter.json", "Dear reader,", "holds no results")
    check_sentence(browser, recorded(browser))


def come_back(browser: Browser, address: str) -> None:
    """Opens the page again, as somebody would who comes back, and waits until it shows what it kept.

    A Chromium on a busy machine may lose what pages keep, on each attempt. What the page kept is therefore put back
    before its script runs: whether the page writes and reads it is what is tested, not Chromium.
    """
    name, value = browser.run("[key, localStorage.getItem(key)]")
    browser.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"localStorage.setItem({json.dumps(name)}, {json.dumps(value)})",
    )
    browser.run("window.isLeft = true")
    browser.open(address)
    browser.wait("!window.isLeft && typeof phase === 'string'")
    expect(not browser.run("document.getElementById('result').hidden"), "what is kept is not there again")


def check_phone(address: str) -> None:
    """On a phone, left is left, too."""
    with Browser(390, 844) as browser:
        browser.open(address)
        browser.wait("typeof phase === 'string'")
        browser.run("document.getElementById('begin').click()")
        browser.wait("phase === 'asked'")
        left, right = (
            browser.run(
                f"(() => {{ const box = document.getElementById('{side}Picture').getBoundingClientRect();"
                " return [box.left, box.right, box.top, box.width, box.height]; })()"
            )
            for side in ("left", "right")
        )
        fits = (
            0 <= left[0] < left[1] <= right[0] < right[1] <= 390 and left[2:] == right[2:] and left[3] == left[4] > 100
        )
        expect(fits, f"on a phone, the pictures lie at {left} and {right}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page")
    parser.add_argument("--screenshots")
    arguments = parser.parse_args()
    address = pathlib.Path(arguments.page).resolve().as_uri()
    folder = tempfile.mkdtemp(prefix="autochrome-turing-")
    try:
        with Browser() as browser:
            browser.call("Network.enable")
            browser.open(address)
            browser.wait("document.getElementById('begin') !== null && typeof phase === 'string'")
            participant = Participant(browser, seed=4)
            test = participant.test

            def picture(name: str) -> None:
                if arguments.screenshots:
                    os.makedirs(arguments.screenshots, exist_ok=True)
                    browser.screenshot(os.path.join(arguments.screenshots, name + ".png"))

            picture("start")
            browser.run(WATCH)
            given = participant.session("Ann", watch=True)
            picture("result")
            check_times(browser, len(given))
            kinds = [answer["kind"] for answer in given]
            expect(
                [kinds.count(kind) for kind in ("practice", "counted", "vigilance")]
                == [test["practice"], test["counted"], test["vigilance"]],
                f"the pairs are {kinds}",
            )
            check_record(recorded(browser)[0], given, test, "Ann")
            check_sentence(browser, recorded(browser))
            come_back(browser, address)
            check_sentence(browser, recorded(browser))
            # Another session joins what is kept.
            browser.run(WATCH)
            browser.run("document.getElementById('again').click()")
            second = participant.session("", watch=False)
            expect(all(answer["kind"] != "vigilance" for answer in second), "unwanted pairs are mixed in")
            sessions = recorded(browser)
            check_record(sessions[1], second, test, "")
            # By chance that happens once in 10⁵ runs or fewer, with ten pictures or more.
            expect(
                [answer["picture"] for answer in given[: len(second)]] != [answer["picture"] for answer in second],
                "both sessions have the same order",
            )
            expect(len({answer["real"] for answer in given + second}) == 2, "the real picture is always on one side")
            check_sentence(browser, sessions)
            check_others(browser, folder, saved(browser, folder))
            widths = browser.run("[document.documentElement.scrollWidth, window.innerWidth]")
            expect(widths[0] <= widths[1], f"the page is {widths[0]} wide, the window {widths[1]}")
            complaints = browser.complaints()
            expect(not complaints, f"{complaints}")
            asked = {
                event["params"]["request"]["url"]
                for event in browser.events
                if event.get("method") == "Network.requestWillBeSent"
            }
            strangers = [url for url in asked if url != address and not url.startswith(("data:", "blob:"))]
            expect(address in asked and not strangers, f"the page asks for {strangers}")
        check_phone(address)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

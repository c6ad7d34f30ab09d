#!/usr/bin/env python3
"""Opens the page of `autochrome review --export` in a headless Chromium, as a client would, and says what is wrong.

Usage: clientpage.py PAGE.html [--screenshots DIR]

On a screen and on a phone, with and without its script: nothing sticks out to the side, the console has no complaint,
pictures are there, and before and after can both be seen. With the script, the wipe goes by mouse and by keys. Fails
with a sentence where one of that is not so.
"""

import argparse
import os
import pathlib

from devtools import Browser

SIZES = {"screen": (1280, 720), "phone": (390, 844)}


def expect(condition: bool, sentence: str) -> None:
    if not condition:
        raise SystemExit(f"clientpage.py: {sentence}")


def box(browser: Browser, selector: str) -> list[float]:
    """Left, top, width and height of the first element, in the window."""
    return browser.run(
        f"(() => {{ const box = document.querySelector('{selector}').getBoundingClientRect();"
        " return [box.left, box.top, box.width, box.height]; })()"
    )


def check(browser: Browser, place: str, has_script: bool) -> None:
    widths = browser.run("[document.documentElement.scrollWidth, window.innerWidth]")
    expect(widths[0] <= widths[1], f"{place}: the page is {widths[0]} wide, the window {widths[1]}")
    before, after = box(browser, ".before img"), box(browser, ".after img")
    expect(min(before[2:]) > 40 and min(after[2:]) > 40, f"{place}: a picture can't be seen")
    expect((before == after) == has_script, f"{place}: before lies at {before}, after at {after}")
    complaints = browser.complaints()
    expect(not complaints, f"{place}: {complaints}")


def check_wipe(browser: Browser, place: str) -> None:
    """Moves the wipe of the first shot by mouse and by keys."""

    def wiped() -> str:
        return browser.run(
            "getComputedStyle(document.querySelector('.before')).clipPath.match(/[\\d.]+%|calc.*\\)/)[0]"
        )

    browser.run("document.querySelector('.wipe').scrollIntoView({block: 'center'})")
    left, top, width, height = box(browser, ".before img")
    middle = top + height / 2
    for share in (0.25, 0.75):
        browser.drag([(left + width / 2, middle), (left + share * width, middle)])
        value = int(browser.run("document.querySelector('.wipe').value"))
        expect(abs(value - 100 * share) <= 1, f"{place}: the wipe is at {value} % for a mouse at {100 * share}")
        browser.drag([(left + share * width, middle), (left + width / 2, middle)])
    value = int(browser.run("document.querySelector('.wipe').value"))
    expect(browser.run("document.activeElement.matches('.wipe')"), f"{place}: the wipe takes no keys")
    clip = wiped()
    for _ in range(10):
        browser.key("ArrowRight", 39)
    expect(
        int(browser.run("document.querySelector('.wipe').value")) == value + 10 and wiped() != clip,
        f"{place}: keys don't move the wipe",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page")
    parser.add_argument("--screenshots")
    arguments = parser.parse_args()
    address = pathlib.Path(arguments.page).resolve().as_uri()
    for name, (width, height) in SIZES.items():
        for has_script in (True, False):
            place = name + ("" if has_script else ", without its script")
            with Browser(width, height) as browser:
                if not has_script:
                    browser.call("Emulation.setScriptExecutionDisabled", value=True)
                browser.open(address)
                browser.wait("document.querySelector('footer') !== null")
                browser.wait("document.querySelector('.after img').naturalWidth > 0")
                check(browser, place, has_script)
                if arguments.screenshots:
                    os.makedirs(arguments.screenshots, exist_ok=True)
                    stem = os.path.join(arguments.screenshots, place.replace(", ", "-").replace(" ", "-"))
                    browser.screenshot(stem + ".png")
                    browser.run("document.querySelector('.shot').scrollIntoView()")
                    browser.screenshot(stem + "-shots.png")
                if has_script:
                    check_wipe(browser, place)
                    check(browser, place, has_script)


if __name__ == "__main__":
    main()

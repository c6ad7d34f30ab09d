#!/usr/bin/env python3
"""Checks that NOTICE names each Swift package that the build resolves, and that its texts are there.

Usage: check_notice.py [--linked] [--update]

Each package has to stand in NOTICE, and NOTICE may name no other. Of those that a program links, docs/licenses/notices
holds the notice that the package asks to be passed on, if it has one; the files that NOTICE refers to exist. With
--linked, what NOTICE says of which program links what is held against what the linker was given, after a build. With
--update, the notices are copied anew. Exit status: 0 if all is right, 1 otherwise, with a line for each fault.
"""

from __future__ import annotations

import argparse
import shutil
import sys

import parts

NOTICES = parts.ROOT / "docs/licenses/notices"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--linked", action="store_true", help="compare with what the linker was given")
    parser.add_argument("--update", action="store_true", help="copy the notices of the packages anew")
    options = parser.parse_args()
    packages = {package.identity: package for package in parts.swift_packages()}
    named = parts.notices()
    faults = [f"NOTICE lacks the package {identity}" for identity in sorted(packages.keys() - named.keys())]
    faults += [f"NOTICE names {name}, which is not resolved" for name in sorted(named.keys() - packages.keys())]
    expected = {}
    for identity in sorted(packages.keys() & named.keys()):
        notice = packages[identity].notice()
        if named[identity].programs and notice:
            expected[NOTICES / f"{identity}.txt"] = notice
        faults += [
            f"{text.relative_to(parts.ROOT)}, which NOTICE names for {identity}, is missing"
            for text in named[identity].texts
            if not text.exists()
        ]
    if options.update:
        shutil.rmtree(NOTICES, ignore_errors=True)
        NOTICES.mkdir(parents=True)
        for path, notice in expected.items():
            shutil.copyfile(notice, path)
    for path, notice in expected.items():
        if not path.exists() or path.read_bytes() != notice.read_bytes():
            faults.append(
                f"{path.relative_to(parts.ROOT)} is not {notice.relative_to(parts.ROOT)}: "
                "run scripts/check_notice.py --update"
            )
    faults += [
        f"{path.relative_to(parts.ROOT)} is of no package that is linked"
        for path in sorted(set(NOTICES.glob("*")) - expected.keys())
    ]
    if options.linked:
        for program in parts.PROGRAMS:
            linked = parts.linked_packages(program)
            told = {name for name, notice in named.items() if program in notice.programs}
            faults += [f"{program} links {name}, of which NOTICE says nothing" for name in sorted(linked - told)]
            faults += [f"NOTICE says that {program} links {name}; it does not" for name in sorted(told - linked)]
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

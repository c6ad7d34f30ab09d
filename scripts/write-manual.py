#!/usr/bin/env python3
"""Writes the manual pages: one for the program and one for each of its commands.

    scripts/write-manual.py PROGRAM FOLDER

They hold what PROGRAM says of itself with --experimental-dump-help, as --help does, and nothing else.
"""

import json
import pathlib
import re
import subprocess
import sys


def text(words: str) -> str:
    """Escapes text for roff."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    escaped = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in escaped)
    return re.sub(r"^\.", r"\\&.", escaped, flags=re.MULTILINE)


def spelled(argument: dict) -> str:
    """The argument as it is typed: `-o, --output <output>`."""
    value = f"\\fI{text(argument['valueName'])}\\fR"
    if argument["kind"] == "positional":
        return value
    names = ", ".join(
        f"\\fB{text(('-' if name['kind'] == 'short' else '--') + name['name'])}\\fR" for name in argument["names"]
    )
    return names if argument["kind"] == "flag" else f"{names} {value}"


def meaning(argument: dict) -> str:
    """What it does, and the values and the default that the program adds itself."""
    facts = []
    if values := argument.get("allValues"):
        facts.append("values: " + ", ".join(values))
    if "defaultValue" in argument:
        facts.append(f"default: {argument['defaultValue']}")
    words = argument.get("abstract", "")
    return text(words + (f" ({'; '.join(facts)})" if facts else ""))


def synopsis(command: dict, name: str) -> str:
    parts = [f"\\fB{text(name)}\\fR"]
    if any(a["kind"] != "positional" for a in command["arguments"]):
        parts.append("[\\fIoptions\\fR]")
    for argument in command["arguments"]:
        if argument["kind"] == "positional" or not argument["isOptional"]:
            words = spelled({**argument, "names": [argument["preferredName"]]} if "names" in argument else argument)
            words += " ..." if argument["isRepeating"] else ""
            parts.append(f"[{words}]" if argument["isOptional"] else words)
    return " ".join(parts)


def paragraphs(discussion: str) -> list[str]:
    lines = []
    for block in discussion.split("\n\n"):
        if all("autochrome " in line for line in block.split("\n")):
            lines += [".PP", ".nf", ".RS 4", text(block), ".RE", ".fi"]
        else:
            lines += [".PP", text(block)]
    return lines


def page(command: dict, path: list[str], version: str, pages: dict[str, str]) -> str:
    """Writes the page of a command, and those of its own commands, into `pages`; returns its name."""
    name, title = " ".join(path), "-".join(path)
    abstract = command["abstract"]
    summary = abstract.rstrip(".")
    lines = [
        f'.TH "{text(title.upper())}" "1" "" "{text(version)}" "User Commands"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{text(title)} \\- {text(summary[0].lower() + summary[1:])}",
        ".SH SYNOPSIS",
        synopsis(command, name),
    ]
    commands = [c for c in command.get("subcommands", []) if c["shouldDisplay"] and c["commandName"] != "help"]
    if commands:
        lines += [".PP", f"\\fB{text(name)}\\fR \\fIcommand\\fR [\\fIoptions\\fR] ..."]
    lines += [".SH DESCRIPTION", text(abstract), *paragraphs(command.get("discussion", ""))]
    sections: dict[str, list[dict]] = {}
    for argument in command["arguments"]:
        if argument["shouldDisplay"]:
            kind = "Arguments" if argument["kind"] == "positional" else argument.get("sectionTitle", "Options")
            sections.setdefault(kind, []).append(argument)
    # What all commands have comes last.
    for title_of_section in sorted(sections, key=lambda section: section == "Options"):
        lines.append(f".SH {text(title_of_section.upper())}")
        for argument in sections[title_of_section]:
            lines += [".TP", spelled(argument), meaning(argument)]
    others = [path[:-1]] if len(path) > 1 else []
    if commands:
        lines.append(".SH COMMANDS")
        for inner in commands:
            page(inner, [*path, inner["commandName"]], version, pages)
            lines += [".TP", f"\\fB{text(inner['commandName'])}\\fR", text(inner["abstract"])]
            others.append([*path, inner["commandName"]])
    lines.append(".SH SEE ALSO")
    lines.append(",\n".join(f"\\fB{text('-'.join(other))}\\fR(1)" for other in others))
    pages[f"{title}.1"] = "\n".join(line for line in lines if line) + "\n"
    return title


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    program, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    dump = json.loads(subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout)
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    pages: dict[str, str] = {}
    page(dump["command"], [dump["command"]["commandName"]], version.split("\n")[0], pages)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        (folder / name).write_text(content, encoding="ascii")
        (folder / name).chmod(0o644)


main()

"""What the programs are made of: Swift packages, networks, libraries of the system. check_notice.py and sbom.py ask."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("autochrome", "autochrome-review")
MODELS = ROOT / "Sources/AutochromeKit/Resources/models"
CHECKOUTS = ROOT / ".build/checkouts"


def output(*command: str | Path) -> str:
    """What a command prints; ends the program with its complaint where it fails."""
    try:
        result = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise SystemExit(f"{command[0]} is missing, which is needed to tell what the programs are made of") from error
    if result.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


@dataclass(frozen=True)
class SwiftPackage:
    identity: str
    version: str
    url: str
    revision: str
    checkout: Path

    def notice(self) -> Path | None:
        """The file that Apache 2.0, section 4 (d), asks to be passed on."""
        return next(iter(sorted(self.checkout.glob("NOTICE*"))), None)


def swift_packages() -> list[SwiftPackage]:
    """All packages that the build resolves, whether a program links them or not, by identity."""
    tree = json.loads(output("swift", "package", "show-dependencies", "--format", "json"))
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    revisions = {pin["identity"]: pin["state"]["revision"] for pin in pins}
    found: dict[str, SwiftPackage] = {}
    waiting = list(tree["dependencies"])
    while waiting:
        node = waiting.pop()
        waiting += node["dependencies"]
        identity = node["identity"]
        found[identity] = SwiftPackage(
            identity, node["version"], node["url"].removesuffix(".git"), revisions[identity], Path(node["path"])
        )
    return [found[identity] for identity in sorted(found)]


def linked_packages(program: str) -> set[str]:
    """The identities of the packages whose objects the linker was given for a program."""
    build = ROOT / ".build/release"
    objects = build / f"{program}.product/Objects.LinkFileList"
    if not objects.exists():
        raise SystemExit(f"{objects.relative_to(ROOT)} is missing: run `make build` first")
    identities = set()
    for module in set(re.findall(r"/([^/\s]+)\.build/", objects.read_text())):
        # SwiftPM lists the sources of Swift modules; those of C lie in a folder of their name.
        sources = build / f"{module}.build/sources"
        if sources.exists():
            identities |= set(re.findall(r"/checkouts/([^/]+)/", sources.read_text()))
        elif not (ROOT / "Sources" / module).exists():
            folders = list(CHECKOUTS.glob(f"*/Sources/{module}"))
            if len(folders) != 1:
                raise SystemExit(f"{program} links the module {module}, which {len(folders)} packages have; expected 1")
            identities.add(folders[0].parent.parent.name)
    return {identity.lower() for identity in identities}


@dataclass
class Notice:
    """A package as NOTICE names it."""

    identity: str
    programs: set[str]
    licenses: list[str]
    holder: str
    texts: list[Path] = field(default_factory=list)


def notices() -> dict[str, Notice]:
    """The packages of NOTICE: a line with two spaces for each, lines with four for parts under other licenses."""
    found: dict[str, Notice] = {}
    last: Notice | None = None
    for line in (ROOT / "NOTICE").read_text().splitlines():
        match = re.fullmatch(r"( {2}| {4})(\S.*?) {2,}(?:([ar](?: r)?) {2,})?(\S+) {2,}(\S.*)", line)
        if not match:
            continue
        indent, name, marks, license_, holder = match.groups()
        text = re.search(r"\((docs/licenses/\S+)\)", holder)
        if len(indent) == 2:
            programs = {PROGRAMS["ar".index(mark)] for mark in (marks or "").split()}
            last = found[name] = Notice(name, programs, [license_], holder.split(" (docs/")[0])
        elif last is None:
            raise SystemExit(f"NOTICE names a part before any package: {line}")
        else:
            last.licenses.append(license_)
        if text and last:
            last.texts.append(ROOT / text[1])
    return found


@dataclass(frozen=True)
class Library:
    """A file that the programs load, and the package of the distribution that it belongs to, if any."""

    path: Path
    package: str | None
    version: str
    is_direct: bool


def libraries(program: Path) -> list[Library]:
    """All that the loader takes for a program, by its path."""
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", program)))
    found = []
    for name, path in re.findall(r"^\s*(\S+) => (/\S+)", output("ldd", program), re.MULTILINE):
        package, version = owner(Path(path))
        found.append(Library(Path(path), package, version, name in needed))
    return sorted(found, key=lambda library: library.path)


@functools.cache
def owner(path: Path) -> tuple[str | None, str]:
    """The package of the distribution that holds a file, and its version."""
    # /lib is a link to /usr/lib, and the package lists the one or the other.
    names = {str(path), str(path.resolve()), f"/usr{path}", str(path).removeprefix("/usr")}
    result = subprocess.run(["dpkg-query", "--search", *sorted(names)], text=True, capture_output=True, check=False)
    if not result.stdout:
        return None, ""
    package = result.stdout.splitlines()[0].rsplit(": ", 1)[0].split(", ")[0]
    return package, output("dpkg-query", "--show", "--showformat=${Version}", package)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

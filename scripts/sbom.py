#!/usr/bin/env python3
"""Writes what the programs are made of as SPDX 2.3 in JSON: Swift packages, networks, libraries that are loaded.

Usage: sbom.py [FOLDER]

FOLDER/autochrome-VERSION.spdx.json is written (`out` by default), and its name printed. It tells of the build in
.build/release on this machine: of the Swift packages by NOTICE, Package.resolved and `swift package show-dependencies`,
of the libraries by `ldd` and the packages of the distribution. The same build gives the same bytes: the time is
SOURCE_DATE_EPOCH, or that of the commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import parts

RELEASE = parts.ROOT / ".build/release"
# As NOTICE writes licenses, to SPDX.
LICENSES = {"Apache-2.0+RLE": "Apache-2.0 WITH Swift-exception"}
RUNTIME = "Swift runtime"
Element = dict[str, Any]


def identifier(*names: str) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", "-".join(names))


def element(kind: str, name: str, version: str, license_: str, **more: object) -> Element:
    """A package of SPDX."""
    return {
        "SPDXID": identifier(kind, name),
        "name": name,
        **({"versionInfo": version} if version else {}),
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license_,
        "copyrightText": "NOASSERTION",
        **more,
    }


def purl(locator: str) -> list[Element]:
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}]


def swift_packages() -> list[tuple[Element, set[str]]]:
    """Each with the programs that link it."""
    notices = parts.notices()
    found = []
    for package in parts.swift_packages():
        notice = notices.get(package.identity)
        if notice is None:
            raise SystemExit(f"NOTICE lacks the package {package.identity}: run scripts/check_notice.py")
        licenses = dict.fromkeys(LICENSES.get(license_, license_) for license_ in notice.licenses)
        host = package.url.removeprefix("https://")
        made = element(
            "Swift",
            package.identity,
            package.version,
            " AND ".join(licenses),
            downloadLocation=f"git+{package.url}@{package.revision}",
            primaryPackagePurpose="LIBRARY",
            supplier=f"Organization: {notice.holder}",
            externalRefs=purl(f"pkg:swift/{host}@{package.version}"),
        )
        found.append((made, notice.programs))
    return found


def models() -> list[Element]:
    return [
        element(
            "Model",
            path.stem,
            "",
            "Apache-2.0",
            packageFileName=path.name,
            primaryPackagePurpose="FILE",
            checksums=[{"algorithm": "SHA256", "checksumValue": parts.sha256(path)}],
        )
        for path in sorted(parts.MODELS.glob("*.onnx"))
    ]


def distribution() -> str:
    """The name of the system in package URLs, such as debian."""
    found = re.search(r'^ID="?([a-z]+)', Path("/etc/os-release").read_text(), re.MULTILINE)
    return found[1] if found else "linux"


def libraries(program: str) -> dict[str, tuple[Element, bool]]:
    """The packages that a program loads libraries from, by SPDXID, and whether it asks for one of them itself."""
    system = distribution()
    found: dict[str, tuple[Element, bool]] = {}
    swift = re.search(r"Swift version (\S+)", parts.output("swift", "--version"))
    for library in parts.libraries(RELEASE / program):
        if library.package:
            name, _, architecture = library.package.partition(":")
            reference = f"pkg:deb/{system}/{name}@{quote(library.version, safe='~')}"
            made = element(
                "System",
                name,
                library.version,
                "NOASSERTION",
                primaryPackagePurpose="LIBRARY",
                externalRefs=purl(reference + (f"?arch={architecture}" if architecture else "")),
            )
        elif "/swift/" in str(library.path):
            made = element(
                "System",
                RUNTIME,
                swift[1] if swift else "",
                LICENSES["Apache-2.0+RLE"],
                primaryPackagePurpose="LIBRARY",
                supplier="Organization: Apple Inc. and the Swift project authors",
            )
        else:
            made = element(
                "System",
                library.path.name,
                "",
                "NOASSERTION",
                primaryPackagePurpose="LIBRARY",
                checksums=[{"algorithm": "SHA256", "checksumValue": parts.sha256(library.path)}],
            )
        before = found.get(made["SPDXID"])
        found[made["SPDXID"]] = (made, library.is_direct or (before is not None and before[1]))
    return found


def document() -> Element:
    # The first line is "autochrome VERSION"; others tell the commit and the libraries.
    version = parts.output(RELEASE / "autochrome", "--version").split()[1]
    commit = parts.output("git", "rev-parse", "HEAD").strip()
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or parts.output("git", "log", "-1", "--format=%ct")
    packages: dict[str, Element] = {}
    relationships: set[tuple[str, str, str]] = set()

    def relate(one: str, kind: str, other: str) -> None:
        relationships.add((one, kind, other))

    for program in parts.PROGRAMS:
        made = element(
            "Program",
            program,
            version,
            "Apache-2.0",
            primaryPackagePurpose="APPLICATION",
            copyrightText="Copyright the Autochrome contributors",
            sourceInfo=f"built from the commit {commit}",
            licenseComments="Linked with a build of FFmpeg under the GPL, such as Debian's, the program may be "
            "distributed only under the GPL, version 3 or later: see NOTICE.",
        )
        packages[made["SPDXID"]] = made
        relate("SPDXRef-DOCUMENT", "DESCRIBES", made["SPDXID"])
        for key, (library, is_direct) in libraries(program).items():
            packages[key] = library
            if is_direct:
                relate(made["SPDXID"], "DYNAMIC_LINK", key)
            else:
                relate(key, "RUNTIME_DEPENDENCY_OF", made["SPDXID"])
        for model in models():
            packages[model["SPDXID"]] = model
            relate(made["SPDXID"], "CONTAINS", model["SPDXID"])
    for package, programs in swift_packages():
        packages[package["SPDXID"]] = package
        for program in programs:
            relate(identifier("Program", program), "STATIC_LINK", package["SPDXID"])
        if not programs:
            for program in parts.PROGRAMS:
                relate(package["SPDXID"], "BUILD_DEPENDENCY_OF", identifier("Program", program))
    body: Element = {
        "packages": [packages[key] for key in sorted(packages)],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in sorted(relationships)
        ],
    }
    created = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256((created + json.dumps(body, sort_keys=True)).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"autochrome-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/autochrome-{version}-{digest[:32]}",
        "creationInfo": {"created": created, "creators": ["Tool: scripts/sbom.py"]},
        **body,
    }


def main() -> None:
    if len(sys.argv) > 2 or any(argument.startswith("-") for argument in sys.argv[1:]):
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(64)
    if not (RELEASE / "autochrome").exists():
        raise SystemExit("There is no build yet: run `make build` first")
    folder = Path(sys.argv[1] if len(sys.argv) == 2 else parts.ROOT / "out")
    folder.mkdir(parents=True, exist_ok=True)
    made = document()
    path = folder / f"{made['name']}.spdx.json"
    path.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    print(path)


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Checks the list of parts that scripts/sbom.py writes, after `make build`.
#
#   scripts/check-sbom.sh [PYTHON]
#
# PYTHON has spdx-tools; .build/python-lint/bin/python by default. The list must be the same twice, byte for byte, be
# valid SPDX 2.3, and name the networks with the digests of their files; a list without its version must be refused.
# Exit status: 0 if so, 1 otherwise.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-$root/.build/python-lint/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
  echo "WRONG $1" >&2
  exit 1
}

valid() { "$python" -m spdx_tools.spdx.clitools.pyspdxtools -i "$1"; }

first=$("$root/scripts/sbom.py" "$folder/first")
second=$("$root/scripts/sbom.py" "$folder/second")
version=$("$root/.build/release/autochrome" --version | sed -n '1s/^autochrome //p')
[[ $(basename "$first") == "autochrome-$version.spdx.json" ]] || fail "the list is called '$(basename "$first")', expected autochrome-$version"
cmp "$first" "$second" || fail "two lists of the same build differ"
valid "$first" || fail "spdx-tools does not take $(basename "$first")"
for model in "$root"/Sources/AutochromeKit/Resources/models/*.onnx; do
  grep -q "$(sha256sum "$model" | cut -d' ' -f1)" "$first" || fail "$(basename "$model") is missing, or its digest is another"
done
mkdir "$folder/broken"
sed '/"spdxVersion"/d' "$first" >"$folder/broken/list.spdx.json"
if valid "$folder/broken/list.spdx.json" >"$folder/complaint" 2>&1; then fail "a list without its version is taken"; fi
echo "ok    $(basename "$first"): $(grep -c '"SPDXID": "SPDXRef-[A-Z]' "$first") elements, valid, the same twice"

#!/usr/bin/env bash
# Builds a program outside of this package with the manifest that docs/guide/library.md shows, and runs it.
#
#   scripts/check-library.sh [WORK]
#
#   WORK   where the program is built, so that the next run is fast; by default a folder that is removed
#
# The program is Examples/film: it colorizes a second of the sample film. The check decodes the result, and compares
# its luma with the source's. The library is compiled once more for it, which takes some minutes.
# Exit status: 0 if all is right, 1 otherwise.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
if [[ ${1:-} ]]; then
  mkdir -p "$1"
  work=$(realpath "$1")
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

# The manifest names the checkout as `../autochrome`.
mkdir -p "$work/colorize/Sources/colorize"
ln -sfn "$root" "$work/autochrome"
awk '/^```swift$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$root/docs/guide/library.md" \
  >"$work/colorize/Package.swift"
grep -q '^// swift-tools-version' "$work/colorize/Package.swift" ||
  { echo "WRONG the first block of docs/guide/library.md is not a manifest"; exit 1; }
cp "$root/Examples/film/main.swift" "$work/colorize/Sources/colorize/"
swift build -c release --package-path "$work/colorize" --quiet >&2
echo "ok    the manifest of the guide builds a program"

film=$work/film.mkv color=$work/color.mkv
rm -rf "$color" "$color.job"
ffmpeg -nostdin -v error -y -i "$root/samples/film.mkv" -map 0:v -frames:v 24 -c copy "$film"
"$work/colorize/.build/release/colorize" "$film" "$color" | tail -n 1
luma() { # FILM: reduced, since the encoder is lossy
  ffmpeg -nostdin -v error -i "$1" -vf scale=8:8:flags=area,format=gray -fps_mode passthrough -f rawvideo - |
    od -An -v -t u1 -w1
}
paste <(luma "$film") <(luma "$color") | awk '
  NF != 2 { exit 1 }
  { d = $1 - $2; if (d < -2 || d > 2) exit 1; n++ }
  END { exit n != 24 * 64 }' || { echo "WRONG luma is not that of the film"; exit 1; }
echo "ok    the program colorizes a film, and keeps its luma"

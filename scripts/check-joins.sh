#!/usr/bin/env bash
# Colorizes one shot of ten minutes, which is rendered in parts, and checks that no step of the colors shows where
# the parts meet: chroma must not change more from the last frame of one part to the first of the next than between
# the frames around them.
#
#   check-joins.sh [-m MINUTES] [-n FRAMES] [FILM]
#
# MINUTES   how long the shot is; 10 by default
# FILM      its first FRAMES are the shot, forth and back, over and over; the first shot of the sample film, 84
#           frames, by default
#
# AUTOCHROME names another program; OPTIONS are added to its arguments.
set -euo pipefail

minutes=10 frames=84
while getopts m:n: option; do
  case $option in
  m) minutes=$OPTARG ;;
  n) frames=$OPTARG ;;
  *) exit 64 ;;
  esac
done
shift $((OPTIND - 1))
root=$(cd "$(dirname "$0")/.." && pwd)
film=${1:-$root/samples/film.mkv}
program=${AUTOCHROME:-$root/.build/release/autochrome}
read -ra options <<<"${OPTIONS:-}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

ffmpeg -v error -i "$film" -map 0:v:0 -filter_complex "[0:v:0]trim=end_frame=$frames,format=gray,split[a][b];\
[b]reverse[c];[a][c]concat,format=yuv420p" -r 24 -c:v ffv1 "$folder/once.mkv"
ffmpeg -v error -stream_loop -1 -i "$folder/once.mkv" -frames:v $((minutes * 60 * 24)) -c:v libx264 -preset ultrafast \
  -crf 12 "$folder/shot.mkv"

"$program" "$folder/shot.mkv" -o "$folder/color.mkv" --codec ffv1 "${options[@]}" --progress json 2>"$folder/events"
ffmpeg -v error -i "$folder/color.mkv" -vf "signalstats,metadata=print:file=$folder/steps" -f null -

python3 - "$folder" <<'PYTHON'
import json, pathlib, re, statistics, sys

folder = pathlib.Path(sys.argv[1])
# A part ends in the middle of a shot after 20 s of film.
PART = 20 * 24
AROUND = 6
report = [json.loads(line) for line in open(folder / "events") if line.startswith("{")][-1]["report"]
if report["shots"] != 1:
    raise SystemExit(f"{report['shots']} shots were found, not one")
values = {plane: [float(v) for v in re.findall(rf"signalstats\.{plane}DIF=(\S+)", (folder / "steps").read_text())]
          for plane in "UV"}
steps = [u + v for u, v in zip(values["U"], values["V"])]
joins = range(PART, len(steps) - AROUND, PART)
at = [steps[join] for join in joins]
around = [[steps[join + off] for off in range(-AROUND, AROUND + 1) if off] for join in joins]
larger = [join for join, step, near in zip(joins, at, around) if step > max(near)]
mean, near = statistics.mean(at), statistics.mean(map(statistics.mean, around))
print(f"{len(steps)} frames, {len(joins)} joins: chroma changes by {mean:.4f} at them and by {near:.4f} in the "
      f"{AROUND} frames before and after; at {len(larger)} joins by more than in any of these")
if not joins or larger or mean > 1.1 * near:
    raise SystemExit("the joins can be seen" if joins else "there is no join")
PYTHON

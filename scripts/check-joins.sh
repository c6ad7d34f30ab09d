#!/usr/bin/env bash
# Colorizes one shot of ten minutes, which is rendered in parts, and checks that no step of the colors shows where
# the parts meet: from the last frame of one part to the first of the next, chroma must not change more than it does
# between the same two pictures a loop before and a loop after.
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

python3 - "$folder" $((2 * frames)) <<'PYTHON'
import json, pathlib, re, statistics, sys

folder, loop = pathlib.Path(sys.argv[1]), int(sys.argv[2])
# A part ends in the middle of a shot after 20 s of film.
PART = 20 * 24
events = [json.loads(line) for line in open(folder / "events") if line.startswith("{")]
shots = len(next(event["finished"] for event in events if "finished" in event)["shots"])
if shots != 1:
    raise SystemExit(f"{shots} shots were found, not one")
values = {plane: [float(v) for v in re.findall(rf"signalstats\.{plane}DIF=(\S+)", (folder / "steps").read_text())]
          for plane in "UV"}
steps = [u + v for u, v in zip(values["U"], values["V"])]
joins = [join for join in range(PART, len(steps), PART) if loop < join < len(steps) - loop]
if not joins:
    raise SystemExit("there is no join")


def excess(frame):
    return steps[frame] - (steps[frame - loop] + steps[frame + loop]) / 2


at = [excess(join) for join in joins]
others = sorted(excess(frame) for frame in range(loop + 1, len(steps) - loop) if frame % PART)
usual, mean = statistics.mean(steps[loop:-loop]), statistics.mean(at)
# How many of the other frames change by more than the worst join.
share = sum(other >= max(at) for other in others) / len(others)
print(f"{len(steps)} frames, {len(joins)} joins. Chroma changes by {usual:.4f} of a code from frame to frame; at joins by "
      f"{mean:+.4f} more than between the same pictures elsewhere, by {max(at):+.4f} at the worst, as much as in "
      f"{100 * share:.1f} % of all other frames")
if mean > 0.02 * usual or share < 0.002:
    raise SystemExit("the joins can be seen")
PYTHON

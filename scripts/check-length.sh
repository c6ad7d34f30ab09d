#!/usr/bin/env bash
# Colorizes a film of two hours, or a folder of 100,000 pictures, and checks that memory stays flat, that time
# stamps are exact to the end, and that the time left is told right. Nothing else should run meanwhile.
#
#   check-length.sh [-m MINUTES] [-s SIZE] film | [-n COUNT] pictures
#
# MINUTES   how long the film is; 120 by default
# SIZE      of its frames; 640x480 by default
# COUNT     how many pictures there are; 100000 by default
#
# AUTOCHROME names another program; OPTIONS are added to its arguments.
set -euo pipefail

minutes=120 size=640x480 count=100000
while getopts m:s:n: option; do
  case $option in
  m) minutes=$OPTARG ;;
  s) size=$OPTARG ;;
  n) count=$OPTARG ;;
  *) exit 64 ;;
  esac
done
shift $((OPTIND - 1))
root=$(cd "$(dirname "$0")/.." && pwd)
program=${AUTOCHROME:-$root/.build/release/autochrome}
read -ra options <<<"${OPTIONS:-}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

case ${1:-} in
film)
  # A minute of shots in motion and sound, over and over.
  ffmpeg -v error -stream_loop -1 -i "$root/samples/film.mkv" -t 60 -map 0:v:0 -map 0:a:0? \
    -vf "scale=${size/x/:},format=gray,format=yuv420p" -r 24 -c:v libx264 -preset ultrafast -crf 20 -c:a aac \
    "$folder/minute.mkv"
  for ((i = 0; i < minutes; i++)); do echo "file minute.mkv"; done >"$folder/list"
  ffmpeg -v error -f concat -i "$folder/list" -map 0 -c copy "$folder/film.mkv"
  input=$folder/film.mkv output=$folder/color.mkv
  arguments=(--preset ultrafast)
  ;;
pictures)
  mkdir "$folder/pictures"
  ffmpeg -v error -f lavfi -i testsrc2=s=96x72:r=24 -frames:v "$count" -vf format=gray -compression_level 1 \
    "$folder/pictures/%06d.png"
  input=$folder/pictures/ output=$folder/color/
  arguments=(--size 64)
  ;;
*)
  echo "give film or pictures" >&2
  exit 64
  ;;
esac

"$program" "$input" -o "$output" "${arguments[@]}" "${options[@]}" --progress json 2>"$folder/events" &
job=$!
start=$(date +%s.%N)
while kill -0 $job 2>/dev/null; do
  memory=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$job/status" 2>/dev/null || true)
  echo "$(date +%s.%N) ${memory:-0}"
  sleep 1
done >"$folder/memory"
wait $job

# What came out, packet for packet.
stamps() { ffprobe -v error -select_streams v -show_entries packet=pts_time -of csv=p=0 "$1" | tr -d , | sort -n; }
if [ "$1" = film ]; then
  stamps "$input" >"$folder/wanted"
  stamps "$output" >"$folder/found"
  cmp "$folder/wanted" "$folder/found" && echo "time stamps: $(wc -l <"$folder/found"), all those of the source"
  ffprobe -v error -select_streams a -show_entries packet=pts_time,size -of csv=p=0 "$input" >"$folder/wanted"
  ffprobe -v error -select_streams a -show_entries packet=pts_time,size -of csv=p=0 "$output" >"$folder/found"
  cmp "$folder/wanted" "$folder/found" && echo "sound: $(wc -l <"$folder/found") packets, all those of the source"
else
  [ "$(find "$output" -name '[0-9]*.png' | wc -l)" = "$count" ] && echo "pictures: all $count"
fi

python3 - "$folder" "$start" <<'PYTHON'
import json, pathlib, sys

folder, start = pathlib.Path(sys.argv[1]), float(sys.argv[2])
samples = [(float(t) - start, int(kib) / 1024) for t, kib in
           (line.split() for line in open(folder / "memory")) if int(kib)]
end = samples[-1][0]


def most(first, last):
    return max(mib for t, mib in samples if first * end <= t <= last * end)


early, late = most(0.1, 0.3), most(0.8, 1)
print(f"memory: {most(0, 1):.0f} MiB at most; {early:.0f} between 10 and 30 %, {late:.0f} from 80 % on")
progress = [event["progress"] for event in map(json.loads, open(folder / "events")) if "progress" in event]
last = progress[-1]
total = last["elapsedSeconds"]
errors = []
for event in progress:
    left = total - event["elapsedSeconds"]
    if event.get("secondsLeft") is not None and 0.1 * last["framesDone"] <= event["framesDone"] and left > 0.02 * total:
        errors.append((abs(event["secondsLeft"] - left) / left, event["framesDone"] / last["framesDone"]))
worst = max(errors)
print(f"time left: off by {100 * worst[0]:.0f} % at most (at {100 * worst[1]:.0f} %), from 10 % on")
print(f"{last['framesDone']} frames in {total:.0f} s, {last['framesDone'] / total:.0f} frames/s")
sys.exit(late > 1.03 * early or worst[0] > 0.15)
PYTHON

#!/usr/bin/env bash
# Checks that memory does not grow with the length of a film.
#
#   scripts/check-memory.sh [-s SIZE] [-f SHORT] [-l LONG] [-m MEGABYTES] [-p PERCENT] BIN [ARGUMENT…]
#
# Colorizes films of SHORT and LONG frames (500 and 2000) of SIZE (1920x1080) with a fast encoder
# and compares peak resident memory, which varies with how full the pipeline happens to be: it may
# differ by PERCENT (10) and reach MEGABYTES (900).
# ARGUMENT… goes to BIN. Exit status: 0 if both hold, 1 otherwise.
set -euo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }

size=1920x1080 short=500 long=2000 limit=900 percent=10
while getopts s:f:l:m:p: option; do
  case $option in
    s) size=$OPTARG ;;
    f) short=$OPTARG ;;
    l) long=$OPTARG ;;
    m) limit=$OPTARG ;;
    p) percent=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -ge 1 ]] || usage
binary=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One encoded second, again and again; copying costs nothing.
ffmpeg -nostdin -v error -f lavfi -i "testsrc2=size=$size:rate=25:duration=1,hue=s=0" \
  -c:v libx264 -preset ultrafast -bf 0 -pix_fmt yuv420p "$work/second.mkv"

# peak FRAMES ARGUMENT…: peak resident memory in kB.
peak() {
  local frames=$1
  shift
  ffmpeg -nostdin -v error -y -stream_loop $((frames / 25)) -i "$work/second.mkv" -c copy \
    -frames:v "$frames" "$work/film.mkv"
  python3 - "$binary" "$work/film.mkv" -o "$work/out.mkv" --overwrite --codec libx264 \
    --preset ultrafast "$@" <<'PYTHON'
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.PIPE, text=True)
if done.returncode:
    sys.exit(f"exit status {done.returncode}: {done.stderr.strip()}")
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PYTHON
  local written
  written=$(ffprobe -v error -count_packets -select_streams v:0 -show_entries stream=nb_read_packets \
    -of csv=p=0 "$work/out.mkv")
  if [[ ${written%%,*} -ne $frames ]]; then
    echo "$written frames were written, expected $frames" >&2
    return 1
  fi
}

first=$(peak "$short" "$@")
second=$(peak "$long" "$@")
awk -v first="$first" -v second="$second" -v short="$short" -v long="$long" -v limit="$limit" \
  -v percent="$percent" 'BEGIN {
    growth = 100 * (second - first) / first
    printf "%d frames: %.0f MB; %d frames: %.0f MB; %+.1f %%\n", short, first / 1000, long, second / 1000, growth
    if (growth > percent || growth < -percent) { print "WRONG: differs by more than " percent " %"; wrong = 1 }
    if (first > limit * 1000 || second > limit * 1000) { print "WRONG: more than " limit " MB"; wrong = 1 }
    exit wrong }'

#!/usr/bin/env bash
# Checks that the result does not depend on the number of threads.
#
#   scripts/check-determinism.sh BIN CLIP [ARGUMENT…]
#
# Colorizes CLIP with one thread, with two, with two again, and with seven, for each encoder that films
# are written with, or those named in CODECS. The encoded packets and their times must be the same, byte
# for byte. ARGUMENT… goes to BIN. Exit status: 0 if so, 1 otherwise.
set -euo pipefail

if [[ $# -lt 2 ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
binary=$1 clip=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
for codec in ${CODECS:-x264 x265 svtav1 prores dnxhr ffv1 mjpeg}; do
  container=mkv
  case $codec in prores | dnxhr | mjpeg) container=mov ;; esac
  for run in 1 2 2-again 7; do
    "$binary" "$clip" -o "$work/$run.$container" --codec "$codec" --threads "${run%-again}" \
      --overwrite "$@"
    # Containers carry random identifiers; what they hold is compared.
    ffmpeg -nostdin -v error -i "$work/$run.$container" -map 0 -c copy -f framehash -hash sha256 - |
      grep -v '^#software' >"$work/$run.hashes"
  done
  frames=$(grep -vc '^#' "$work/1.hashes")
  differing=
  for run in 2 2-again 7; do
    cmp -s "$work/1.hashes" "$work/$run.hashes" || differing=${differing:-$run}
  done
  if [[ -z $differing ]]; then
    echo "ok    $clip, $codec: $frames packets are the same with 1, 2, again 2, and 7 threads"
    continue
  fi
  status=1
  echo "WRONG $clip, $codec: --threads 1 and ${differing/-again/ (again)} differ, first at:"
  { diff "$work/1.hashes" "$work/$differing.hashes" || true; } | grep -m 1 '^[<>]'
  for which in 1 "$differing"; do
    ffmpeg -nostdin -v error -i "$work/$which.$container" -map 0:v:0 -f md5 -
  done | uniq | awk 'END { print NR == 1 ? "(the decoded frames are the same)" : "(the decoded frames differ)" }'
done
exit "$status"

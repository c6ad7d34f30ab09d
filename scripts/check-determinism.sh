#!/usr/bin/env bash
# Checks that the result does not depend on the number of threads.
#
#   scripts/check-determinism.sh BIN CLIP [ARGUMENT…]
#
# Colorizes CLIP to FFV1 with one thread, with two, and with two again. The encoded packets and their
# times must be the same, byte for byte. ARGUMENT… goes to BIN. Exit status: 0 if so, 1 otherwise.
set -euo pipefail

if [[ $# -lt 2 ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
binary=$1 clip=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for run in 1 2 2-again; do
  "$binary" "$clip" -o "$work/$run.mkv" --codec ffv1 --threads "${run%-again}" "$@"
  # Containers carry random identifiers; what they hold is compared.
  ffmpeg -nostdin -v error -i "$work/$run.mkv" -map 0 -c copy -f framehash -hash sha256 - |
    grep -v '^#software' >"$work/$run.hashes"
done
frames=$(grep -vc '^#' "$work/1.hashes")
for run in 2 2-again; do
  if ! cmp -s "$work/1.hashes" "$work/$run.hashes"; then
    echo "WRONG $clip: --threads 1 and ${run/-again/ (again)} differ, first at:"
    diff "$work/1.hashes" "$work/$run.hashes" | grep '^[<>]' | head -1
    for which in 1 "$run"; do
      ffmpeg -nostdin -v error -i "$work/$which.mkv" -map 0:v:0 -f md5 -
    done | uniq | awk 'END { print NR == 1 ? "(the decoded frames are the same)" : "(the decoded frames differ)" }'
    exit 1
  fi
done
echo "ok    $clip: $frames packets are the same with 1, 2, and again 2 threads"

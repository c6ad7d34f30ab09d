#!/usr/bin/env bash
# Runs the checks of whole runs that take little time, on small films: for `make check-quick`, after a build.
#
#   scripts/check-quick.sh
#
# AUTOCHROME names another program. What each check takes is printed; what a check that fails has said, too. Left out
# are the checks that need hours, a quiet machine or a cluster: check-joins.sh, check-length.sh, check-cluster.sh.
# Exit status: 0 if all are right, 1 otherwise.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
export AUTOCHROME=${AUTOCHROME:-$root/.build/release/autochrome}
scripts=$root/scripts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fast=(--model autochrome-fast)
wrong=0

# check NAME COMMAND…: whether a check is right. With `optional` set, it is left out where its tools are missing, which it
# says by 69.
check() {
  local name=$1 start=$SECONDS status=0
  shift
  "$@" >"$work/said" 2>&1 || status=$?
  if [[ $status -eq 0 ]]; then
    echo "ok    $name, $((SECONDS - start)) s"
  elif [[ $status -eq 69 && ${optional:-} ]]; then
    echo "left out: $name: $(tail -n 1 "$work/said")"
  else
    echo "WRONG $name, $((SECONDS - start)) s: $*"
    grep -v '^ok ' "$work/said" || true
    wrong=$((wrong + 1))
  fi
}

# clip NAME FIRST COUNT: frames of the sample film.
clip() {
  ffmpeg -nostdin -v error -i "$root/samples/film.mkv" -map 0:v:0 -vf "trim=start_frame=$2:end_frame=$(($2 + $3))" \
    -c:v ffv1 "$work/$1.mkv"
}
clip first 0 24
clip second 120 24

check "inputs are made" "$scripts/make-inputs.sh" "$work/inputs"
# One of four, with all kinds among them.
mapfile -t films < <(awk -v folder="$work/inputs" 'NR % 4 == 1 { print folder "/" $0 }' "$work/inputs/good.txt")
check "films keep what they have" "$scripts/check-film.sh" -a --model -a autochrome-fast "$AUTOCHROME" "${films[@]}"
check "errors are told" "$scripts/check-errors.sh" -i "$work/inputs" "$AUTOCHROME"
check "pipes and folders" "$scripts/check-pipes.sh" -n 24 "$AUTOCHROME" "$root/samples/film.mkv"
check "no color crosses a cut" "$scripts/check-cut.sh" "$AUTOCHROME" "$work/first.mkv" "$work/second.mkv"
check "threads make no difference" "$scripts/check-determinism.sh" "$AUTOCHROME" "$work/first.mkv" "${fast[@]}"
check "memory does not grow" "$scripts/check-memory.sh" -s 640x360 -f 250 -l 750 "$AUTOCHROME" "${fast[@]}"
check "kills leave no trace" "$scripts/check-resume.sh" -n 8 -s 30
check "networks are fetched" "$scripts/check_fetch.py" "$AUTOCHROME"
check "the list of parts" "$scripts/check-sbom.sh"
optional=yes check "kernels on arm64" "$scripts/check-arm64.sh"
[[ $wrong -eq 0 ]]

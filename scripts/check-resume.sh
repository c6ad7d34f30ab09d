#!/usr/bin/env bash
# Kills the program at random moments and lets the same command go on, until the output is whole: it must be
# the one of a run that nobody killed, byte for byte, and no more than one segment may be done twice.
#
#   check-resume.sh [-n KILLS] [-s SECONDS] [-k SEED] [KIND...]
#
# KILLS     how many kills there are, over all kinds; 200 by default
# SECONDS   how long the clip is; 60 by default
# SEED      of the moments; printed, so that a failure can be had again
# KIND      x264, ffv1, mp4, png; all by default
set -euo pipefail

kills=200 seconds=60 seed=$RANDOM
while getopts n:s:k: option; do
  case $option in
  n) kills=$OPTARG ;;
  s) seconds=$OPTARG ;;
  k) seed=$OPTARG ;;
  *) exit 64 ;;
  esac
done
shift $((OPTIND - 1))
kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(x264 ffv1 mp4 png)

program=${AUTOCHROME:-$(dirname "$0")/../.build/release/autochrome}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "seed $seed, $kills kills, $seconds s of film"
RANDOM=$seed

# Shots of 7 s, the second half one shot in motion, and sound.
half=$((seconds / 2))
ffmpeg -v error -f lavfi -i "testsrc2=s=128x96:r=24:d=7" -f lavfi -i "smptehdbars=s=128x96:r=24:d=7" \
  -f lavfi -i "mandelbrot=s=128x96:r=24" -f lavfi -i "sine=frequency=440" \
  -filter_complex "[0][1]concat=n=2:v=1,loop=-1:336,trim=duration=$half,setpts=PTS-STARTPTS[a];\
[2]trim=duration=$((seconds - half)),setpts=PTS-STARTPTS[b];[a][b]concat=n=2:v=1,format=gray[v]" \
  -map "[v]" -map 3:a -c:v ffv1 -c:a aac -t "$seconds" "$folder/film.mkv"

# run KIND NAME: the job of this kind, into files that are called NAME. In a shell of its own.
run() {
  local arguments=("$folder/film.mkv" --model autochrome-fast --size 96 --quiet)
  case $1 in
  x264) exec "$program" "${arguments[@]}" --preset veryfast -o "$folder/$2.mkv" ;;
  ffv1) exec "$program" "${arguments[@]}" --codec ffv1 -o "$folder/$2.mkv" ;;
  mp4) exec "$program" "${arguments[@]}" --preset veryfast -o "$folder/$2.mp4" ;;
  png) exec "$program" "${arguments[@]}" -o "$folder/$2/%06d.png" ;;
  *) echo "no kind $1" >&2; exit 64 ;;
  esac
}

# is_whole NAME: whether a run was killed when all was done.
is_whole() {
  if [ -d "$folder/$1" ]; then
    [ ! -e "$folder/$1.job" ] && [ "$(find "$folder/$1" -name '[0-9]*.png' | wc -l)" = $((24 * seconds)) ]
  else
    [ -e "$folder/$1.mkv" ] || [ -e "$folder/$1.mp4" ]
  fi
}

# sum NAME: of all that the job has made.
sum() {
  if [ -d "$folder/$1" ]; then
    (cd "$folder/$1" && find . -type f | sort | xargs sha256sum) | sha256sum
  else
    cat "$folder/$1".m?? | sha256sum
  fi
}

segments() { find "$folder" -path "*.job/*.segment" -name '[0-9]*' | wc -l; }

failures=0
for index in "${!kinds[@]}"; do
  kind=${kinds[$index]}
  share=$((kills * (index + 1) / ${#kinds[@]} - kills * index / ${#kinds[@]}))
  start=$(date +%s%N)
  (run "$kind" "$kind-whole")
  whole=$((($(date +%s%N) - start) / 1000000))
  expected=$(sum "$kind-whole")
  done=0 rounds=0
  while [ "$done" -lt "$share" ]; do
    rounds=$((rounds + 1)) name="$kind-$rounds"
    while true; do
      before=$(segments)
      run "$kind" "$name" 2>"$folder/errors" &
      job=$!
      # Anywhere in the run, now and then past its end.
      delay=$((RANDOM * 32768 + RANDOM)) delay=$((delay % (whole + whole / 8)))
      sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
      if [ "$done" -lt "$share" ] && kill -9 "$job" 2>/dev/null; then
        wait "$job" 2>/dev/null || true
        done=$((done + 1))
        if is_whole "$name"; then break; fi
        [ "$(segments)" -ge "$before" ] || { echo "$kind: segments were lost"; failures=$((failures + 1)); }
      elif wait "$job"; then
        break
      else
        cat "$folder/errors"
        echo "$kind: a run that nobody killed failed"
        failures=$((failures + 1))
        break
      fi
    done
    if [ "$(sum "$name")" != "$expected" ]; then
      echo "$kind: the bytes are not those of the run that nobody killed"
      failures=$((failures + 1))
    fi
    # A run may be killed between the last two things that it does.
    is_whole "$name" && [ "$(segments)" = 0 ] || [ -e "$folder/$name.job/whole" ] || ls "$folder/$name".*.job/whole >/dev/null 2>&1 || { echo "$kind: the job's folder is left"; failures=$((failures + 1)); }
    rm -rf "${folder:?}/$name" "$folder/$name".*
  done
  echo "$kind: $done kills in $rounds rounds; an undisturbed run takes $whole ms"
done
if [ "$failures" != 0 ]; then
  echo "$failures failures"
  exit 1
fi
echo "all outputs are those of undisturbed runs"

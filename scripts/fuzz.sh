#!/usr/bin/env bash
# Usage: scripts/fuzz.sh [--keep] SECONDS [NAME ...]
# Fuzzes the entries of Tests/Fuzzing under libFuzzer and AddressSanitizer, each for so many seconds: those named, or
# all. Inputs that do harm, by a trap, a report, more than 2 GB or more than 10 s, are left in out/fuzz/NAME, and the
# exit status is 1.
#
# With --keep, what covers new code goes into Tests/Fuzzing/corpus/NAME, of which about as many files are left as cover
# the same, 80 at most; those named regression-* stay.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=
if [ "${1:-}" = --keep ]; then
  keep=yes
  shift
fi
[ $# -ge 1 ] || { sed -n 2p "$0" >&2; exit 64; }
seconds=$1
shift
[ $# -gt 0 ] || set -- Tests/Fuzzing/corpus/*
scratch=.build/fuzz
swift build -c release --package-path Tests/Fuzzing --scratch-path "$scratch" --product fuzz \
  --sanitize=fuzzer -Xswiftc -sanitize=address,fuzzer -Xcc -fsanitize=address,fuzzer-no-link
# A crash is libFuzzer's to report.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0
# What counts as harm, and how large inputs get.
limits=(-timeout=10 -rss_limit_mb=2048 -max_len=8192)
status=0
for name in "$@"; do
  name=$(basename "$name")
  export AUTOCHROME_FUZZ=$name
  corpus=Tests/Fuzzing/corpus/$name
  out=out/fuzz/$name
  mkdir -p "$corpus" "$out/corpus"
  echo "$name: $seconds s, log in $out/log"
  "$scratch/release/fuzz" -max_total_time="$seconds" "${limits[@]}" \
    -artifact_prefix="$out/" -print_final_stats=1 "$out/corpus" "$corpus" >"$out/log" 2>&1 || {
    status=1
    echo "$name: harm was done; the input is in $out" >&2
  }
  grep -E 'cov:' "$out/log" | tail -n 1
  grep -E '^(SUMMARY|stat::number_of_executed_units)' "$out/log" || true
  if [ -n "$keep" ]; then
    least=$(mktemp -d)
    # Edges alone count: with how often each is passed, there would be hundreds of files.
    "$scratch/release/fuzz" -set_cover_merge=1 -use_counters=0 "${limits[@]}" \
      -artifact_prefix="$out/" "$least" "$corpus" "$out/corpus" >"$out/merge.log" 2>&1
    find "$corpus" -type f ! -name 'regression-*' -delete
    # 80 of them at most, of all sizes up to 4600 bytes.
    find "$least" -type f -size -4601c -printf '%s %p\n' | sort -n | cut -d ' ' -f 2 >"$least.list"
    step=$((($(wc -l <"$least.list") + 79) / 80))
    awk -v step="$step" 'NR % step == 0' "$least.list" | xargs -I '{}' cp '{}' "$corpus/"
    rm "$least.list"
    rm -r "$least"
    echo "$name: $(find "$corpus" -type f | wc -l) files in $corpus"
  fi
done
exit "$status"

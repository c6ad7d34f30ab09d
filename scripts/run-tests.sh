#!/usr/bin/env bash
# Usage: scripts/run-tests.sh [options of swift test]
# Runs the tests and repeats what failed at the end: they run side by side, and what one of them has to
# say stands hundreds of lines before the last.
set -uo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
  echo
  echo "What failed:"
  grep -A 4 -E 'recorded an issue|error:|Fatal error' "$log" | grep -vE '^(◇|✔|--)' | awk '!seen[$0]++'
fi
exit "$status"

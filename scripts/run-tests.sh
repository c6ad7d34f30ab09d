#!/usr/bin/env bash
# Usage: [AUTOCHROME_ISA=SET] scripts/run-tests.sh [options of swift test]
# Runs the tests and repeats what failed at the end: they run side by side, and what one of them has to
# say stands hundreds of lines before the last.
#
# AUTOCHROME_ISA limits what the arithmetic may use, as if the CPU had no more (plain, avx2, avx512,
# avx512-vnni, avx512-bf16). Our kernels and oneDNN follow it by themselves; OpenBLAS reads a variable
# of its own when it is loaded.
set -uo pipefail
case "${AUTOCHROME_ISA:-}" in
  plain) export OPENBLAS_CORETYPE=NEHALEM ;;
  avx2) export OPENBLAS_CORETYPE=HASWELL ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift test "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
  echo
  echo "What failed${AUTOCHROME_ISA:+ with AUTOCHROME_ISA=$AUTOCHROME_ISA}:"
  grep -A 4 -E 'recorded an issue|error:|Fatal error' "$log" | grep -vE '^(◇|✔|--)' | awk '!seen[$0]++'
fi
exit "$status"

#!/usr/bin/env bash
# Colorizes a film as a Slurm job array: one machine analyzes the film, any number of machines render its
# segments, and one joins them. All machines must see the input and the output folder under the same names.
#
#   cluster/slurm.sh INPUT -o OUTPUT [OPTION...]
#
# The arguments are those of `autochrome`. Environment variables:
#
#   AUTOCHROME      the program, or an Apptainer image of it; `autochrome` by default
#   SBATCH_OPTIONS  options for all jobs, such as "--partition=film --cpus-per-task=4"
#   MOST_AT_ONCE    how many segments are rendered at the same time; 100 by default
#
# If a node fails, Slurm puts its segment back into the queue; a segment that fails by itself is retried twice.
# Run the script again to render missing segments. It prints the number of the job that joins.
set -euo pipefail

program=${AUTOCHROME:-autochrome}
read -ra options <<<"${SBATCH_OPTIONS:-}"

if [ "${1:-}" = --segment ]; then
  # One task of the array.
  for attempt in 1 2 3; do
    if "$program" render --job "$2" --segment "$SLURM_ARRAY_TASK_ID" --threads "${SLURM_CPUS_PER_TASK:-1}" \
      --progress none; then
      exit 0
    fi
    echo "segment $SLURM_ARRAY_TASK_ID failed, attempt $attempt of 3" >&2
  done
  exit 1
fi

plan=$("$program" "$@" --plan-only --progress none)
value() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1" <<<"$plan"; }
folder=$(value folder) segments=$(value segments)
echo "$segments segments in $folder" >&2

array=$(sbatch --parsable "${options[@]}" --requeue --array="1-$segments%${MOST_AT_ONCE:-100}" \
  --job-name=autochrome --output="$folder/slurm-%a.log" --export=ALL "$0" --segment "$folder")
sbatch --parsable "${options[@]}" --dependency="afterok:$array" --kill-on-invalid-dep=yes \
  --job-name=autochrome-join --output="$folder.log" --export=ALL \
  --wrap="$(printf '%q ' "$program" join --job "$folder" --progress none)"

#!/usr/bin/env bash
# Colorizes a film as a job array of Slurm: one machine looks at the film, any number of them make its
# segments, one joins them. The machines must see the input and the output's folder under the same names.
#
#   cluster/slurm.sh INPUT -o OUTPUT [OPTION...]
#
# The arguments are those of `autochrome`. What the environment says:
#
#   AUTOCHROME      the program; `autochrome` by default
#   SBATCH_OPTIONS  for all jobs, such as "--partition=film --cpus-per-task=4"
#   MOST_AT_ONCE    how many segments are made at the same time; 100 by default
#
# A segment whose node fails is put back into the queue by Slurm; one that fails by itself is tried twice more.
# Calling the script again makes what is missing. It prints the number of the job that joins.
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

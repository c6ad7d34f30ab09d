#!/usr/bin/env bash
# Makes a Python virtual environment with pinned packages.
#
#   scripts/python-environment.sh REQUIREMENTS FOLDER [pip options]
#
# What follows FOLDER goes to pip. The plain torch wheel brings gigabytes of GPU libraries; where no
# GPU is to be used, the CPU build is found with
#   scripts/python-environment.sh training/requirements.txt .venv \
#     --extra-index-url https://download.pytorch.org/whl/cpu
# or, without that server, with --find-links and a folder that holds the wheel.
set -euo pipefail

if [[ $# -lt 2 || $1 == -* ]]; then
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
requirements=$1
folder=$2
shift 2

"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet "$@" --requirement "$requirements"
"$folder/bin/pip" list --format freeze | grep -i -E "^($(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/\1/p' "$requirements" | paste -s -d '|'))=="

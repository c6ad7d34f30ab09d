#!/usr/bin/env bash
# Makes a Python virtual environment with the pinned packages of requirements.txt.
#
#   Benchmarks/setup.sh FOLDER [pip options]
#
# What follows FOLDER goes to pip. The plain torch wheel brings gigabytes of GPU libraries that
# nothing here uses; the CPU build is found with
#   Benchmarks/setup.sh .venv --extra-index-url https://download.pytorch.org/whl/cpu
# or, without that server, with --find-links and a folder that holds the wheel.
set -euo pipefail

if [[ $# -lt 1 || $1 == -* ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
folder=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

"${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/pip" install --quiet "$@" --requirement "$here/requirements.txt"
"$folder/bin/python" -c 'import numpy, onnx, onnxruntime, torch
for package in (numpy, onnx, onnxruntime, torch):
    print(package.__name__, package.__version__)'

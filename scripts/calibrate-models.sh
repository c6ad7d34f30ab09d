#!/bin/bash
# Calibrates the shipped networks for int8, in place: after each training.
#
#   scripts/calibrate-models.sh BIN PICTURES…
#
# PICTURES: folders of pictures, films, or tar files of pictures, of which every 65th is taken.
set -euo pipefail

binary=${1:?"usage: $0 BIN PICTURES…"}
shift
models=$(dirname "$0")/../Sources/AutochromeKit/Resources/models
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

inputs=()
for input in "$@"; do
  case $input in
    *.tar)
      mkdir -p "$scratch/raw" "$scratch/pictures"
      tar -tf "$input" | grep -v '/$' | awk 'NR % 65 == 1' >"$scratch/list"
      tar -xf "$input" -C "$scratch/raw" -T "$scratch/list"
      while read -r name; do
        count=$((${count:-0} + 1))
        mv "$scratch/raw/$name" "$scratch/pictures/$(printf %06d "$count").${name##*.}"
      done <"$scratch/list"
      ;;
    *) inputs+=("$input") ;;
  esac
done
if [ -d "$scratch/pictures" ]; then inputs+=("$scratch/pictures"); fi

for model in "$models"/autochrome*.onnx; do
  "$binary" model calibrate "$model" "${inputs[@]}" -o "$model.new" --overwrite
  mv "$model.new" "$model"
done
"$(dirname "$0")/model_manifest.py" --update

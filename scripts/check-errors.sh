#!/usr/bin/env bash
# Checks that what goes wrong is said in one sentence, with the right exit status.
#
#   scripts/check-errors.sh [-i DIR] BIN
#
#   -i DIR  what scripts/make-inputs.sh made: each line of DIR/bad.txt is tried as well
# Each case: nothing on stdout, one line on stderr that names the thing and is no trace, no crash,
# and no half output left under the final name. One line for each case. Exit status: 0 if all are
# right, 1 otherwise.
set -uo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }

inputs=
while getopts i: option; do
  case $option in
    i) inputs=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -eq 1 ]] || usage
binary=$1
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
wrong=0

# try NAME STATUS WORD ARGUMENT…: STATUS may be several, separated by commas. WORD must be in the
# sentence ("" for any). Where 0 is among them and comes, stderr may say what it likes.
try() {
  local name=$1 statuses=$2 word=$3 status lines fault=''
  shift 3
  timeout 120 "$binary" "$@" >"$work/stdout" 2>"$work/all" </dev/null
  status=$?
  # Of what is damaged in places, each place is named before the last sentence.
  if [[ $name == bad/frames-* || $name == bad/flipped.mkv ]]; then tail -n 1 "$work/all"; else cat "$work/all"; fi >"$work/stderr"
  lines=$(wc -l <"$work/stderr")
  if [[ ,$statuses, != *,$status,* ]]; then
    fault="exit status $status, expected $statuses: $(tail -1 "$work/stderr")"
  elif [[ $status -ne 0 ]]; then
    if [[ -s $work/stdout ]]; then
      fault="stdout is not empty: $(head -1 "$work/stdout")"
    elif [[ $lines -ne 1 ]]; then
      fault="$lines lines on stderr, expected one sentence: $(head -1 "$work/stderr")"
    elif grep -qE '0x[0-9a-f]{6,}|Fatal error|Backtrace|Thread [0-9]|[A-Za-z]+Error\(' "$work/stderr"; then
      fault="no plain sentence: $(cat "$work/stderr")"
    elif [[ -n $word ]] && ! grep -qF -- "$word" "$work/stderr"; then
      fault="'$word' is not named: $(cat "$work/stderr")"
    fi
  fi
  # A film that breaks off may leave what came before; nothing else may leave anything.
  if [[ -z $fault && -e $work/out.mkv && $name != bad/* ]]; then fault="a half output was left"; fi
  if [[ -z $fault ]]; then echo "ok    $name: $(head -c 160 "$work/stderr" | head -1)"; else
    echo "WRONG $name: $fault"
    wrong=$((wrong + 1))
  fi
}

film=$work/film.mkv
ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=96x64:rate=25:duration=0.2,hue=s=0 -c:v ffv1 -pix_fmt yuv420p "$film"
ffmpeg -nostdin -v error -f lavfi -i sine=duration=0.3 "$work/sound.wav"
echo 'Dear reader, this is no film.' >"$work/letter.txt"
head -c 5000 /dev/urandom >"$work/broken.onnx"
echo precious >"$work/existing.mkv"
mkdir "$work/closed"
chmod 555 "$work/closed"

try "no such file" 66 none.mkv "$work/none.mkv" -o "$work/out.mkv"
try "a text file" 65 letter.txt "$work/letter.txt" -o "$work/out.mkv"
try "no video stream" 65 sound.wav "$work/sound.wav" -o "$work/out.mkv"
try "no such encoder" 69 nosuchcodec "$film" -o "$work/out.mkv" --codec nosuchcodec
try "output below a file" 73 out.mkv "$film" -o "$work/letter.txt/out.mkv"
try "no such output folder" 73 out.mkv "$film" -o "$work/nowhere/out.mkv"
if [[ $EUID -ne 0 ]]; then
  try "output folder closed" 73 closed "$film" -o "$work/closed/out.mkv"
fi
try "output exists" 73 existing.mkv "$film" -o "$work/existing.mkv"
[[ $(cat "$work/existing.mkv") == precious ]] || { echo "WRONG output exists: it was changed"; wrong=$((wrong + 1)); }
try "output is the input" 64,73 film.mkv "$film" -o "$film" --overwrite
try "unknown container" 64,69,73 nosuchsuffix "$film" -o "$work/out.nosuchsuffix"
try "broken model" 65 broken.onnx "$film" -o "$work/out.mkv" --model "$work/broken.onnx"
try "no such model" 66 none.onnx "$film" -o "$work/out.mkv" --model "$work/none.onnx"
try "unknown option" 64 --nosuchoption "$film" -o "$work/out.mkv" --nosuchoption
try "bad value" 64 banana "$film" -o "$work/out.mkv" --threads banana
try "value out of range" 64 vividness "$film" -o "$work/out.mkv" --vividness 7
try "no output" 64 "" "$film"
try "nothing at all" 64 ""
try "empty stdin" 65 "" - -o "$work/out.mkv"
try "no such pipeline" 64,66 nosuchpipeline "$film" -o "$work/out.mkv" --pipeline nosuchpipeline
if [[ -c /dev/full ]]; then
  ffmpeg -nostdin -v error -i "$film" -f yuv4mpegpipe "$work/film.y4m"
  "$binary" "$work/film.y4m" -o - >/dev/full 2>"$work/stderr"
  status=$?
  if [[ $status -eq 74 && $(wc -l <"$work/stderr") -eq 1 ]]; then echo "ok    full disk: $(cat "$work/stderr")"; else
    echo "WRONG full disk: exit status $status, expected 74: $(cat "$work/stderr")"
    wrong=$((wrong + 1))
  fi
fi
if [[ -n $inputs ]]; then
  while IFS=$'\t' read -r path statuses; do
    rm -rf "$work/out.mkv"
    # Of pictures that don't fit together, the one that does not fit is named.
    word=$(basename "$path")
    [[ $path != bad/frames-mixed ]] || word=scan_
    try "$path" "$statuses" "$word" "$inputs/$path" -o "$work/out.mkv" --progress none
  done <"$inputs/bad.txt"
fi
[[ $wrong -eq 0 ]]

#!/usr/bin/env bash
# Checks that no color leaks across a cut.
#
#   scripts/check-cut.sh [-n FRAMES] [-e EDGE] BIN FIRST SECOND [ARGUMENT…]
#
# FIRST and SECOND are clips of two shots, without a cut inside. FRAMES frames (24) of each are joined
# and colorized; the last EDGE frames (3) before the cut and the first EDGE after it must be those of
# the shot colorized alone, within one code value in each plane. The two shots' colors must differ
# clearly, or the check would say nothing. ARGUMENT… goes to BIN. Exit status: 0 if so, 1 otherwise.
set -euo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }

frames=24 edge=3
while getopts n:e: option; do
  case $option in
    n) frames=$OPTARG ;;
    e) edge=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -ge 3 ]] || usage
binary=$1 first=$2 second=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

lossless=(-c:v ffv1 -pix_fmt yuv420p)
shape="scale=480:270:force_original_aspect_ratio=increase,crop=480:270,setsar=1,fps=25,trim=end_frame=$frames,format=yuv420p"
ffmpeg -nostdin -v error -i "$first" -map 0:V:0 -vf "$shape" "${lossless[@]}" "$work/a.mkv"
ffmpeg -nostdin -v error -i "$second" -map 0:V:0 -vf "$shape" "${lossless[@]}" "$work/b.mkv"
ffmpeg -nostdin -v error -i "$work/a.mkv" -i "$work/b.mkv" -filter_complex "[0:v][1:v]concat" \
  "${lossless[@]}" "$work/ab.mkv"
for name in a b ab; do
  "$binary" "$work/$name.mkv" -o "$work/$name.color.mkv" --codec ffv1 "$@"
done

# largest FILE BEGIN FILE BEGIN: the largest difference in any plane over EDGE frames.
largest() {
  local part="settb=1/25,setpts=N"
  ffmpeg -nostdin -v error -i "$1" -i "$3" -filter_complex \
    "[0:v]trim=start_frame=$2:end_frame=$(($2 + edge)),${part}[a];\
[1:v]trim=start_frame=$4:end_frame=$(($4 + edge)),${part}[b];[a][b]blend=all_mode=difference" \
    -fps_mode passthrough -f rawvideo - | od -An -v -tu1 -w1 | sort -nu | tail -1
}

format=$(ffprobe -v error -select_streams v:0 -show_entries stream=pix_fmt -of csv=p=0 "$work/ab.color.mkv")
if [[ ${format%%,*} != yuv4??p ]]; then
  echo "WRONG: the result is ${format%%,*}, expected 8 bits as the source" >&2
  exit 1
fi

# chroma FILE: mean Cb and Cr.
chroma() {
  ffmpeg -nostdin -v error -i "$1" -vf "signalstats,metadata=mode=print:file=-" -f null - |
    awk -F= '/\.UAVG/ { u += $2; n++ } /\.VAVG/ { v += $2 } END { print u / n, v / n }'
}
read -r a_cb a_cr < <(chroma "$work/a.color.mkv")
read -r b_cb b_cr < <(chroma "$work/b.color.mkv")
apart=$(awk -v u="$a_cb" -v v="$a_cr" -v p="$b_cb" -v q="$b_cr" \
  'BEGIN { printf "%.1f", sqrt((u - p) ^ 2 + (v - q) ^ 2) }')

before=$(largest "$work/ab.color.mkv" $((frames - edge)) "$work/a.color.mkv" $((frames - edge)))
after=$(largest "$work/ab.color.mkv" "$frames" "$work/b.color.mkv" 0)
wrong=0
echo "mean CbCr of the shots: $a_cb $a_cr and $b_cb $b_cr, $apart apart"
echo "largest difference from the shot alone: $before before the cut, $after after it"
if [[ ${before:-255} -gt 1 || ${after:-255} -gt 1 ]]; then
  echo "WRONG: color leaks across the cut"
  wrong=1
fi
if awk -v apart="$apart" 'BEGIN { exit apart >= 3 }'; then
  echo "WRONG: the shots' colors are too alike to tell; take other clips"
  wrong=1
fi
exit "$wrong"

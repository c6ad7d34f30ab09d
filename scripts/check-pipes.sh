#!/usr/bin/env bash
# Checks colorizing through pipes and folders.
#
#   scripts/check-pipes.sh [-n FRAMES] BIN CLIP…
#
# For each CLIP (its first FRAMES frames, 48 if not told):
#   - YUV4MPEG2 in by stdin and out by stdout gives the same frames as the same stream as a file,
#     colorized with the same pipeline (stream); stdout carries nothing else;
#   - a stream that breaks off gives all whole frames, status 65 and one sentence;
#   - a reader that goes away ends the program soon, without a crash;
#   - a folder of 16-bit PNGs gives 16-bit color PNGs of the same names, luma within a rounding.
# One line for each check on stdout. Exit status: 0 if all are right, 1 otherwise.
set -uo pipefail

usage() { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 64; }

limit=48
while getopts n: option; do
  case $option in
    n) limit=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -ge 2 ]] || usage
binary=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wrong=0

# report NAME FAULT: a line of the answer; no FAULT means that all is well.
report() {
  if [[ -z $2 ]]; then echo "ok    $1"; else
    echo "WRONG $1: $2"
    wrong=$((wrong + 1))
  fi
}

# hashes ARGUMENT…: format, size and hash of each frame that ffmpeg reads by ARGUMENT….
hashes() {
  ffmpeg -nostdin -v error "$@" -map 0:V:0 -fps_mode passthrough -f framehash -hash md5 - |
    awk -F', *' '/^#dimensions/ { print $0 } !/^#/ { print $5, $6 }'
}

# The stdin of -nostdin is not read, so that a pipe needs a ffmpeg of its own.
hashes_of_stdin() {
  ffmpeg -v error -f yuv4mpegpipe -i - -map 0:V:0 -fps_mode passthrough -f framehash -hash md5 - |
    awk -F', *' '/^#dimensions/ { print $0 } !/^#/ { print $5, $6 }'
}

check_pipe() {
  local clip=$1 fault='' status
  "$binary" - -o - --pipeline stream --progress none <"$work/in.y4m" 2>"$work/stderr" >"$work/piped.y4m"
  status=$?
  if [[ $status -ne 0 ]]; then
    report "pipe $clip" "exit status $status: $(tail -1 "$work/stderr")"
    return
  fi
  # A true pipe on both sides as well: a file as stdout could be sought in.
  ffmpeg -nostdin -v error -i "$work/in.y4m" -strict -1 -f yuv4mpegpipe - |
    "$binary" - -o - --pipeline stream --progress none 2>"$work/stderr" | hashes_of_stdin >"$work/pipe.hashes"
  hashes -f yuv4mpegpipe -i "$work/piped.y4m" >"$work/stdout.hashes"
  "$binary" "$work/in.y4m" -o "$work/file.mkv" --codec ffv1 --pipeline stream --progress none 2>"$work/stderr" ||
    fault="the file route ends with $?: $(tail -1 "$work/stderr")"
  hashes -i "$work/file.mkv" >"$work/file.hashes"
  if [[ -z $fault ]]; then
    if [[ $(grep -vc '^#' "$work/pipe.hashes") -ne $whole ]]; then
      fault="$(grep -vc '^#' "$work/pipe.hashes") frames out of the pipe, expected $whole"
    elif ! cmp -s "$work/pipe.hashes" "$work/file.hashes"; then
      fault="pipe and file differ, first in line $(cmp "$work/pipe.hashes" "$work/file.hashes" | sed 's/.*line //')"
    elif ! cmp -s "$work/pipe.hashes" "$work/stdout.hashes"; then
      fault="two runs through stdin and stdout differ"
    fi
  fi
  report "pipe $clip" "$fault"
}

check_broken() {
  local clip=$1 fault='' status bytes frames
  bytes=$(stat -c %s "$work/in.y4m")
  head -c $((bytes - 100)) "$work/in.y4m" |
    "$binary" - -o - --pipeline stream --progress none >"$work/broken.y4m" 2>"$work/stderr"
  status=$?
  frames=$(hashes -f yuv4mpegpipe -i "$work/broken.y4m" 2>"$work/reader" | grep -vc '^#')
  if [[ $status -ne 65 ]]; then
    fault="exit status $status, expected 65: $(tail -1 "$work/stderr")"
  elif [[ $(wc -l <"$work/stderr") -ne 1 ]]; then
    fault="$(wc -l <"$work/stderr") lines on stderr, expected one sentence"
  elif [[ $frames -ne $((whole - 1)) || -s $work/reader ]]; then
    fault="$frames frames, expected $((whole - 1)); $(head -1 "$work/reader")"
  fi
  report "broken $clip" "$fault"
}

check_closed() {
  local clip=$1 fault='' status
  # What the reader takes is the header and a part of the first frame.
  {
    timeout 60 "$binary" - -o - --pipeline stream --progress none <"$work/in.y4m" 2>"$work/stderr"
    echo $? >"$work/status"
  } | head -c 1000 >"$work/head"
  status=$(cat "$work/status")
  case $status in
    0 | 74) ;;
    124) fault="no end within 60 s" ;;
    *) fault="exit status $status, expected 74: $(tail -1 "$work/stderr")" ;;
  esac
  [[ $(wc -l <"$work/stderr") -le 1 ]] || fault="$(wc -l <"$work/stderr") lines on stderr"
  report "closed $clip" "$fault"
}

check_folder() {
  local clip=$1 fault='' status name format matrix largest
  rm -rf "$work/scans" "$work/colored"
  mkdir "$work/scans"
  ffmpeg -nostdin -v error -i "$clip" -frames:v 6 -vf format=gray16be -start_number 86400 \
    "$work/scans/reel_%07d.png"
  rm "$work/scans/reel_0086402.png"
  "$binary" "$work/scans" -o "$work/colored/" --progress none 2>"$work/stderr" >"$work/stdout"
  status=$?
  if [[ $status -ne 0 ]]; then
    fault="exit status $status: $(tail -1 "$work/stderr")"
  elif [[ -s $work/stdout ]]; then
    fault="stdout is not empty"
  elif [[ $(ls "$work/scans") != "$(ls "$work/colored")" ]]; then
    fault="names differ: $(diff <(ls "$work/scans") <(ls "$work/colored") | tail -1)"
  else
    for name in "$work"/colored/*; do
      name=$(basename "$name")
      format=$(ffprobe -v error -show_entries stream=pix_fmt -of csv=p=0 "$work/colored/$name")
      if [[ $format != rgb48be ]]; then fault="$name is $format, expected rgb48be"; fi
      # RGB has no matrix of its own: gray is held by the luma of BT.709 or of BT.601. swscale
      # computes it with an error of up to 1/1024.
      for matrix in bt709 smpte170m; do
        ffmpeg -nostdin -v error -i "$work/scans/$name" -i "$work/colored/$name" -filter_complex \
          "[0]scale,format=gray16le[a];[1]scale=out_color_matrix=$matrix:out_range=pc:\
flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact,format=yuv444p16le,extractplanes=y[b];\
[a][b]blend=all_mode=difference" -frames:v 1 -f rawvideo - | od -An -v -tu2 -w2 | sort -nu | tail -1
      done >"$work/largest"
      largest=$(sort -n "$work/largest" | head -1)
      if [[ ${largest:-65535} -gt 128 ]]; then fault="luma of $name is off by up to ${largest:-?} of 65535"; fi
    done
  fi
  report "folder $clip" "$fault"
}

for clip in "$@"; do
  ffmpeg -nostdin -v error -y -i "$clip" -map 0:V:0 -frames:v "$limit" -strict -1 -f yuv4mpegpipe \
    "$work/in.y4m" || { report "$clip" "cannot be read"; continue; }
  whole=$(hashes -i "$work/in.y4m" | grep -vc '^#')
  check_pipe "$clip"
  check_broken "$clip"
  check_closed "$clip"
  check_folder "$clip"
  rm -f "$work/file.mkv"
done
[[ $wrong -eq 0 ]]

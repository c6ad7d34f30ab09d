#!/usr/bin/env bash
# Checks that colorizing a film keeps everything that was not asked to change.
#
#   scripts/check-film.sh [-a ARGUMENT]… [-k DIR] BIN FILE…
#
# Each FILE (or folder of pictures) is colorized to Matroska (NUT, if it has subtitles of MP4) with FFV1,
# which is lossless, and held against the source by ffmpeg and ffprobe: number and times of the frames;
# luma bit for bit (for RGB sources within one code value); alpha; packets and times of all other
# streams; attachments, chapters, metadata; sample aspect ratio, color tags, fields.
#   -a ARGUMENT  passed on to BIN (may be given again)
#   -k DIR       keep the colorized files in DIR
# One line for each FILE on stdout. Exit status: 0 if all are right, 1 otherwise.
set -uo pipefail

usage() { sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 64; }

arguments=()
keep=
while getopts a:k: option; do
  case $option in
    a) arguments+=("$OPTARG") ;;
    k) keep=$OPTARG ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[[ $# -ge 2 ]] || usage
binary=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [[ -n $keep ]]; then mkdir -p "$keep"; fi
faults=()
fault() { faults+=("$1"); }

# Each file is probed once; starting ffprobe takes longer than reading these answers again and again.
# probe FILE SIDE: writes what ffprobe says to SIDE.info, .packets and .frames below $work.
probe() {
  ffprobe -v error -show_format -show_streams -show_chapters -of flat "$1" >"$work/$2.info"
  ffprobe -v error -show_packets -show_data_hash md5 \
    -show_entries packet=stream_index,pts_time,dts_time,data_hash -of compact=p=0:nk=1 "$1" \
    >"$work/$2.packets"
  ffprobe -v error -select_streams V:0 -show_entries \
    frame=best_effort_timestamp_time,interlaced_frame,top_field_first -of compact=p=0 "$1" |
    awk -F'|' '/best_effort/ {
      for (i = 1; i <= NF; i++) { split($i, pair, "="); value[pair[1]] = pair[2] }
      # The order of the fields of a progressive frame means nothing.
      print value["best_effort_timestamp_time"], value["interlaced_frame"] + 0,
        value["interlaced_frame"] + 0 ? value["top_field_first"] : "-" }' >"$work/$2.frames"
}

# indices SIDE KIND: the numbers of the streams of a kind, which is video (the film), cover, audio,
# subtitle, or attachment.
indices() {
  awk -F'[.=]' -v kind="$2" '$1 == "streams" && $4 == "codec_type" { gsub(/"/, "", $5); type[$3] = $5 }
    $1 == "streams" && $5 == "attached_pic" { cover[$3] = $6 }
    END { for (i = 0; i in type; i++) {
      name = type[i] == "video" && cover[i] ? "cover" : type[i]
      if (name == kind) print i } }' "$work/$1.info"
}

# value SIDE INDEX KEY: one field of a stream; without a word when it has none.
value() { sed -n "s/^streams\.stream\.$2\.$3=//p" "$work/$1.info" | head -1 | tr -d '"'; }

# film SIDE KEY: one field of the film's stream.
film() { value "$1" "$(indices "$1" video | head -1)" "$2"; }

# packets SIDE INDEX: time and hash of each packet.
packets() { awk -F'|' -v index_="$2" '$1 == index_ { print $2 "|" $4 }' "$work/$1.packets"; }

# tags SIDE: the film's "key=value" with small keys, without those that belong to containers.
tags() {
  sed -n 's/^format\.tags\.//p' "$work/$1.info" |
    awk -F= '{ key = tolower($1); sub(/^[^=]*=/, ""); print key "=" $0 }' |
    grep -vE '^(encoder|major_brand|minor_version|compatible_brands|creation_time|duration|software)=' |
    sort -u
}

is_rgb() { [[ $1 =~ ^(rgb|bgr|gbr|argb|abgr|0rgb|0bgr|x2rgb|x2bgr|pal8) ]]; }
has_alpha() { [[ $1 =~ ^(yuva|rgba|bgra|argb|abgr|gbrap|ya[0-9]) ]]; }

# depth FORMAT: bits of a component.
depth() {
  [[ -s $work/formats ]] || ffmpeg -hide_banner -pix_fmts >"$work/formats" 2>/dev/null
  awk -v name="$1" '$2 == name { split($5, bit, "-"); print bit[1] }' "$work/formats"
}

# plane PLANE FORMAT SOURCE…: size and hash of one plane of each frame, or "converted" when ffmpeg
# slipped in a conversion of its own, which would make the comparison worthless.
plane() {
  local plane=$1 format=$2 order=
  shift 2
  # The hash is of bytes, so that their order has to be the same.
  if [[ $format == *be ]]; then order=",scale,format=gray$(depth "$format")le"; fi
  ffmpeg -nostdin -v verbose "$@" -map 0:V:0 -fps_mode passthrough \
    -vf "$(planar "$format")extractplanes=$plane$order" -f framehash -hash md5 - 2>"$work/plane.log" |
    grep -v '^#' | awk -F', *' '{ print $5, $6 }'
  if grep -q 'auto_scale' "$work/plane.log"; then echo converted; fi
}

# planar FORMAT: a filter that unpacks a format whose planes ffmpeg cannot extract, losslessly.
planar() {
  case $1 in
    nv12 | nv21) echo scale,format=yuv420p, ;;
    nv16 | uyvy422 | yuyv422 | yvyu422) echo scale,format=yuv422p, ;;
  esac
}

# first_difference A B: the number of the first line in which two files differ, from 0.
first_difference() {
  cmp "$1" "$2" 2>/dev/null | sed -n 's/.* line \([0-9]*\)$/\1/p' | awk '{ print $1 - 1 }'
}

check_luma() {
  local format=$1 result_format=$2 result=$3
  shift 3
  if is_rgb "$format"; then
    check_rgb_luma "$format" "$result_format" "$result" "$@"
    return
  fi
  if is_rgb "$result_format"; then
    fault "source is $format, result is $result_format"
    return
  fi
  plane y "$format" "$@" >"$work/luma.source"
  plane y "$result_format" -i "$result" >"$work/luma.result"
  if grep -q converted "$work/luma.source" "$work/luma.result"; then
    fault "luma of $format or $result_format cannot be read without a conversion"
  elif [[ ! -s $work/luma.source ]]; then
    fault "luma of the source cannot be read: $(tail -1 "$work/plane.log")"
  elif ! cmp -s "$work/luma.source" "$work/luma.result"; then
    fault "luma differs, first in frame $(first_difference "$work/luma.source" "$work/luma.result") ($format, $result_format)"
  fi
}

# The luma of RGB is a matter of arithmetic and rounding: the largest difference is what counts.
check_rgb_luma() {
  local format=$1 result_format=$2 result=$3 bits read=(-tu1 -w1) suffix=
  local allowed matrix range first second largest
  shift 3
  bits=$(depth "$result_format")
  matrix=$(film result color_space)
  range=$(film result color_range)
  [[ $matrix =~ ^(bt709|smpte170m|bt470bg|bt2020nc|smpte240m|fcc)$ ]] || matrix=bt709
  [[ $range == pc ]] || range=tv
  if [[ $bits -gt 8 ]]; then
    suffix=${bits}le
    read=(-tu2 -w2)
  fi
  first="scale=out_color_matrix=$matrix:out_range=$range:flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact,format=yuv444p$suffix,extractplanes=y,settb=1/25,setpts=N"
  second="extractplanes=y,settb=1/25,setpts=N"
  if is_rgb "$result_format"; then second=$first; fi
  largest=$(ffmpeg -nostdin -v error "$@" -i "$result" -filter_complex \
    "[0:V:0]${first}[a];[1:V:0]${second}[b];[a][b]blend=all_mode=difference" \
    -fps_mode passthrough -f rawvideo - 2>"$work/plane.log" | od -An -v "${read[@]}" | sort -nu | tail -1)
  # swscale, which computes the luma here, has about 14 bits itself.
  allowed=$((bits > 12 ? 4 : 1))
  if [[ $bits -gt $(depth "$format") ]]; then allowed=$((1 << (bits - $(depth "$format")))); fi
  if [[ -z $largest ]]; then
    fault "luma cannot be compared: $(tail -1 "$work/plane.log")"
  elif [[ $largest -gt $allowed ]]; then
    fault "luma differs by up to $((largest)) code values of $bits bits ($format, $result_format)"
  fi
}

check_alpha() {
  local format=$1 result_format=$2 result=$3
  shift 3
  has_alpha "$format" || return
  if ! has_alpha "$result_format"; then
    fault "alpha is lost ($format, $result_format)"
    return
  fi
  plane a "$format" "$@" >"$work/alpha.source"
  plane a "$result_format" -i "$result" >"$work/alpha.result"
  if ! cmp -s "$work/alpha.source" "$work/alpha.result"; then
    fault "alpha differs, first in frame $(first_difference "$work/alpha.source" "$work/alpha.result")"
  fi
}

# Sets `shift_time`, by which all streams of the result are late. It may be more than 0 only where
# the source has negative times, which Matroska moves to 0, all streams alike.
check_times() {
  local report allowed tick
  if [[ $(wc -l <"$work/source.frames") -ne $(wc -l <"$work/result.frames") ]]; then
    fault "$(wc -l <"$work/result.frames") frames, expected $(wc -l <"$work/source.frames")"
    return
  fi
  allowed=$(cut -d'|' -f2,3 "$work/source.packets" | tr '|' '\n' |
    awk '/^-?[0-9.]+$/ && $1 + 0 < low { low = $1 + 0 } END { print -low }')
  tick=$(film result time_base | awk -F/ '{ print $1 / $2 * 1.01 }')
  report=$(paste -d' ' "$work/source.frames" "$work/result.frames" |
    awk -v tick="$tick" -v allowed="$allowed" '
      function off(difference) { return difference > tick || difference < -tick }
      NR == 1 {
        shift = $1 != "N/A" && off($4 - $1) ? $4 - $1 : 0
        print shift
        if (shift < 0 || shift > allowed + tick)
          printf "frames start at %s, expected %s; ", $4, $1 }
      $1 != "N/A" && off($4 - $1 - shift) && !late {
        late = 1; printf "frame %d is at %s, expected %s; ", NR - 1, $4, $1 + shift }
      NR > 1 && $4 <= previous && !back {
        back = 1; printf "frame %d is at %s, not after %s; ", NR - 1, $4, previous }
      ($2 != $5 || $3 != $6) && !fields {
        fields = 1; printf "frame %d has field flags %s %s, expected %s %s; ", NR - 1, $5, $6, $2, $3 }
      { previous = $4 }')
  shift_time=$(head -1 <<<"$report")
  report=$(tail -n +2 <<<"$report")
  if [[ -n $report ]]; then fault "${report%; }"; fi
}

# same_packets SOURCE RESULT: whether lists of packets hold the same data at the same times.
same_packets() {
  paste -d'|' "$1" "$2" | awk -F'|' -v shift="$shift_time" '
    NF != 4 || $2 != $4 { wrong = "packet " NR - 1 " has other data"; exit }
    $1 != "N/A" && ($3 - $1 - shift > 0.0011 || $3 - $1 - shift < -0.0011) {
      wrong = "packet " NR - 1 " is at " $3 ", expected " $1 + shift; exit }
    END { print wrong; exit wrong != "" }'
}

# decoded FILE MAP DELAY ARGUMENT…: what a stream holds, decoded, so many seconds later.
decoded() {
  local file=$1 map=$2 delay=$3
  shift 3
  ffmpeg -nostdin -v error -itsoffset "$delay" -i "$file" -map "$map" "$@" - 2>/dev/null
}

# check_packets SOURCE RESULT INDEX RESULT_INDEX KIND NAME
check_packets() {
  local source=$1 result=$2 index=$3 result_index=$4 kind=$5 name=$6 report
  packets source "$index" >"$work/packets.source"
  packets result "$result_index" >"$work/packets.result"
  report=$(same_packets "$work/packets.source" "$work/packets.result") && return
  # From times of Opus in Matroska, FFmpeg takes what the decoder skips at the start: such packets stay where they
  # were when it moves the rest. A copy by ffmpeg itself has the same times.
  if [[ $(value source "$index" codec_name) == opus ]]; then
    shift_time=0 same_packets "$work/packets.source" "$work/packets.result" >/dev/null && return
  fi
  # A container may want another form of the same data (AAC from a transport stream): what ffmpeg
  # makes of it when copying is right as well.
  if ffmpeg -nostdin -v error -y -copyts -i "$source" -map "0:$index" -c copy -f matroska \
    "$work/copied.mkv" 2>/dev/null; then
    ffprobe -v error -show_packets -show_data_hash md5 -show_entries packet=data_hash \
      -of compact=p=0:nk=1 "$work/copied.mkv" |
      paste -d'|' <(cut -d'|' -f1 "$work/packets.source") - >"$work/packets.copied"
    same_packets "$work/packets.copied" "$work/packets.result" >/dev/null && return
  elif [[ $kind == subtitle ]]; then
    # Subtitles that the container cannot hold have to be converted; their text stays.
    decoded "$source" "0:$index" "$shift_time" -f srt | sed 's/<[^>]*>//g' >"$work/text.source"
    decoded "$result" "0:$result_index" 0 -f srt | sed 's/<[^>]*>//g' >"$work/text.result"
    [[ -s $work/text.source ]] && cmp -s "$work/text.source" "$work/text.result" && return
    report="the text or its times differ"
  else
    decoded "$source" "0:$index" 0 -c:a pcm_s32le -f md5 >"$work/sound.source"
    decoded "$result" "0:$result_index" 0 -c:a pcm_s32le -f md5 >"$work/sound.result"
    [[ -s $work/sound.source ]] && cmp -s "$work/sound.source" "$work/sound.result" && return
    report="the sound differs"
  fi
  fault "$name: $report"
}

# Language, title, and what a stream is for.
check_stream_tags() {
  local index=$1 result_index=$2 name=$3 side number lost
  for side in source result; do
    number=$([[ $side == source ]] && echo "$index" || echo "$result_index")
    sed -nE "s/^streams\.stream\.$number\.//p" "$work/$side.info" |
      grep -E '^(tags\.(language|title|filename|mimetype)|disposition\.(forced|comment|hearing_impaired|visual_impaired))=' |
      grep -vE '="und"$' | sort >"$work/tags.$side"
  done
  lost=$(comm -23 "$work/tags.source" "$work/tags.result" | head -1)
  if [[ -n $lost ]]; then fault "$name lacks $lost"; fi
}

check_streams() {
  local source=$1 result=$2 kind number name side indices result_indices
  for kind in video cover audio subtitle attachment; do
    mapfile -t indices < <(indices source "$kind")
    mapfile -t result_indices < <(indices result "$kind")
    if [[ $kind == video ]]; then
      # Of several films, one is colorized; the others have to come along or be named.
      indices=("${indices[0]}")
    fi
    if [[ ${#indices[@]} -ne ${#result_indices[@]} ]]; then
      fault "${#result_indices[@]} streams of kind $kind, expected ${#indices[@]}"
      continue
    fi
    for number in "${!indices[@]}"; do
      name="$kind stream $number"
      check_stream_tags "${indices[number]}" "${result_indices[number]}" "$name"
      case $kind in
        video) ;;
        attachment)
          for side in source result; do
            ffmpeg -nostdin -v error -y "-dump_attachment:t:$number" "$work/attachment.$side" \
              -i "${!side}" 2>/dev/null
          done
          cmp -s "$work/attachment.source" "$work/attachment.result" || fault "$name differs"
          ;;
        cover)
          # A cover has one packet, at no time that matters.
          [[ $(packets source "${indices[number]}" | cut -d'|' -f2) == \
            $(packets result "${result_indices[number]}" | cut -d'|' -f2) ]] || fault "$name differs"
          ;;
        *)
          check_packets "$source" "$result" "${indices[number]}" "${result_indices[number]}" \
            "$kind" "$name"
          ;;
      esac
    done
  done
}

# chapters SIDE: begin, end and title of each.
chapters() {
  awk -F= '/^chapters\.chapter\./ {
    split($1, path, "."); number = path[3]; sub(/^[^=]*=/, ""); gsub(/^"|"$/, "")
    if (path[4] == "start_time") begin[number] = $0
    if (path[4] == "end_time") end[number] = $0
    if (path[5] == "title") title[number] = $0 }
    END { for (i = 0; i in begin; i++) print begin[i] "|" end[i] "|" title[i] }' "$work/$1.info"
}

check_container() {
  local report lost
  chapters source >"$work/chapters.source"
  chapters result >"$work/chapters.result"
  if [[ $(wc -l <"$work/chapters.source") -ne $(wc -l <"$work/chapters.result") ]]; then
    fault "$(wc -l <"$work/chapters.result") chapters, expected $(wc -l <"$work/chapters.source")"
  fi
  report=$(paste -d'|' "$work/chapters.source" "$work/chapters.result" |
    awk -F'|' -v shift="$shift_time" '
      function off(a, b) { return a - b > 0.002 + shift || b - a > 0.002 }
      NF != 6 || $3 != $6 || off($4, $1) || off($5, $2) { print NR - 1; exit }')
  if [[ -n $report ]]; then fault "chapter $report differs"; fi
  lost=$(comm -23 <(tags source) <(tags result) | head -1)
  if [[ -n $lost ]]; then fault "metadata lack $lost"; fi
}

check_properties() {
  local format=$1 result=$2 key wanted found
  wanted=$(film source sample_aspect_ratio)
  found=$(film result sample_aspect_ratio)
  # Matroska stores the size to show at in whole pixels.
  awk -v wanted="$wanted" -v found="$found" -v width="$(film result width)" '
    function ratio(text) {
      split(text, part, ":"); return part[1] > 0 && part[2] > 0 ? part[1] / part[2] : 1 }
    BEGIN { off = (ratio(found) / ratio(wanted) - 1) * width; exit off > 1 || off < -1 }' ||
    fault "sample aspect ratio is $found, expected $wanted"
  for key in color_range color_space color_transfer color_primaries chroma_location; do
    if is_rgb "$format" && [[ $key =~ ^(color_range|color_space|chroma_location)$ ]]; then continue; fi
    if [[ $format == gray* && $key =~ ^(color_space|chroma_location)$ ]]; then continue; fi
    # NUT has no place for it.
    if [[ $result == *.nut && $key == chroma_location ]]; then continue; fi
    wanted=$(film source "$key")
    found=$(film result "$key")
    [[ $wanted =~ ^(unknown|unspecified|N/A|gbr|)$ || $wanted == "$found" ]] ||
      fault "$key is ${found:-unknown}, expected $wanted"
  done
}

check() {
  # Luma is held against the frames as they are stored: Matroska carries no rotation, which the program says.
  local source=$1 result=$work/result.mkv status input=(-noautorotate -i "$1") first format result_format codecs
  faults=()
  shift_time=0
  # Matroska cannot hold the subtitles of MP4; the program refuses it, and names NUT.
  codecs=$(ffprobe -v error -show_entries stream=codec_name -of csv=p=0 "$source" 2>&1)
  if [[ $codecs == *mov_text* ]]; then result=$work/result.nut; fi
  rm -f "$work"/result.*
  "$binary" "$source" -o "$result" --codec ffv1 ${arguments[@]+"${arguments[@]}"} \
    >"$work/stdout" 2>"$work/stderr" </dev/null
  status=$?
  if [[ $status -ne 0 ]]; then
    fault "exit status $status: $(tail -1 "$work/stderr")"
    return
  elif [[ -s $work/stdout ]]; then
    fault "stdout is not empty: $(head -1 "$work/stdout")"
  elif [[ ! -s $result ]]; then
    fault "no output"
    return
  fi
  if [[ -n $keep ]]; then cp "$result" "$keep/$(basename "${source%/}").mkv"; fi
  probe "$result" result
  if [[ -d $source ]]; then
    first=$(find "$source" -maxdepth 1 -type f | sort | head -1)
    input=(-pattern_type glob -i "${source%/}/*.${first##*.}")
    probe "$first" source
  else
    probe "$source" source
  fi
  format=$(film source pix_fmt)
  result_format=$(film result pix_fmt)
  [[ $(film result codec_name) == ffv1 ]] || fault "codec is $(film result codec_name), expected ffv1"
  [[ ! $result_format =~ ^(gray|ya) ]] || fault "the result is not in color: $result_format"
  check_luma "$format" "$result_format" "$result" "${input[@]}"
  check_alpha "$format" "$result_format" "$result" "${input[@]}"
  if [[ -d $source ]]; then return; fi
  check_times
  check_streams "$source" "$result"
  check_container
  check_properties "$format" "$result"
}

wrong=0
for file in "$@"; do
  check "$file"
  if [[ ${#faults[@]} -eq 0 ]]; then
    echo "ok    $file"
  else
    wrong=$((wrong + 1))
    joined=$(printf '; %s' "${faults[@]}")
    echo "WRONG $file: ${joined:2}"
  fi
done
echo "$(($# - wrong)) of $# are right"
[[ $wrong -eq 0 ]]

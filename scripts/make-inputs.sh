#!/usr/bin/env bash
# Makes the inputs that the real world brings, each as a small file or folder.
#
#   scripts/make-inputs.sh DIR
#
# DIR/good/ holds what must be colorized; DIR/good.txt lists it, one path a line, relative to DIR.
# DIR/bad/ holds what must be refused; DIR/bad.txt lists path, a tab, and the statuses that are
# right, separated by commas. Where the damage may or may not be noticed, 0 is among them.
# Needs ffmpeg 5 or 6 with libx264, libx265 and libvpx.
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
mkdir -p "$1/good" "$1/bad"
cd "$1"
: >good.txt
: >bad.txt

size=96x64
frames=10

# ff ARGUMENT…: ffmpeg, quiet, overwriting.
ff() { ffmpeg -nostdin -v error -y "$@"; }

# picture FILTERS: the arguments of a moving test picture that has been through FILTERS.
picture() {
  source_args=(-f lavfi -i "testsrc2=size=$size:rate=25:duration=0.4,$1")
}

# tone SECONDS FREQUENCY: the arguments of an audio source.
tone() { tone_args=(-f lavfi -i "sine=frequency=$2:duration=$1:sample_rate=48000"); }

good() { printf 'good/%s\n' "$1" >>good.txt; }
bad() { printf 'bad/%s\t%s\n' "$1" "$2" >>bad.txt; }

# film NAME FILTERS ARGUMENT…: a picture through FILTERS, encoded by ARGUMENT…, into good/NAME.
film() {
  local name=$1
  picture "$2"
  shift 2
  ff "${source_args[@]}" "$@" "good/$name"
  good "$name"
}

gray='hue=s=0'
x264=(-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p)

# Depths, subsamplings, RGB, alpha.
for format in gray gray10le gray12le gray16le \
  yuv410p yuv411p yuv420p yuv422p yuv440p yuv444p \
  yuv420p9le yuv420p10le yuv422p10le yuv444p10le yuv420p12le yuv422p12le yuv444p12le \
  yuv420p16le yuv422p16le yuv444p16le yuva420p yuva422p yuva444p yuva420p10le yuva444p16le; do
  case $format in
    yuva*) film "format-$format.mkv" "$gray,format=$format,geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='X*2+N'" -c:v ffv1 ;;
    *) film "format-$format.mkv" "$gray,format=$format" -c:v ffv1 ;;
  esac
done
for format in bgr0 bgra gbrp10le gbrp12le gbrp16le; do
  film "format-$format.mkv" "$gray,format=$format" -c:v ffv1
done
film format-rgb24.avi "$gray,format=rgb24" -c:v png
film format-pal8.gif "$gray" -c:v gif
film format-v210.mov "$gray,format=yuv422p10le" -c:v v210
film format-prores.mov "$gray,format=yuv422p10le" -c:v prores_ks -profile:v 3
film format-yuvj422p.avi "$gray" -c:v mjpeg -pix_fmt yuvj422p -q:v 3
film format-nv12.nut "$gray,format=nv12" -c:v rawvideo
film format-uyvy.mov "$gray,format=uyvy422" -c:v rawvideo

# Range and matrix, tagged and not.
film range-full.mkv "scale=out_range=full,$gray" -c:v ffv1 -pix_fmt yuv420p -color_range pc
film range-limited.mkv "$gray" -c:v ffv1 -pix_fmt yuv420p -color_range tv
while read -r name matrix primaries transfer; do
  film "matrix-$name.mp4" "$gray" "${x264[@]}" \
    -colorspace "$matrix" -color_primaries "$primaries" -color_trc "$transfer" -color_range tv
done <<'TABLE'
bt601-525 smpte170m smpte170m smpte170m
bt601-625 bt470bg bt470bg gamma28
bt709 bt709 bt709 bt709
bt2020 bt2020nc bt2020 bt2020-10
smpte240m smpte240m smpte240m smpte240m
TABLE
film matrix-untagged.mp4 "$gray" "${x264[@]}"
film siting-topleft.mp4 "$gray" "${x264[@]}" -chroma_sample_location topleft
film siting-center.mp4 "$gray" "${x264[@]}" -chroma_sample_location center
film hdr-pq.mkv "$gray" -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params \
  log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc

# Sizes.
for size in 97x65 95x63 16x16 17x33 640x16 16x64 321x18; do
  film "size-$size.mkv" "$gray,format=yuv420p" -c:v ffv1
done
size=97x65
film size-odd-422.mkv "$gray,format=yuv422p" -c:v ffv1
film size-odd-411.mkv "$gray,format=yuv411p" -c:v ffv1
size=4096x2160
film size-4096x2160.mkv "$gray,format=yuv420p,trim=end_frame=2" -c:v ffv1
size=720x576
film size-720x576.mkv "$gray,format=yuv420p,trim=end_frame=3" -c:v ffv1
size=1280x720
film size-1280x720.mkv "$gray,format=yuv420p,trim=end_frame=3" -c:v ffv1
size=96x64

# Geometry.
film aspect-64-45.mkv "$gray,setsar=64/45" "${x264[@]}"
film aspect-8-9.mp4 "$gray,setsar=8/9" "${x264[@]}"
picture "$gray"
for degrees in 90 180 270; do
  # Older ffmpeg takes the rotation as metadata of the output, newer as an option of the input.
  ff "${source_args[@]}" "${x264[@]}" good/upright.mp4
  if ffmpeg -hide_banner -h full 2>/dev/null | grep -q '^-display_rotation'; then
    ff -display_rotation "$degrees" -i good/upright.mp4 -c copy "good/rotation-$degrees.mp4"
  else
    ff -i good/upright.mp4 -c copy -metadata:s:v:0 rotate="$degrees" "good/rotation-$degrees.mp4"
  fi
  rm good/upright.mp4
  good "rotation-$degrees.mp4"
done

# Fields.
film interlaced-tff.mkv "$gray,tinterlace=mode=interleave_top,setfield=tff" \
  -c:v ffv1 -pix_fmt yuv420p -flags +ilme+ildct -top 1
film interlaced-bff.mkv "$gray,tinterlace=mode=interleave_bottom,setfield=bff" \
  -c:v ffv1 -pix_fmt yuv420p -flags +ilme+ildct -top 0
film interlaced-mpeg2.ts "$gray,tinterlace=mode=interleave_top,setfield=tff" \
  -c:v mpeg2video -q:v 2 -pix_fmt yuv420p -flags +ilme+ildct -top 1

# Time.
jitter="settb=1/90000,setpts='PTS+mod(N*7,5)*540'"
film vfr.mkv "$gray,$jitter" -fps_mode passthrough -enc_time_base 1/90000 "${x264[@]}"
film vfr.mp4 "$gray,$jitter" -fps_mode passthrough -enc_time_base 1/90000 "${x264[@]}"
film vfr-gap.mkv "$gray,select='lt(n,3)+gte(n,7)'" -fps_mode passthrough "${x264[@]}"
film rate-23976.mkv "$gray,fps=24000/1001" "${x264[@]}"
film rate-2997.mp4 "$gray,fps=30000/1001" "${x264[@]}"
film rate-16.avi "$gray,fps=16" -c:v mpeg4 -q:v 3
film start-5s.mkv "$gray" "${x264[@]}" -output_ts_offset 5
film bframes.mp4 "$gray" "${x264[@]}" -bf 3 -b_strategy 0 -g 6
film bframes.mkv "$gray" "${x264[@]}" -bf 3 -b_strategy 0 -g 6 -flags -cgop
film bframes.avi "$gray" -c:v mpeg4 -bf 2 -q:v 3
film vp9.webm "$gray" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -auto-alt-ref 1 -lag-in-frames 4
film hevc.mp4 "$gray" -c:v libx265 -preset ultrafast -x265-params log-level=error -tag:v hvc1
film one-frame.mkv "$gray,trim=end_frame=1" "${x264[@]}"
film one-frame.png "$gray,trim=end_frame=1,format=gray" -update 1
film elementary.h264 "$gray" "${x264[@]}"
ff -i good/bframes.mp4 -c copy -ss 0.16 good/editlist.mp4 && good editlist.mp4
# Written to a pipe, so that no duration can be filled in.
ffmpeg -nostdin -v error -i good/bframes.mkv -c copy -f matroska - >good/no-duration.mkv
good no-duration.mkv

# Sound, subtitles, chapters, attachments, metadata.
printf '1\n00:00:00,000 --> 00:00:00,200\nGood evening.\n\n2\n00:00:00,200 --> 00:00:00,400\nGrüße!\n' \
  >good/subtitle.srt
printf 'Not a real font, but bytes that must come through.\n' >good/attachment.ttf
cat >good/chapters.txt <<'META'
;FFMETADATA1
title=A Trip
artist=Somebody
date=1902
comment=Made for a test; semicolons \; and = signs
[CHAPTER]
TIMEBASE=1/1000
START=0
END=200
title=First
[CHAPTER]
TIMEBASE=1/1000
START=200
END=400
title=Second – ß
META
picture "$gray"
tone 0.4 440
first=("${tone_args[@]}")
tone 0.4 880
ff "${source_args[@]}" "${first[@]}" "${tone_args[@]}" -i good/subtitle.srt -i good/subtitle.srt \
  -i good/chapters.txt -map 0:v -map 1:a -map 2:a -map 3 -map 4 -map_metadata 5 -map_chapters 5 \
  "${x264[@]}" -c:a:0 flac -c:a:1 ac3 -ac:a:1 2 -c:s:0 srt -c:s:1 ass \
  -metadata:s:v:0 title=Picture -metadata:s:a:0 language=eng -metadata:s:a:0 title=Original \
  -metadata:s:a:1 language=deu -metadata:s:s:0 language=eng -disposition:s:1 forced \
  -attach good/attachment.ttf -metadata:s:t:0 mimetype=application/x-truetype-font \
  good/everything.mkv
good everything.mkv
ff "${source_args[@]}" "${first[@]}" -i good/subtitle.srt -i good/chapters.txt \
  -map 0:v -map 1:a -map 2 -map_metadata 3 -map_chapters 3 \
  "${x264[@]}" -c:a aac -c:s mov_text -metadata:s:a:0 language=fra good/everything.mp4
good everything.mp4
ff "${source_args[@]}" "${first[@]}" "${x264[@]}" -c:a pcm_s24le good/pcm.mov && good pcm.mov
ff "${source_args[@]}" "${first[@]}" -c:v mpeg2video -q:v 2 -c:a mp2 good/stream.ts && good stream.ts
ff "${source_args[@]}" "${first[@]}" "${x264[@]}" -c:a aac -f mpegts good/aac.ts && good aac.ts
ff "${source_args[@]}" "${first[@]}" -c:v mpeg4 -q:v 3 -c:a libmp3lame good/mp3.avi && good mp3.avi
ff "${source_args[@]}" "${first[@]}" -c:v libvpx -deadline realtime -c:a libopus good/opus.webm
good opus.webm
# Sound that starts later and lasts longer than the picture.
tone 0.9 660
ff "${source_args[@]}" -itsoffset 0.15 "${tone_args[@]}" "${x264[@]}" -c:a flac good/sound-late.mkv
good sound-late.mkv
# A cover is a stream of video as well, but not the film.
ff "${source_args[@]}" -frames:v 1 -vf "scale=64:64,format=rgb24" good/cover.png
ff "${source_args[@]}" "${first[@]}" -i good/cover.png -map 0 -map 1 -map 2 "${x264[@]}" -c:a aac \
  -c:v:1 png -disposition:v:1 attached_pic good/cover.mp4
good cover.mp4
rm good/subtitle.srt good/attachment.ttf good/chapters.txt good/cover.png

# What is in the picture.
film color.mkv null -c:v ffv1 -pix_fmt yuv420p
film sepia.mkv "format=gbrp,colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131" \
  -c:v ffv1 -pix_fmt yuv444p
film black.mkv "drawbox=t=fill:c=black" -c:v ffv1 -pix_fmt yuv420p
film white.mkv "drawbox=t=fill:c=white" -c:v ffv1 -pix_fmt gray
film noise.mkv "$gray,noise=alls=100:allf=t" -c:v ffv1 -pix_fmt yuv420p
film flash.mkv "$gray,lutyuv=y='if(eq(mod(val,1),0),val)',drawbox=t=fill:c=white:enable='eq(n,5)'" \
  -c:v ffv1 -pix_fmt yuv420p

# y4m, with each of its tags for the colors.
for format in gray yuv411p yuv420p yuv422p yuv444p; do
  film "tag-$format.y4m" "$gray,format=$format" -f yuv4mpegpipe
done
for format in gray10le gray12le gray16le yuv420p10le yuv422p10le yuv444p10le yuv420p12le \
  yuv444p12le yuv420p16le; do
  film "tag-$format.y4m" "$gray,format=$format" -strict -1 -f yuv4mpegpipe
done
for tag in 420 420jpeg 420mpeg2 420paldv; do
  sed "1s/ C420[a-z0-9]*/ C$tag/" good/tag-yuv420p.y4m >"good/tag-C$tag.y4m"
  good "tag-C$tag.y4m"
done
sed '1s/ C420[a-z0-9]*//; 1s/ XYSCSS=[0-9A-Z]*//' good/tag-yuv420p.y4m >good/tag-none.y4m
good tag-none.y4m
sed '1s/$/ XCOLORRANGE=FULL/' good/tag-yuv420p.y4m >good/tag-full.y4m && good tag-full.y4m

# Folders of pictures.
folder() {
  local name=$1 filters=$2 pattern=$3
  shift 3
  mkdir -p "good/$name"
  picture "$filters"
  ff "${source_args[@]}" "$@" "good/$name/$pattern"
  good "$name"
}
folder frames-gray8 "$gray,format=gray" scan_%06d.png
folder frames-gray16 "$gray,format=gray16be" scan_%06d.png
folder frames-rgb24 "$gray,format=rgb24" scan_%06d.png
folder frames-rgb48 "$gray,format=rgb48be" scan_%06d.png
folder frames-rgba "$gray,format=rgba" scan_%06d.png
folder frames-tiff16 "$gray,format=gray16le" scan_%06d.tif
folder frames-dpx10 "$gray,format=gbrp10be" scan_%06d.dpx
folder frames-jpeg "$gray" scan_%06d.jpg -q:v 2
folder frames-start "$gray,format=gray" %03d.png -start_number 86400
folder frames-gap "$gray,format=gray" scan_%06d.png
rm good/frames-gap/scan_000004.png good/frames-gap/scan_000005.png

# ---------------------------------------------------------------------------------------- the bad

: >bad/empty.mkv
bad empty.mkv 65
printf 'Dear reader, this is no film.\n' >bad/letter.txt
bad letter.txt 65
cp bad/letter.txt bad/letter.mp4
bad letter.mp4 65
head -c 20000 good/everything.mkv | tail -c 16000 | tr 'a-z\0-\37' '\0-\37a-z' >bad/scrambled.mkv
bad scrambled.mkv 65
tone 0.4 440
ff "${tone_args[@]}" -c:a flac bad/audio-only.mkv
bad audio-only.mkv 65
ff "${tone_args[@]}" bad/audio-only.wav
bad audio-only.wav 65
head -c 60 good/matrix-bt709.mp4 >bad/header-only.mp4
bad header-only.mp4 65
bytes=$(stat -c %s good/bframes.mp4)
head -c $((bytes * 2 / 3)) good/bframes.mp4 >bad/truncated.mp4
bad truncated.mp4 65
bytes=$(stat -c %s good/format-yuv420p.mkv)
head -c $((bytes * 2 / 3)) good/format-yuv420p.mkv >bad/truncated.mkv
bad truncated.mkv 65
# Bytes changed here and there in the middle of the data.
cp good/bframes.mkv bad/flipped.mkv
bytes=$(stat -c %s bad/flipped.mkv)
for part in 30 40 50 60 70 80; do
  printf '\377\000\252' | dd of=bad/flipped.mkv bs=1 seek=$((bytes * part / 100)) conv=notrunc status=none
done
bad flipped.mkv 0,65
head -1 good/tag-yuv420p.y4m >bad/no-frames.y4m
bad no-frames.y4m 65
bytes=$(stat -c %s good/tag-yuv420p.y4m)
head -c $((bytes - 1000)) good/tag-yuv420p.y4m >bad/truncated.y4m
bad truncated.y4m 65
sed '1s/ C420[a-z0-9]*/ C999/' good/tag-yuv420p.y4m >bad/unknown-tag.y4m
bad unknown-tag.y4m 65
sed '1s/ W[0-9]* H[0-9]*/ W999999999 H999999999/' good/tag-yuv420p.y4m >bad/huge.y4m
bad huge.y4m 65
sed '1s/ W[0-9]* H[0-9]*/ W0 H-5/' good/tag-yuv420p.y4m >bad/no-size.y4m
bad no-size.y4m 65
printf 'YUV4MPEG2 garbage\nFRAME\n' >bad/garbage.y4m
bad garbage.y4m 65
mkdir -p bad/frames-none bad/frames-text bad/frames-mixed
bad frames-none 65,66
cp bad/letter.txt bad/frames-text/
bad frames-text 65,66
cp good/frames-gray8/scan_00000[1-4].png bad/frames-mixed/
size=48x32
picture "$gray,format=gray"
ff "${source_args[@]}" -frames:v 1 -update 1 bad/frames-mixed/scan_000005.png
bad frames-mixed 65
mkdir -p bad/frames-broken
cp good/frames-gray8/scan_00000[1-3].png bad/frames-broken/
head -c 300 good/frames-gray8/scan_000004.png >bad/frames-broken/scan_000004.png
bad frames-broken 65

# Every film here has as many frames as it was made with; a wrong script must not go unnoticed.
counted=$(ffprobe -v error -count_frames -select_streams v:0 -show_entries stream=nb_read_frames \
  -of default=nw=1:nk=1 good/format-gray.mkv)
if [[ $counted -ne $frames ]]; then
  echo "good/format-gray.mkv has $counted frames, expected $frames" >&2
  exit 70
fi
echo "$(wc -l <good.txt) good and $(wc -l <bad.txt) bad inputs in $PWD"

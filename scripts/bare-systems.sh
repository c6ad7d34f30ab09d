#!/usr/bin/env bash
# Roots of distributions, and the check of a film that is colorized in one. It defines functions for
# check-platform.sh and check-container.sh, and runs nothing.
#
#   . scripts/bare-systems.sh
#
# The caller has set `root` to the checkout and, before it makes a root, `work` to the folder that roots are kept in.
: "${root:?}" "${work:?}"

# The Swift toolchain of this machine: the folder above usr/bin.
swift_toolchain() { dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")"; }

# need TOOL…: ends with 69 if one is missing.
need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: install it" >&2; exit 69; }
  done
}

need_root() {
  [[ $EUID -eq 0 ]] || { echo "$0 mounts file systems and calls chroot: run it as root" >&2; exit 77; }
}

# ------------------------------------------------------------------------------------------------- mounts
mounted=()
unmount_all() {
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do umount "${mounted[i]}" || true; done
  mounted=()
}
bind() { # FROM TO
  mkdir -p "$2"
  mount --bind "$1" "$2"
  mounted+=("$2")
}
system() { # ROOT: what programs in it expect
  cp --dereference /etc/resolv.conf "$1/etc/resolv.conf"
  for folder in proc sys dev dev/pts; do bind "/$folder" "$1/$folder"; done
}
inside() { # ROOT COMMAND…
  local folder=$1
  shift
  chroot "$folder" /usr/bin/env -i PATH="$(swift_toolchain)/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root \
    LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# ------------------------------------------------------------------- a root as it comes from the distribution
make_root() { # PLATFORM: WORK/PLATFORM.tar, unless it is there
  local platform=$1 suite server components script='' keyring=() place=$work/$1 package
  case $platform in
    debian12) suite=bookworm server=http://deb.debian.org/debian components=main ;;
    debian13) suite=trixie server=http://deb.debian.org/debian components=main ;;
    ubuntu24.04) suite=noble server=http://archive.ubuntu.com/ubuntu components=main,universe script=gutsy ;;
    *) return 64 ;;
  esac
  [[ ! -e $work/$platform.tar ]] || return 0
  echo "== $platform: debootstrap $suite"
  mkdir -p "$place"
  if [[ $platform == ubuntu* ]]; then
    package=ubuntu-keyring_2023.11.28.1_all.deb
    curl --fail --silent --show-error --output "$place/$package" \
      "https://archive.ubuntu.com/ubuntu/pool/main/u/ubuntu-keyring/$package"
    sha256sum --check --quiet <<<"36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8  $place/$package"
    dpkg-deb --extract "$place/$package" "$place/keyring"
    keyring=(--keyring "$place/keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg")
  fi
  rm -rf "$place/new"
  debootstrap --variant=minbase --components="$components" "${keyring[@]}" "$suite" "$place/new" "$server" \
    ${script:+"$script"} >"$place/debootstrap.log" || { tail "$place/debootstrap.log" >&2; exit 69; }
  tar -C "$place/new" --one-file-system -cf "$work/$platform.tar.new" .
  mv "$work/$platform.tar.new" "$work/$platform.tar"
  rm -rf "$place/new"
}
unpack() { # PLATFORM FOLDER: a bare root
  rm -rf "$2"
  mkdir -p "$2"
  tar -C "$2" -xf "$work/$1.tar"
  echo 'APT::Install-Recommends "false";' >"$2/etc/apt/apt.conf.d/99autochrome"
}

# git_places FILE: a configuration of git that finds packages where git on this machine finds them
git_places() {
  local entry name
  { git config --system --list --null 2>/dev/null || true; } | while IFS= read -r -d '' entry; do
    name=${entry%%$'\n'*}
    if [[ $name == url.*.insteadof ]]; then git config --file "$1" --add "$name" "${entry#*$'\n'}"; fi
  done
}

# ------------------------------------------------------------------------------------------------- films
# luma FILE: a checksum of each frame's luma
luma() {
  ffmpeg -nostdin -v error -i "$1" -map 0:V:0 -vf extractplanes=y -fps_mode passthrough -f framemd5 - |
    awk '!/^#/ { print $NF }'
}

# check_film FOLDER PLACE COMMAND…: colorizes the sample by COMMAND, which sees FOLDER as PLACE; for watching and for an
# archive, which is lossless
check_film() {
  local folder=$1 place=$2 frames found colors
  shift 2
  cp "$root/samples/film.mkv" "$folder/"
  frames=$(luma "$root/samples/film.mkv" | wc -l)
  [[ $frames -gt 0 ]]
  "$@" "$place/film.mkv" -o "$place/watching.mkv" --quiet
  found=$(luma "$folder/watching.mkv" | wc -l)
  if [[ $found -ne $frames ]]; then
    echo "WRONG: the result has $found frames, expected $frames" >&2
    exit 1
  fi
  "$@" "$place/film.mkv" -o "$place/archive.mkv" --pipeline archive --quiet
  if ! cmp <(luma "$root/samples/film.mkv") <(luma "$folder/archive.mkv"); then
    echo "WRONG: the luma of the result is not that of the film" >&2
    exit 1
  fi
  colors=$(ffmpeg -nostdin -v error -i "$folder/archive.mkv" -map 0:V:0 -frames:v 1 -vf extractplanes=u -f rawvideo - |
    od -An -v -tu1 -w1 | sort -u | wc -l)
  if [[ $colors -lt 8 ]]; then
    echo "WRONG: the result is gray: $colors values of Cb in its first frame, expected 8 or more" >&2
    exit 1
  fi
  echo "ok    $frames frames; luma of the archive equal to the film's, $colors values of Cb in its first frame"
}

#!/usr/bin/env bash
# Builds the package on another distribution, and installs and tries it on a bare one.
#
#   scripts/check-platform.sh [--tests] [--tarball] [--try FILE] [--bind DIR]… [--work DIR] PLATFORM
#
#   PLATFORM   debian12, debian13 or ubuntu24.04
#   --tests    runs the tests there, too
#   --tarball  makes the tarball there, too
#   --try      makes nothing, and tries FILE, a tarball, on the bare system
#   --bind     a folder that the build needs at the same place, such as one that git's configuration takes
#              packages from
#   --work     where roots and builds are kept, so that the next run is fast; by default
#              ${TMPDIR:-/tmp}/autochrome-platforms
#
# It builds what is committed, with the Swift toolchain of this machine. It needs root, since it mounts and
# calls chroot, and the packages debootstrap, ffmpeg and curl. The package is put into WORK/PLATFORM/out, and so is the tarball.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,17s/^# \{0,1\}//p' "$0" >&2; exit 64; }

tests='' tarball='' trial='' binds=() work=${TMPDIR:-/tmp}/autochrome-platforms platform=
while [[ $# -gt 0 ]]; do
  case $1 in
    --tests) tests=yes ;;
    --tarball) tarball=yes ;;
    --try) trial=$(realpath "${2:?"--try needs a tarball"}"); shift ;;
    --bind) binds+=("$(realpath "${2:?"--bind needs a folder"}")"); shift ;;
    --work) work=${2:?"--work needs a folder"}; shift ;;
    -*) usage ;;
    *) [[ -z $platform ]] || usage; platform=$1 ;;
  esac
  shift
done
script='' keyring=()
case $platform in
  debian12) suite=bookworm server=http://deb.debian.org/debian components=main ;;
  debian13) suite=trixie server=http://deb.debian.org/debian components=main ;;
  ubuntu24.04) suite=noble server=http://archive.ubuntu.com/ubuntu components=main,universe script=gutsy ;;
  *) usage ;;
esac
if [[ $EUID -ne 0 ]]; then
  echo "$0 mounts file systems and calls chroot: run it as root" >&2
  exit 77
fi
for tool in debootstrap swift ffmpeg git curl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install it" >&2; exit 69; }
done
# The toolchain: the folder above usr/bin.
swift=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")

mkdir -p "$work"
work=$(realpath "$work")
place=$work/$platform
build=$place/build bare=$place/bare
mkdir -p "$place/out"

mounted=()
clean_up() {
  for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do umount "${mounted[i]}" || true; done
  mounted=()
}
trap clean_up EXIT
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
  chroot "$folder" /usr/bin/env -i PATH="$swift/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}
step() { echo "== $platform: $*"; }

# ---------------------------------------------------------------- a root as it comes from the distribution
if [[ ! -e $work/$platform.tar ]]; then
  step "debootstrap $suite"
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
fi
unpack() { # FOLDER: a bare root
  rm -rf "$1"
  mkdir -p "$1"
  tar -C "$1" -xf "$work/$platform.tar"
  echo 'APT::Install-Recommends "false";' >"$1/etc/apt/apt.conf.d/99autochrome"
}

# ---------------------------------------------------------------------------------------------- the build
if [[ -z $trial ]]; then
  [[ -e $build/etc ]] || unpack "$build"
  # The checkout keeps what it has built.
  if [[ -e $place/autochrome/.git ]]; then
    git -C "$place/autochrome" fetch --quiet "$root" HEAD
    git -C "$place/autochrome" reset --quiet --hard FETCH_HEAD
  else
    git clone --quiet "$root" "$place/autochrome"
  fi
  rm -rf "$place/autochrome/out"
  step "build of $(git -C "$place/autochrome" log -1 --format='%h, %s')"
  system "$build"
  bind "$swift" "$build$swift"
  bind "$place/autochrome" "$build/src/autochrome"
  for folder in "${binds[@]}"; do bind "$folder" "$build$folder"; done
  # Where git finds packages on this machine.
  git config --system --list --null 2>/dev/null | while IFS= read -r -d '' entry; do
    name=${entry%%$'\n'*}
    if [[ $name == url.*.insteadof ]]; then printf '%s\0%s\0' "$name" "${entry#*$'\n'}"; fi
  done | while IFS= read -r -d '' name && IFS= read -r -d '' value; do
    git config --file "$build/etc/gitconfig.new" --add "$name" "$value"
  done
  if [[ -e $build/etc/gitconfig.new ]]; then mv "$build/etc/gitconfig.new" "$build/etc/gitconfig"; fi

  inside "$build" apt-get update --quiet=2
  # Of these, the last four are what the toolchain itself runs with.
  inside "$build" apt-get install --yes --quiet=2 dpkg-dev make lintian ca-certificates \
    libcurl4-openssl-dev libncurses6 libsqlite3-0 libxml2 >"$place/apt.log" 2>&1
  inside "$build" apt-get build-dep --yes --quiet=2 /src/autochrome >>"$place/apt.log" 2>&1
  inside "$build" make -C /src/autochrome deb >"$place/build.log" 2>&1 || { tail -n 40 "$place/build.log" >&2; exit 1; }
  rm -f "$place"/out/*
  cp "$place"/autochrome/out/autochrome_* "$place/out/"
  step lintian
  # The changelog names a distribution of Debian, on Ubuntu as well.
  inside "$build" lintian --allow-root --profile debian --fail-on error,warning --info --tag-display-limit 0 \
    "/src/autochrome/out/$(basename "$place"/out/*.changes)"
  step package
  dpkg-deb --info "$place"/out/*.deb | sed -n '/Installed-Size\|Depends/p'
  ls -l "$place"/out/*.deb
  if [[ $tarball ]]; then
    step tarball
    inside "$build" apt-get install --yes --quiet=2 patchelf xz-utils >>"$place/apt.log" 2>&1
    inside "$build" make -C /src/autochrome tarball >"$place/tarball.log" 2>&1 ||
      { tail -n 40 "$place/tarball.log" >&2; exit 1; }
    cp "$place"/autochrome/out/*.tar.xz "$place/out/"
    ls -l "$place"/out/*.tar.xz
  fi
  if [[ $tests ]]; then
    step tests
    inside "$build" apt-get install --yes --quiet=2 ffmpeg >>"$place/apt.log" 2>&1
    inside "$build" sh -c 'cd /src/autochrome && scripts/run-tests.sh -c release' >"$place/tests.log" 2>&1 && failed='' ||
      failed=yes
    tail -n 1 <(grep 'Test run with' "$place/tests.log")
    if [[ $failed ]]; then
      sed -n '/^What failed/,$p' "$place/tests.log"
      exit 1
    fi
  fi
  clean_up
fi

# ------------------------------------------------------------------------------ a system with nothing on it
listing() { # ROOT: its files, except what dpkg, apt and their helpers write for any package
  (cd "$1" && find usr etc -xdev | grep -vE '^(etc/(ld\.so\.cache|resolv\.conf)|usr/share/info/dir)' | sort)
}
step "a bare $suite"
unpack "$bare"
system "$bare"
cp "$root/samples/film.mkv" "$bare/root/"

# luma FILE: a checksum of each frame's luma
luma() {
  ffmpeg -nostdin -v error -i "$1" -map 0:V:0 -vf extractplanes=y -fps_mode passthrough -f framemd5 - |
    awk '!/^#/ { print $NF }'
}
# check_film PROGRAM: colorizes the sample in the bare root, for watching and for an archive, which is lossless
check_film() {
  local frames found colors
  frames=$(luma "$root/samples/film.mkv" | wc -l)
  [[ $frames -gt 0 ]]
  inside "$bare" "$1" /root/film.mkv -o /root/watching.mkv --quiet
  found=$(luma "$bare/root/watching.mkv" | wc -l)
  if [[ $found -ne $frames ]]; then
    echo "WRONG: the result has $found frames, expected $frames" >&2
    exit 1
  fi
  inside "$bare" "$1" /root/film.mkv -o /root/archive.mkv --pipeline archive --quiet
  if ! cmp <(luma "$root/samples/film.mkv") <(luma "$bare/root/archive.mkv"); then
    echo "WRONG: the luma of the result is not that of the film" >&2
    exit 1
  fi
  colors=$(ffmpeg -nostdin -v error -i "$bare/root/archive.mkv" -map 0:V:0 -frames:v 1 -vf extractplanes=u -f rawvideo - |
    od -An -v -tu1 -w1 | sort -u | wc -l)
  if [[ $colors -lt 8 ]]; then
    echo "WRONG: the result is gray: $colors values of Cb in its first frame, expected 8 or more" >&2
    exit 1
  fi
  echo "ok    $frames frames; luma of the archive equal to the film's, $colors values of Cb in its first frame"
}

if [[ $trial ]]; then
  folder="/opt/an odd place/ä"
  mkdir -p "$bare$folder"
  tar -C "$bare$folder" -xf "$trial"
  program=$folder/$(basename "$trial" .tar.xz)/bin/autochrome
  if [[ -e $bare/usr/bin/ffmpeg ]] || inside "$bare" ldconfig -p | grep -E 'libav|dnnl|openblas'; then
    echo "WRONG: the root is not bare" >&2
    exit 1
  fi
  inside "$bare" "$program" --version
  check_film "$program"
  exit 0
fi

# Documentation is left out of minimal systems; the pages are to be seen here.
rm -f "$bare"/etc/dpkg/dpkg.cfg.d/*excludes*
inside "$bare" apt-get update --quiet=2
inside "$bare" apt-get install --yes --quiet=2 man-db bash-completion >"$place/bare.log" 2>&1
listing "$bare" >"$place/before"
cp "$place"/out/*.deb "$bare/root/"
inside "$bare" sh -c 'apt-get install --yes --quiet=2 /root/autochrome_*.deb' >>"$place/bare.log" 2>&1
inside "$bare" autochrome --version
check_film autochrome

for page in autochrome autochrome-colorize autochrome-model-import; do
  lines=$(inside "$bare" env MANWIDTH=80 man --warnings "$page" 2>"$place/man.log" | wc -l)
  if [[ $lines -lt 20 || -s $place/man.log ]]; then
    echo "WRONG: man $page gives $lines lines and says: $(head -1 "$place/man.log")" >&2
    exit 1
  fi
  echo "ok    man $page, $lines lines"
done
# shellcheck disable=SC2016 # the shell in the root expands it
completed=$(inside "$bare" bash -c '. /usr/share/bash-completion/bash_completion
  . /usr/share/bash-completion/completions/autochrome
  COMP_WORDS=(autochrome colorize --satur) COMP_CWORD=2 COMP_LINE="autochrome colorize --satur" COMP_POINT=27
  $(complete -p autochrome | sed "s/.*-F \([^ ]*\).*/\1/") autochrome --satur colorize
  printf "%s\n" "${COMPREPLY[@]}"')
if [[ $completed != --saturation ]]; then
  echo "WRONG: --satur is completed to '$completed', expected --saturation" >&2
  exit 1
fi
echo "ok    bash completes --satur to $completed"

# What dependencies have brought stays until they are removed too.
inside "$bare" apt-get purge --yes --quiet=2 autochrome >>"$place/bare.log" 2>&1
inside "$bare" apt-get autoremove --purge --yes --quiet=2 >>"$place/bare.log" 2>&1
listing "$bare" >"$place/after"
left=$(comm -13 "$place/before" "$place/after" | grep -i autochrome || true)
if [[ -n $left ]]; then
  echo "WRONG: purging leaves behind: $left" >&2
  exit 1
fi
others=$(comm -13 "$place/before" "$place/after" | wc -l)
echo "ok    nothing of the package is left; $others files of others are"
if [[ $others -gt 0 ]]; then comm -13 "$place/before" "$place/after" | head -20; fi

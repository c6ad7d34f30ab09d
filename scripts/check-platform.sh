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
case $platform in debian12 | debian13 | ubuntu24.04) ;; *) usage ;; esac
# shellcheck source=scripts/bare-systems.sh
. "$root/scripts/bare-systems.sh"
need_root
need debootstrap swift ffmpeg git curl
swift=$(swift_toolchain)

mkdir -p "$work"
work=$(realpath "$work")
place=$work/$platform
build=$place/build bare=$place/bare
mkdir -p "$place/out"
trap unmount_all EXIT
step() { echo "== $platform: $*"; }

make_root "$platform"

# ---------------------------------------------------------------------------------------------- the build
if [[ -z $trial ]]; then
  [[ -e $build/etc ]] || unpack "$platform" "$build"
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
  git_places "$build/etc/gitconfig.new"
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
  unmount_all
fi

# ------------------------------------------------------------------------------ a system with nothing on it
listing() { # ROOT: its files, except what dpkg, apt and their helpers write for any package
  (cd "$1" && find usr etc -xdev | grep -vE '^(etc/(ld\.so\.cache|resolv\.conf)|usr/share/info/dir)' | sort)
}
step "a bare system"
unpack "$platform" "$bare"
system "$bare"

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
  check_film "$bare/root" /root inside "$bare" "$program"
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
check_film "$bare/root" /root inside "$bare" autochrome

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

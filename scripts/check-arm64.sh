#!/usr/bin/env bash
# Compiles the C code for arm64 with warnings as errors, runs it in QEMU, and compares its results with those of this
# machine.
#
#   scripts/check-arm64.sh [--seed N] [--libraries]
#
#   --seed       of the random data that the kernels are run on; by default another one each time. It is printed.
#   --libraries  downloads FFmpeg, oneDNN and OpenBLAS for arm64 (80 MB), too, compiles the shims with them, and runs
#                those on emulated processors with and without SVE
#
# Sources/CKernels is compiled three times for arm64, with the clang of the Swift toolchain and with GCC. Without fused
# multiplications and additions (-ffp-contract=off) all results must be those of the plain kernels on x86-64, bit for bit,
# except where the C library's exp and log are used. With the flags of the release build, where clang fuses what stands
# in one expression, they may differ by what Tests/KernelsOnOtherProcessors/cases.c allows, and motion by nothing. The
# comparison is shown to reject what is wrong. The Swift code is not compiled.
#
# Needs an x86-64 machine, Swift and the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static.
# Exit status: 0 if all is right, 1 otherwise, 69 if something is missing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,20s/^# \{0,1\}//p' "$0" >&2; exit 64; }

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') libraries=
while [[ $# -gt 0 ]]; do
  case $1 in
    --seed) seed=${2:?"--seed needs a number"}; shift ;;
    --libraries) libraries=yes ;;
    *) usage ;;
  esac
  shift
done

missing=()
command -v aarch64-linux-gnu-gcc >/dev/null || missing+=(gcc-aarch64-linux-gnu)
[[ -e /usr/aarch64-linux-gnu/include/stdio.h ]] || missing+=(libc6-dev-arm64-cross)
command -v qemu-aarch64-static >/dev/null || missing+=(qemu-user-static)
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "missing: apt-get install ${missing[*]}" >&2
  exit 69
fi
if [[ $(uname -m) != x86_64 ]] || ! command -v swift >/dev/null; then
  echo "this needs an x86-64 machine with Swift" >&2
  exit 69
fi
# The compiler that `swift build` takes.
clang=$(dirname "$(realpath "$(command -v swift)")")/clang
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tests=$root/Tests/KernelsOnOtherProcessors
kernels=$root/Sources/CKernels
# What SwiftPM passes for C in a release build, less -g. Package.swift adds -Werror.
release=(-O2 -fblocks -fPIC -fno-omit-frame-pointer -DSWIFT_PACKAGE=1)
strict=(-Wall -Wextra -Werror)
no_fusing=(-ffp-contract=off)
wrong=0

# build NAME COMMAND…: the cases with the kernels, in the background. Which random data there are may not depend on fusing.
builds=()
build() {
  local name=$1 source
  shift
  mkdir "$work/$name"
  {
    for source in "$kernels"/*.c; do
      "$@" "${strict[@]}" -I "$kernels/include" -c -o "$work/$name/$(basename "$source").o" "$source"
    done
    for source in cases harness; do
      "$@" "${no_fusing[@]}" "${strict[@]}" -I "$kernels/include" -c -o "$work/$name/$source.o" "$tests/$source.c"
    done
    "$@" -o "$work/$name.bin" "$work/$name"/*.o -lm
    echo "ok    the kernels compile: $name"
  } &
  builds+=($!)
}
# -Qunused-arguments: the linker is named to the compiler, too.
arm=("$clang" --target=aarch64-linux-gnu -fuse-ld=lld -Qunused-arguments "${release[@]}")
build x86-64 "$clang" "${release[@]}" "${no_fusing[@]}"
build arm64 "${arm[@]}" "${no_fusing[@]}"
build arm64-release "${arm[@]}"
# It does not know the pragma against fusing, and needs none with this option.
build arm64-gcc aarch64-linux-gnu-gcc -O2 -fPIC "${no_fusing[@]}" -Wno-unknown-pragmas
"$clang" "${strict[@]}" -O2 -o "$work/compare" "$tests/compare.c" -lm
for pid in "${builds[@]}"; do wait "$pid"; done

# Each kernel that a header declares is among the cases.
declared=$(sed -n 's/^[a-z].*\b\(ac_[a-z0-9_]*\)(.*/\1/p' "$kernels"/include/*.h | sort -u)
called=$(aarch64-linux-gnu-nm --undefined-only "$work/arm64/cases.o" | sed -n 's/.* U \(ac_.*\)/\1/p' | sort -u)
if ! diff <(echo "$declared") <(echo "$called") >"$work/diff"; then
  echo "WRONG the cases leave out, or no header declares: $(sed -n 's/^[<>] //p' "$work/diff" | paste -sd ' ')"
  wrong=1
else
  echo "ok    all $(wc -l <<<"$declared") functions of the headers are run"
fi

# run NAME COMMAND…: the cases, which say what is wrong by themselves.
run() {
  local name=$1
  shift
  if ! "$@" "$work/$name.bin" "$work/$name.results" "$seed" >"$work/said"; then
    sed "s/^WRONG/WRONG $name:/" "$work/said" | grep '^WRONG'
    wrong=1
  fi
}
emulator=(qemu-aarch64-static -L /usr/aarch64-linux-gnu)
echo "seed $seed"
run x86-64 env AUTOCHROME_ISA=plain
for name in arm64 arm64-release arm64-gcc; do run "$name" "${emulator[@]}"; done
"$work/compare" self-test "$work/x86-64.results" || wrong=1
for name in arm64 arm64-gcc arm64-release; do
  how=plain
  [[ $name != *release ]] || how=fused
  if "$work/compare" "$how" "$work/x86-64.results" "$work/$name.results" >"$work/said"; then
    sed "s/^ok    /ok    $name: /" "$work/said"
  else
    sed "s/^WRONG/WRONG $name:/" "$work/said"
    wrong=1
  fi
done

# ------------------------------------------------------------------------------------------------- the shims
if [[ $libraries ]]; then
  apt=$work/apt there=$work/root
  mkdir -p "$apt"/{lists/partial,archives/partial,sources} "$there/usr/lib"
  ln -s usr/lib "$there/lib"
  touch "$apt/status"
  # Those of the distribution that this runs on. Nothing of it is changed.
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [arch=arm64 signed-by=$key] http://deb.debian.org/debian $suite main" >"$apt/sources/debian.list"
  options=(-o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State::status=$apt/status" -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache::archives=$apt/archives" -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/sources"
    -o APT::Sandbox::User=root -o APT::Get::Download-Only=true -o Debug::NoLocking=true -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  if ! { apt-get "${options[@]}" --quiet=2 update && apt-get "${options[@]}" --quiet=2 --yes --no-install-recommends install \
    lib{avformat,avcodec,avutil,swresample,swscale,openblas,dnnl}-dev; } >"$work/said" 2>&1; then
    echo "the packages for arm64 can't be had:" >&2
    tail -n 5 "$work/said" >&2
    exit 69
  fi
  for package in "$apt"/archives/*.deb; do dpkg-deb --extract "$package" "$there"; done
  headers=$there/usr/include objects=$there/usr/lib/aarch64-linux-gnu
  "${arm[@]}" "${strict[@]}" -I "$root/Sources" -isystem "$headers/aarch64-linux-gnu" -isystem "$headers" \
    -isystem "$headers/aarch64-linux-gnu/openblas-pthread" -c -o "$work/libraries.o" "$tests/libraries.c"
  # What the libraries need themselves is found when it runs.
  "${arm[@]}" -o "$work/libraries" "$work/libraries.o" -L "$objects" -L "$objects/openblas-pthread" -Wl,--allow-shlib-undefined \
    -l{avformat,avcodec,avutil,swscale,swresample,openblas,dnnl,m}
  path=$(cd "$there" && find usr/lib/aarch64-linux-gnu -name '*.so*' -printf '/%h\n' | sort -u | paste -sd :)
  for processor in cortex-a57 neoverse-n1 max,sve-max-vq={1,2,4}; do
    if qemu-aarch64-static -cpu "$processor" -E "LD_LIBRARY_PATH=$path" -L "$there" "$work/libraries" >"$work/said" 2>"$work/errors"; then
      sed "s/^/ok    $processor: /" "$work/said"
    else
      echo "WRONG $processor:"
      cat "$work/said" "$work/errors"
      wrong=1
    fi
  done
fi
exit "$wrong"

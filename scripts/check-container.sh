#!/usr/bin/env bash
# Builds the images of Containerfile and Apptainer.def, and colorizes the sample film in them.
#
#   scripts/check-container.sh [--deb FILE] [--bind DIR]… [--work DIR] [--storage DIR]
#
#   --deb      uses FILE, an existing package, and builds none
#   --bind     a folder that the build needs at the same place, such as one that git's configuration takes
#              packages from
#   --work     where the root of Debian 12 is kept, as by check-platform.sh; by default
#              ${TMPDIR:-/tmp}/autochrome-platforms
#   --storage  where images are kept while it runs; by default a folder in WORK. It is removed at the end.
#
# It needs no registry: it makes the base images with debootstrap and the Swift toolchain of this machine. It builds the
# last commit. The image's user must not be root. The luma of each frame must be that of the film, in files and in a
# pipe, for the image's user and for another one. The licenses must be in the image. It does not call Apptainer: it runs
# the sections of Apptainer.def in a root made with debootstrap.
#
# It needs root, since it mounts and calls chroot, and the packages buildah, debootstrap, ffmpeg and curl.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,21s/^# \{0,1\}//p' "$0" >&2; exit 64; }

package='' binds=() work=${TMPDIR:-/tmp}/autochrome-platforms storage=
while [[ $# -gt 0 ]]; do
  case $1 in
    --deb) package=$(realpath "${2:?"--deb needs a package"}") ;;
    --bind) binds+=("$(realpath "${2:?"--bind needs a folder"}")") ;;
    --work) work=${2:?"--work needs a folder"} ;;
    --storage) storage=${2:?"--storage needs a folder"} ;;
    *) usage ;;
  esac
  shift 2
done
mkdir -p "$work"
work=$(realpath "$work")
# shellcheck source=scripts/bare-systems.sh
. "$root/scripts/bare-systems.sh"
need_root
need buildah debootstrap swift ffmpeg git curl
swift=$(swift_toolchain)
storage=${storage:-$work/images}
mkdir -p "$storage"
storage=$(mktemp -d "$(realpath "$storage")/run.XXXXXX")
place=$storage/place
mkdir -p "$place"

images() { buildah --root "$storage/root" --runroot "$storage/runroot" "$@"; }
clean_up() {
  unmount_all
  images rm --all >/dev/null 2>&1 || true
  images rmi --all --force >/dev/null 2>&1 || true
  # What is still mounted must not be emptied.
  if ! grep -qF " $storage/" /proc/self/mounts; then rm -rf "$storage"; fi
  rmdir "$(dirname "$storage")" 2>/dev/null || true
}
trap clean_up EXIT
step() { echo "== $*"; }
wrong() { echo "WRONG: $*" >&2; exit 1; }
# quietly NAME COMMAND…: what it says is shown if it fails.
quietly() {
  local log=$storage/$1.log
  shift
  "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; exit 1; }
}

# ---------------------------------------------------------------------------------------- the base images
make_root debian12
step "base images"
container=$(images from scratch)
images add --quiet "$container" "$work/debian12.tar" / >/dev/null
# As in images that are called slim.
printf 'path-exclude=/usr/share/%s/*\n' doc man locale info >"$place/slim"
echo 'path-include=/usr/share/doc/*/copyright' >>"$place/slim"
images copy --quiet "$container" "$place/slim" /etc/dpkg/dpkg.cfg.d/docker >/dev/null
images commit --quiet --rm "$container" debian-slim >/dev/null
container=$(images from debian-slim)
images config --env PATH="/usr/local/bin:$swift/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$container"
if [[ $package ]]; then
  printf '#!/bin/sh\nmkdir -p out && cp /package/*.deb out/\n' >"$place/make"
  chmod 755 "$place/make"
  images copy --quiet "$container" "$place/make" /usr/local/bin/make >/dev/null
  images copy --quiet "$container" "$package" /package/ >/dev/null
else
  git_places "$place/gitconfig"
  [[ ! -e $place/gitconfig ]] || images copy --quiet "$container" "$place/gitconfig" /etc/gitconfig >/dev/null
  # What the toolchain itself runs with.
  quietly toolchain images run --isolation chroot "$container" -- sh -c 'apt-get update --quiet=2 &&
    apt-get install --yes --quiet=2 --no-install-recommends libcurl4-openssl-dev libncurses6 libsqlite3-0 libxml2'
fi
images commit --quiet --rm "$container" swift >/dev/null

# ---------------------------------------------------------------------------------------------- the image
git clone --quiet "$root" "$place/autochrome"
step "build of $(git -C "$place/autochrome" log -1 --format='%h, %s')"
volumes=()
for folder in "$swift" "${binds[@]}"; do volumes+=(--volume "$folder:$folder:ro"); done
# Twice, for the package that the first stage leaves behind; the second time, that stage comes from the first.
stage() { # TAG [OPTION…]
  quietly "$1" images bud --isolation chroot --pull-never --layers "${volumes[@]}" --build-arg BUILD_IMAGE=localhost/swift \
    --build-arg BASE_IMAGE=localhost/debian-slim --file "$place/autochrome/Containerfile" --tag "$@" "$place/autochrome"
}
stage build --target build
stage autochrome
container=$(images from build)
cp -r "$(images mount "$container")/src/autochrome/out" "$place/"
images rm "$container" >/dev/null
ls -l "$place"/out/*.deb
images images --format '{{.Name}} {{.Size}}' | grep autochrome

step "what the image says of itself"
field() { images inspect --type image --format "{{$1}}" autochrome; }
user=$(field .OCIv1.Config.User)
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || wrong "the image's user is '$user'"
[[ $(field .OCIv1.Config.Entrypoint) == '[autochrome]' ]] || wrong "its entry point is $(field .OCIv1.Config.Entrypoint)"
container=$(images from autochrome)
# run USER FOLDER ARGUMENT…: the program, as the entry point calls it, with FOLDER as /work
run() {
  local user=$1 folder=$2
  shift 2
  images run --isolation chroot --user "$user" --volume "$folder:/work" "$container" -- autochrome "$@"
}
[[ $(images run --isolation chroot "$container" -- id -u) == "${user%:*}" ]] || wrong "it does not run as user $user"
version=$(images run --isolation chroot "$container" -- autochrome --version)
echo "$version"
label=$(field 'index .OCIv1.Config.Labels "org.opencontainers.image.version"')
[[ $(head -n 1 <<<"$version") == "autochrome $label" ]] || wrong "the label's version is $label"
for name in title source licenses; do
  [[ $(field "index .OCIv1.Config.Labels \"org.opencontainers.image.$name\"") ]] || wrong "the label $name is missing"
done
licenses=$(images run --isolation chroot "$container" -- sh -c 'ls /usr/share/doc/autochrome/libraries | wc -l')
[[ $licenses -gt 4 ]] || wrong "it holds $licenses licenses of what is linked"
left=$(images run --isolation chroot "$container" -- sh -c 'ls -d /var/lib/apt/lists/*_Packages* /packages /src 2>/dev/null || true')
[[ -z $left ]] || wrong "of the build is left: $left"
echo "ok    user $user, version $label, $licenses files of licenses"

step "films"
for user in "$user" 4321:8765; do
  folder=$place/films-${user%:*}
  mkdir "$folder"
  chown "$user" "$folder"
  check_film "$folder" /work run "$user" "$folder"
  owner=$(stat --format %u:%g "$folder/archive.mkv")
  [[ $owner == "$user" ]] || wrong "user $user wrote a file of $owner"
done
# Into the container and out of it, without a file.
ffmpeg -nostdin -v error -i "$root/samples/film.mkv" -map 0:V:0 -f yuv4mpegpipe - | run 1000:1000 "$place" - -o - --quiet \
  >"$place/piped.y4m"
cmp <(luma "$root/samples/film.mkv") <(luma "$place/piped.y4m") || wrong "the luma is not that of the film, in a pipe"
echo "ok    luma is kept in a pipe"
images rm "$container" >/dev/null

# ------------------------------------------------------------------------------------------ Apptainer.def
step "the sections of Apptainer.def"
definition=$root/Apptainer.def
section() { awk -v name="%$1" '/^%/ { inside = $1 == name; next } inside' "$definition"; }
[[ $(sed -n 's/^From: //p' "$definition") == debian:bookworm-slim ]] || wrong "Apptainer.def begins with another image"
bare=$place/bare
unpack debian12 "$bare"
cp "$place/slim" "$bare/etc/dpkg/dpkg.cfg.d/docker"
system "$bare"
# FROM and TO of each line; FROM is relative to the checkout.
while read -r from to; do
  mkdir -p "$bare$to"
  # shellcheck disable=SC2086 # it may be a pattern
  (cd "$place" && cp $from "$bare$to")
done < <(section files | sed '/^ *\(#\|$\)/d')
section post >"$bare/root/post"
quietly post inside "$bare" sh -e /root/post
section test >"$bare/root/test"
inside "$bare" sh -e /root/test
section runscript >"$bare/runscript"
folder=$bare/films
mkdir "$folder"
chown 4321:8765 "$folder"
as_user() { chroot --userspec=4321:8765 "$bare" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/films sh /runscript "$@"; }
check_film "$folder" /films as_user
[[ $(find "$bare/usr/share/doc/autochrome/libraries" -type f | wc -l) -gt 4 ]] || wrong "the licenses of what is linked are missing"
[[ ! -e $bare/packages ]] || wrong "the package is left"

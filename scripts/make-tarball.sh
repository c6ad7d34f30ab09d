#!/usr/bin/env bash
# Makes a folder and a tar file of it that run wherever glibc is not older than here: what is installed, and
# all libraries but glibc's own.
#
#   scripts/make-tarball.sh VERSION FOLDER
#
# FOLDER holds what `make install PREFIX=` has put there. The libraries come from this machine's packages;
# FOLDER/share/doc/autochrome/libraries holds their licenses and says which versions they are. It needs
# patchelf and dpkg. The tar file is put beside FOLDER, with its name.
set -euo pipefail

if [[ $# -ne 2 || $1 == -* ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 64
fi
version=$1 folder=$(realpath "$2")
licenses=$folder/share/doc/autochrome/libraries
mkdir -p "$licenses"
programs=("$folder/lib/autochrome/autochrome" "$folder/lib/autochrome/autochrome-review")

# glibc is the one thing that must be the system's own, since its loader is.
glibc='^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|mvec|nss_.*|thread_db|BrokenLocale|nsl))\.so'
ldd "${programs[@]}" | awk '$2 == "=>" { print $1, $3 }' | sort -u | grep -vE "$glibc" >"$folder/list"
if grep 'not$' "$folder/list"; then
  echo "the libraries above are missing on this machine" >&2
  exit 69
fi
while read -r name path; do
  install -m 644 "$(realpath "$path")" "$folder/lib/$name"
  patchelf --set-rpath "\$ORIGIN" "$folder/lib/$name"
  file=$(realpath "$path")
  package=$(dpkg-query --search "$file" 2>/dev/null || dpkg-query --search "${file#/usr}" 2>/dev/null) || {
    echo "no package has $file: its license is unknown" >&2
    exit 69
  }
  package=${package%%:*}
  cp "/usr/share/doc/$package/copyright" "$licenses/$package.copyright"
  # shellcheck disable=SC2016 # dpkg-query's own fields
  dpkg-query --show --showformat '${Package} ${Version} (source: ${source:Package} ${source:Version})\n' "$package" |
    head -n 1
done <"$folder/list" | sort -u >"$licenses/versions"
rm "$folder/list"
for program in "${programs[@]}"; do patchelf --set-rpath "\$ORIGIN/.." "$program"; done

# None may be found outside of the folder.
if ldd "${programs[@]}" | awk '$2 == "=>" { print $1, $3 }' | grep -vE "$glibc" | grep -vF " $folder/lib/"; then
  echo "the libraries above are not taken from $folder/lib" >&2
  exit 70
fi
cat >"$folder/README" <<README
Autochrome $version for Linux on $(uname -m), with glibc $(ldd --version | sed -n '1s/.* //p') or later.

    bin/autochrome film.mkv -o film-color.mkv

The folder may lie anywhere. share/man holds the manual: man -l share/man/man1/autochrome.1

Autochrome is licensed under the Apache License 2.0 (share/doc/autochrome). The libraries in lib/ are those of
$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release); share/doc/autochrome/libraries holds their licenses
and versions. FFmpeg and x264 among them are under the GNU General Public License, and so is the whole when it
is passed on. Their source is that of the distribution's packages of the versions named there.
README
cd "$(dirname "$folder")"
tar --sort=name --owner=0 --group=0 --numeric-owner -cf - "$(basename "$folder")" | xz -T0 -6 >"$(basename "$folder").tar.xz"
ls -l "$folder.tar.xz"

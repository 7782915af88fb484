#!/bin/sh
# Print where the archive of a Debian stands that was just installed, and make it where it is not there: debian.sh RELEASE
# It is kept as .cache/fresh/RELEASE-bare.tar. Needs root, debootstrap and the network.
set -eu
cd "$(dirname "$0")/.."

release=$1
kept=.cache/fresh/$release-bare.tar
if [ ! -f "$kept" ]; then
    place=build/fresh/$release-bare
    mkdir -p .cache/fresh build/fresh
    rm -rf --one-file-system "$place"
    with=sudo,adduser,udev,ca-certificates
    debootstrap --variant=minbase --include="$with" "$release" "$place" >"build/fresh/$release.log"
    tar -C "$place" -cf "$kept.new" . && mv "$kept.new" "$kept"
    rm -rf --one-file-system "$place"
fi
echo "$kept"

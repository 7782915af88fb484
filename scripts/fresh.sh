#!/bin/sh
# Try what a person tries first on a Debian that was just installed: fresh.sh RELEASE
# A minimal system of that release is made in build/fresh (kept as .cache/fresh/RELEASE.tar for the next time). In it an
# ordinary user runs the README's commands in a folder with spaces and umlauts; then the Debian package is built there,
# installed, tried and purged. Needs root, debootstrap and the network; the commit that is checked out is what is tried.
set -eu
cd "$(dirname "$0")/.."

release=$1
kept=.cache/fresh/$release.tar
place=$PWD/build/fresh/$release
home="/home/maker/Mein schöner Aufbau"
port=8731

finish() {
    umount "$place/proc" "$place/dev/shm" 2>/dev/null || true
}
trap finish EXIT

mkdir -p .cache/fresh build/fresh
finish
rm -rf --one-file-system "$place"
if [ ! -f "$kept" ]; then
    with=python3,python3-venv,make,git,adduser,udev,ca-certificates
    debootstrap --variant=minbase --include="$with" "$release" "$place" >"build/fresh/$release.log"
    tar -C "$place" -cf "$kept.new" . && mv "$kept.new" "$kept"
    rm -rf --one-file-system "$place"
fi
mkdir -p "$place"
tar -C "$place" -xf "$kept"
mkdir -p "$place/dev/shm"
mount -t tmpfs tmpfs "$place/dev/shm"
mount -t proc proc "$place/proc"
cp /etc/resolv.conf "$place/etc/"
# A network that checks certificates by its own ones is the same in there.
cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$place/etc/ssl/certs/ca-certificates.crt"
chroot "$place" useradd --create-home maker
git clone --quiet . "$place$home/tetherlight"
cp scripts/fresh-inside.sh "$place/tmp/"
chroot "$place" chown -R maker: /home/maker
inside() {
    certificates=/etc/ssl/certs/ca-certificates.crt
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PORT=$port \
        PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates FOLDER="$home/tetherlight" \
        chroot "$place" sh -eu /tmp/fresh-inside.sh "$@"
}
echo "== $release"
inside commands
inside package
echo "$release: all of it works."

#!/bin/sh
# Try what a person tries first on a Debian that was just installed: fresh.sh RELEASE
# A minimal system of that release (debian.sh) is unpacked in build/fresh. In it
# an ordinary user types what the tutorials, the README and the page on installing say, line by line (fresh_pages.py), in a
# folder with spaces and umlauts; then come what may go wrong, and the Debian package from its service to its purge.
# Needs root, debootstrap, Python and the network; the commit that is checked out is what is tried.
set -eu
cd "$(dirname "$0")/.."

release=$1
place=$PWD/build/fresh/$release
home="/home/maker/Mein schöner Aufbau"
port=8731

finish() {
    chroot "$place" udevadm control --exit 2>/dev/null || true
    umount "$place/proc" "$place/dev/shm" 2>/dev/null || true
}
trap finish EXIT

finish
rm -rf --one-file-system "$place"
kept=$(scripts/debian.sh "$release")
mkdir -p "$place"
tar -C "$place" -xf "$kept"
mkdir -p "$place/dev/shm"
mount -t tmpfs tmpfs "$place/dev/shm"
mount -t proc proc "$place/proc"
cp /etc/resolv.conf "$place/etc/"
# A network that checks certificates by its own ones is the same in there.
cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$place/etc/ssl/certs/ca-certificates.crt"
chroot "$place" useradd --create-home --shell /bin/bash maker
echo "127.0.0.1 $(hostname)" >>"$place/etc/hosts"
# Who types confirms what apt asks; here nobody does.
echo 'APT::Get::Assume-Yes "true";' >"$place/etc/apt/apt.conf.d/90-yes"
echo 'maker ALL=(ALL) NOPASSWD: ALL' >"$place/etc/sudoers.d/maker"
mkdir -p "$place$home"
git clone --quiet --bare . "$place/srv/tetherlight"
cp scripts/fresh-inside.sh "$place/tmp/"
chroot "$place" chown -R maker: /home/maker /srv/tetherlight
# Without the kernel's news, which are for the machine around.
unshare --net chroot "$place" /usr/lib/systemd/systemd-udevd --daemon 2>/dev/null
certificates=/etc/ssl/certs/ca-certificates.crt
inside() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PORT=$port \
        PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates FOLDER="$home/tetherlight" \
        chroot "$place" sh -eu /tmp/fresh-inside.sh "$@"
}
echo "== $release"
PIP_CERT=$certificates SSL_CERT_FILE=$certificates NODE_EXTRA_CA_CERTS=$certificates LANG=C.UTF-8 \
    python3 scripts/fresh_pages.py "$place" "$home" "$port"
inside setup
inside commands
inside package
echo "$release: all of it works."

#!/bin/sh
# Make an image with a Python to start from, where no registry of images can be reached, and print its name.
# It is the Debian that debian.sh keeps, with what a person installs for Python. Needs root, debootstrap, podman or buildah.
set -eu
cd "$(dirname "$0")/.."

name=localhost/tetherlight-base
for tool in podman buildah; do
    ! "$tool" info >/dev/null 2>&1 || break
done
system=$(scripts/debian.sh trixie)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
ln "$system" "$context/system.tar" 2>/dev/null || cp "$system" "$context/system.tar"
# A network that checks certificates by its own ones is the same in there.
certificates=/etc/ssl/certs/ca-certificates.crt
cp -L "${SSL_CERT_FILE:-$certificates}" "$context/certificates.crt"
BUILDAH_ISOLATION=chroot "$tool" build --quiet --tag "$name" --file - "$context" >/dev/null <<EOF
FROM scratch
ADD system.tar /
COPY certificates.crt $certificates
RUN apt-get update && apt-get install --yes --no-install-recommends python3 python3-venv && ln -s python3 /usr/bin/python
ENV PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates
EOF
echo "$name"

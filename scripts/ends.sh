#!/bin/sh
# Install what lamps are tried against: receivers, a broker, an AVR with its compiler (by apt-get, as root), and other
# people's clients of WLED and Shelly, in an environment of their own: ends.sh PYTHON FOLDER
# What cannot be installed is told; the tests that need it are skipped then.
set -eu
cd "$(dirname "$0")/.."

packages="ola mosquitto g++ gcc-avr avr-libc arduino-core-avr qemu-system-misc iproute2"
missing=
for package in $packages; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing$missing ..."
        # shellcheck disable=SC2086
        (apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing) \
            >/dev/null || echo "Not all of these could be installed:$missing" >&2
    else
        echo "Some tests will be skipped; for all of them, as root: apt-get install$missing" >&2
    fi
fi

wanted=requirements/lamp-judges.txt
if cmp -s "$wanted" "$2/installed.txt"; then
    exit 0
fi
echo "Installing clients of lamps into $2 ..."
"$1" -m venv --clear "$2"
if "$2/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$wanted"; then
    cp "$wanted" "$2/installed.txt"
else
    echo "The clients could not be installed; what they judge is skipped." >&2
fi

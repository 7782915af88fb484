#!/bin/sh
# Install the Home Assistant that tests use into an environment of its own: home-assistant.sh FOLDER
set -eu
cd "$(dirname "$0")/.."

folder=$1
wanted=requirements/home-assistant.txt

if cmp -s "$wanted" "$folder/installed.txt" && [ -x "$folder/bin/hass" ]; then
    exit 0
fi
if ! command -v mosquitto >/dev/null 2>&1 && [ ! -x /usr/sbin/mosquitto ]; then
    echo "The broker is missing: apt-get install mosquitto" >&2
    exit 1
fi
read -r _ interpreter <<EOF
$(scripts/newest-python.sh 3.14 3.12 3.11)
EOF
if [ -z "${interpreter:-}" ]; then
    echo "Home Assistant needs Python 3.13, which is not on PATH and not among pyenv's versions." >&2
    exit 1
fi
echo "Installing Home Assistant into $folder ..."
"$interpreter" -m venv --clear "$folder"
"$folder/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes -r "$wanted"
cp "$wanted" "$folder/installed.txt"

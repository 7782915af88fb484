#!/bin/sh
# Make the virtual environment .venv, or say in one line what is missing for it.
# With an interpreter as argument that one is used, else the first suitable one that is found.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -x .venv/bin/python ] && new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    exit 0
fi

found=""
for candidate in ${1:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null 2>&1 && new_enough "$candidate"; then
        found=$candidate
        break
    fi
done
if [ -z "$found" ]; then
    if command -v "${1:-python3}" >/dev/null 2>&1; then
        fail "Python 3.11 or newer is needed; ${1:-python3} is $("${1:-python3}" --version 2>&1)."
    fi
    fail "Python is missing. On Debian and Raspberry Pi OS: sudo apt install python3 python3-venv"
fi
"$found" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "Python's venv module is missing. On Debian and Raspberry Pi OS: sudo apt install python3-venv"
"$found" -m venv --clear .venv || fail "The virtual environment .venv could not be made; the lines above say why."

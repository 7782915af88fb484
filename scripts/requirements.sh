#!/bin/sh
# Write requirements/*.txt anew: every package with version and hashes, for all platforms, without any address.
# uv does it, which comes into a folder of its own: requirements.sh ENVIRONMENT
set -eu
cd "$(dirname "$0")/.."

tools=.cache/uv
if ! "$tools/bin/uv" --version >/dev/null 2>&1; then
    "$1/bin/python" -m venv --clear "$tools"
    "$tools/bin/python" -m pip --disable-pip-version-check --quiet install uv
fi

compile() {
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" "$@"
}

extras="--extra fast --extra mdns --extra metrics --extra mqtt --extra raw --extra serial"

# shellcheck disable=SC2086  # words on purpose
compile --upgrade pyproject.toml $extras --group dev -o requirements/dev.txt
# shellcheck disable=SC2086
compile pyproject.toml $extras -c requirements/dev.txt -o requirements/runtime.txt
compile --group build -c requirements/dev.txt -o requirements/build.txt
compile --group judge -c requirements/dev.txt -o requirements/judge.txt

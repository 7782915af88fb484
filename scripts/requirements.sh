#!/bin/sh
# Write requirements/*.txt anew: every package with version and hashes, for all platforms, without any address.
set -eu
cd "$(dirname "$0")/.."

tools=.cache/uv
[ -x "$tools/bin/uv" ] || { .venv/bin/python -m venv "$tools" && "$tools/bin/python" -m pip --quiet install uv; }

compile() {
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" "$@"
}

compile --upgrade pyproject.toml --group dev -o requirements/dev.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
compile --group build -c requirements/dev.txt -o requirements/build.txt

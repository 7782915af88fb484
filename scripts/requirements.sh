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
    "$tools/bin/uv" pip compile --quiet --universal --python-version "${python:-3.11}" --generate-hashes --no-annotate \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" "$@"
}

compile --upgrade pyproject.toml --extra all --group dev -o requirements/dev.txt
compile pyproject.toml --extra all -c requirements/dev.txt -o requirements/runtime.txt
compile pyproject.toml -c requirements/dev.txt -o requirements/client.txt
compile --group build -c requirements/dev.txt -o requirements/build.txt
compile --group deb -c requirements/dev.txt -o requirements/deb.txt
compile --group judge -c requirements/dev.txt -o requirements/judge.txt
compile --group lamp-judges -o requirements/lamp-judges.txt
compile --group site -c requirements/dev.txt -o requirements/site.txt
# Its versions are tied to each other and to a Python; nothing of ours runs beside them.
python=3.13
compile --group home-assistant -o requirements/home-assistant.txt

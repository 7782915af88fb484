#!/bin/sh
# Make sure that there is a Chromium for the browser tests. On some systems a program of that name only says where to
# get it, so each is run.
set -eu

for name in chromium chromium-browser google-chrome; do
    if "$name" --version >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "The browser tests need Chromium: sudo apt-get install chromium. Without them: make test BROWSER=0" >&2
exit 1

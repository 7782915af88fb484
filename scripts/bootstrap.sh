#!/bin/sh
# Bring the virtual environment FOLDER to what PART (runtime or dev) needs, or say in one sentence what is missing:
# bootstrap.sh FOLDER PART [PYTHON]. What is there is looked at each time; what does not work is made anew.
# With an interpreter as third argument the environment is of that one, else of the first suitable one that is found.
set -eu
cd "$(dirname "$0")/.."

folder=$1
part=$2
wanted=${3:-}
made_anew=3

fail() {
    echo "$1" >&2
    exit 1
}

new_enough() {
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

lives() {
    new_enough "$folder/bin/python"
}

can_make_environments() {
    "$1" -I -c 'import ensurepip, venv' 2>/dev/null
}

# Print the interpreter to take: the first that can make environments, else the first that is new enough.
choose() {
    first=""
    if [ -n "$wanted" ]; then
        set -- "$wanted"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for candidate in "$@"; do
        if new_enough "$candidate"; then
            can_make_environments "$candidate" && echo "$candidate" && return
            first=${first:-$candidate}
        fi
    done
    echo "$first"
}

complain() {
    asked=${wanted:-python3}
    if ! command -v "$asked" >/dev/null 2>&1; then
        [ -z "$wanted" ] || fail "There is no $wanted here."
        fail "Python is missing. On Debian and Raspberry Pi OS: sudo apt install python3 python3-venv"
    fi
    version=$("$asked" --version 2>&1) || fail "$asked is there and does not run: $(echo "$version" | head -n 1)"
    fail "Python 3.11 or newer is needed; $asked is $version."
}

update() {
    status=0
    "$folder/bin/python" -I scripts/environment.py "$folder" "$part" "$@" || status=$?
    [ "$status" = "$made_anew" ] || exit "$status"
}

if [ -z "$wanted" ]; then
    set --
else
    new_enough "$wanted" || complain
    set -- "--like=$("$wanted" -I scripts/environment.py --identity)"
fi
! lives || update "$@"

found=$(choose)
[ -n "$found" ] || complain
"$found" -I -c 'import sys; sys.exit(sys.maxsize < 2**32)' ||
    fail "This system is one of 32 bits, for which there are no packages: install the 64-bit one for this machine."
can_make_environments "$found" ||
    fail "Python's venv module is missing. On Debian and Raspberry Pi OS: sudo apt install python3-venv"
[ ! -e "$folder" ] || echo "The environment $folder does not fit this folder and its Python any more: it is made anew."
"$found" -m venv --clear "$folder" || fail "The environment $folder could not be made; the lines above say why."
update --fresh
fail "The environment $folder was made and does not work; remove the folder and try again."

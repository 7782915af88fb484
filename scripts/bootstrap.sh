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

# Newer ones have no ready-made packages yet.
fits() {
    new_enough "$1" && "$1" -I -c 'import sys; sys.exit(sys.version_info >= (3, 15))' 2>/dev/null
}

lives() {
    new_enough "$folder/bin/python"
}

can_make_environments() {
    "$1" -I -c 'import ensurepip, venv' 2>/dev/null
}

# Print the interpreter to take: the first that fits, else a newer one, and one that can make environments before others.
choose() {
    first=""
    if [ -n "$wanted" ]; then
        set -- "$wanted"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for good in fits new_enough; do
        for candidate in "$@"; do
            if "$good" "$candidate"; then
                can_make_environments "$candidate" && echo "$candidate" && return
                first=${first:-$candidate}
            fi
        done
    done
    echo "$first"
}

# Say why there is no environment: what was printed names a program that failed, seldom the disk.
not_made() {
    case $1 in
    *"Permission denied"* | *"Read-only file system"*)
        fail "The environment $folder could not be made: you may not write to $PWD. Whose folder is it?" ;;
    esac
    free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "${free_kb:-1000000}" -gt 100000 ] ||
        fail "The environment $folder could not be made: the disk is full. Make room, some 2 GB, and try again."
    echo "$1" >&2
    fail "The environment $folder could not be made; the lines above say why."
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
said=$("$found" -m venv --clear "$folder" 2>&1) || not_made "$said"
update --fresh
fail "The environment $folder was made and does not work; remove the folder and try again."

#!/bin/sh
# Print the newest supported Python that runs here and can make environments, on PATH or installed by pyenv, as
# "VERSION INTERPRETER"; nothing where there is none. The minor versions that are named are left out:
# newest-python.sh 3.11
set -eu

ask='
import ensurepip, sys, sysconfig, venv
usual = sys.version_info.releaselevel == "final" and not sysconfig.get_config_var("Py_GIL_DISABLED")
print("%d.%d.%d" % sys.version_info[:3], sys.executable) if usual else sys.exit(1)
'

candidates() {
    echo "python$1"
    for folder in "${PYENV_ROOT:-$HOME/.pyenv}" "$HOME/.pyenv"; do
        for candidate in "$folder/versions/$1".*/bin/python3; do
            [ ! -x "$candidate" ] || echo "$candidate"
        done
    done
}

for minor in 3.14 3.13 3.12 3.11; do
    case " $* " in *" $minor "*) continue ;; esac
    # A shim of pyenv may be there and run nothing: only what answers counts.
    found=$(candidates "$minor" | while IFS= read -r candidate; do
        "$candidate" -I -c "$ask" 2>/dev/null </dev/null || true
    done | grep "^$minor\." | sort -V | tail -n 1) || true
    if [ -n "$found" ]; then
        echo "$found"
        exit 0
    fi
done

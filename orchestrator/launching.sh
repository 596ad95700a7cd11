# Sourced by ./orchestrate and ./check with $here = the checkout: makes the Python environment ready.
# With a fresh stamp nothing but the shell runs here, so a warm start costs two or three milliseconds.

# find_python: prints a Python of at least 3.11, one that can make environments if there is any.
find_python() {
    unfit=
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        # A shim of pyenv is on PATH for versions it will not run, so only trying tells.
        command -v "$candidate" >/dev/null 2>&1 || continue
        answer=$("$candidate" -I -S -c '
import sys
if sys.version_info < (3, 11): sys.exit(3)
try: import ensurepip, venv
except ImportError: sys.exit(4)
' 2>/dev/null >/dev/null && echo 0 || echo $?)
        case $answer in
            0) echo "$candidate"; return 0 ;;
            4) unfit=${unfit:-$candidate} ;;
            3) old="${old-} $candidate" ;;
        esac
    done
    [ -n "$unfit" ] && { echo "$unfit"; return 0; }
    if [ -n "${old-}" ]; then
        echo "$program: needs Python 3.11 or newer, and these are older:$old" >&2
    else
        echo "$program: needs Python 3.11 or newer, and found none that works on PATH" >&2
    fi
    echo "hint: Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python; or see python.org" >&2
    return 2
}

# is_ready FOLDER LOCK: true if the environment was finished for this checkout from exactly this lock.
# Its bin/python links to the interpreter itself, so it is gone when that version is.
is_ready() {
    stamped=
    [ -x "$1/bin/python" ] && [ -r "$1/.ready" ] && IFS= read -r stamped <"$1/.ready"
    [ "$stamped" = "$here" ] && cmp -s "$2" "$1/.ready.lock"
}

# make_ready LOCK NAME: sets $environment to a ready environment, in the checkout under NAME or, where that
# cannot be written, in the user's cache folder; makes or remakes it if need be.
make_ready() {
    lock=$here/$1
    environment=$here/$2
    is_ready "$environment" "$lock" && return 0
    if ! { [ -w "$here" ] && { [ ! -e "$environment" ] || [ -w "$environment" ]; }; }; then
        key=$(printf '%s' "$here" | cksum)
        environment=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/orchestrate/${key%% *}$2
        is_ready "$environment" "$lock" && return 0
    fi
    python=$(find_python) || return $?
    "$python" -I -S "$here/orchestrator/launching.py" "$program" "$here" "$lock" "$environment"
}

# shellcheck shell=bash
# Messages and folders that every script shares. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

say() { printf 'clnorm: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 2
}

# The comment at the head of the script is its manual.
usage() { sed -n -e '1d' -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"; }

# can_write FOLDER: whether it, or the nearest folder above it that exists, can be written.
can_write() {
    local folder=$1
    while [[ ! -e $folder && $folder == /*/* ]]; do folder=${folder%/*}; done
    [[ -d $folder && -w $folder ]]
}

# Where downloads are kept: the first of these folders that can be written.
cache_folder() {
    local folder
    for folder in "${CLNORM_HOME:-}" "${XDG_CACHE_HOME:+$XDG_CACHE_HOME/clnorm}" "${HOME:+$HOME/.cache/clnorm}" \
            "$root/target/cache"; do
        if [[ $folder ]] && mkdir -p "$folder" 2>/dev/null && [[ -w $folder ]]; then
            (cd "$folder" && pwd)
            return
        fi
    done
    die "no folder for downloads can be written; set CLNORM_HOME to one"
}

# lock FILE: holds the lock until this process and what it starts have ended. A platform without flock goes without.
lock() {
    exec 9<"$1"
    if command -v flock >/dev/null; then flock 9; fi
}

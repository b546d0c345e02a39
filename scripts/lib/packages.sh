# shellcheck shell=bash
# Software in a private copy, unpacked from the distribution's packages: no root, no change to the system.
# Sourced, after common.sh.

# Dependencies that no library uses (they are for the clang command) ...
not_needed='clang-.*|libclang1-.*|libclang-(common|rt)-.*|llvm-.*|gcc-.*|lib32.*|libobjc.*|lib(a|l|t|ub)san.*|.*-dev'
# ... and the system's own C library, of which there must be only one.
not_needed+='|libc6.*|libc-.*|libgcc-s1'

# copies_folder: where copies for this system are kept: a home may be shared by machines that are not alike.
copies_folder() {
    local folder
    folder=$(cache_folder) || return 1
    printf '%s\n' "$folder/opencl/$(. /etc/os-release && echo "$ID-${VERSION_ID:-rolling}")-$(uname -m)"
}

# private_copy FOLDER NAME PACKAGE…: makes sure of a working copy of the packages in FOLDER/current; false where there
# can be none. NAME_relocate COPY fits it to its place, NAME_works COPY tries it; packages that are called libNAME… are
# in it even where the system has them.
private_copy() {
    local folder=$1 name=$2
    shift 2
    if "${name}_works" "$folder/current"; then return; fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then return 1; fi
    mkdir -p "$folder"
    touch "$folder/lock"
    (
        lock "$folder/lock"
        # another may have made it while this one waited
        if "${name}_works" "$folder/current"; then exit; fi
        say "no $name here: unpacking it into $folder"
        make_copy "$folder" "$name" "$@" >"$folder/log" 2>&1
    )
}

# make_copy FOLDER NAME PACKAGE…: first with what dpkg says is missing; then, should dpkg be wrong, with everything.
make_copy() {
    local folder=$1 name=$2 fresh status_file
    shift 2
    # what an attempt that was killed left behind
    rm -rf "$folder"/new.*
    fresh=$(mktemp -d "$folder/new.XXXXXX")
    # shellcheck disable=SC2064 # the name now: at the end of this subshell the variable is gone
    trap "rm -rf $(printf %q "$fresh")" EXIT
    mkdir -p "$fresh/apt/lists/partial" "$fresh/apt/archives/partial"
    touch "$fresh/nothing"
    private_apt "$fresh/apt" "$fresh/nothing" apt-get update || return 1
    private_apt "$fresh/apt" "$fresh/nothing" apt-cache show "$@" >/dev/null || return 1
    for status_file in /var/lib/dpkg/status "$fresh/nothing"; do
        if packages "$fresh/apt" "$status_file" "lib$name" "$@" | unpack "$fresh" && "${name}_relocate" "$fresh/root" &&
                "${name}_works" "$fresh/root"; then
            rm -rf "$folder/current"
            mv "$fresh/root" "$folder/current"
            return
        fi
        rm -rf "$fresh/root"
    done
    return 1
}

# bring_copy LAZY FOLDER NAME: makes sure of a copy by NAME_copy and sets the environment for it by use_NAME_copy. With LAZY
# true an attempt that failed is not made again within an hour.
bring_copy() {
    local lazy=$1 folder=$2 name=$3
    if $lazy && [[ $(find "$folder/failed" -mmin -60 2>/dev/null) ]]; then return 1; fi
    if "${name}_copy" "$folder"; then
        rm -f "$folder/failed"
        "use_${name}_copy" "$folder/current"
    else
        mkdir -p "$folder" && touch "$folder/failed"
        return 1
    fi
}

# use_copy COPY: the environment in which the loader and Java find its libraries.
use_copy() {
    local folder path=
    for folder in "$1"/lib/*-linux-* "$1"/usr/lib/*-linux-* "$1"/usr/lib/llvm-*/lib; do
        if [[ -d $folder ]]; then path+=$folder:; fi
    done
    export LD_LIBRARY_PATH=$path${LD_LIBRARY_PATH:-}
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH%:}
}

# private_apt FOLDER STATUS COMMAND…: apt with its lists and cache in FOLDER; the file STATUS says what is installed.
private_apt() {
    local folder=$1 status=$2 command=$3
    shift 3
    "$command" -q -o Dir::State="$folder" -o Dir::State::status="$status" -o Dir::Cache="$folder" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::http::Timeout=20 \
        -o Acquire::Retries=2 "$@"
}

# packages FOLDER STATUS OWN PACKAGE…: the names of what apt would install; and always those asked for, and those that
# they depend on whose names begin with OWN.
packages() {
    local folder=$1 status=$2 own=$3
    shift 3
    {
        printf '%s\n' "$@"
        private_apt "$folder" "$status" apt-cache depends --recurse --important "$1" | grep "^$own"
        private_apt "$folder" "$status" apt-get install --simulate --no-install-recommends "$@" |
            sed -n 's/^Inst \([^ ]*\).*/\1/p'
    } | grep -Evx "$not_needed" | sort -u
}

# unpack FOLDER: downloads the packages named on standard input and unpacks them into FOLDER/root.
unpack() {
    local names deb
    mkdir -p "$1/debs" "$1/root"
    names=$(cat)
    # shellcheck disable=SC2086 # package names have no spaces
    (cd "$1/debs" && private_apt "$1/apt" /var/lib/dpkg/status apt-get download $names) || return 1
    for deb in "$1"/debs/*.deb; do dpkg-deb -x "$deb" "$1/root" || return 1; done
    rm -rf "$1/debs"
}

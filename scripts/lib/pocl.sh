# shellcheck shell=bash
# PoCL in a private copy, unpacked from the distribution's packages: no root, no change to the system.
# Sourced, after common.sh and opencl.sh.

pocl_packages=(pocl-opencl-icd ocl-icd-libopencl1)

# Dependencies of PoCL's that its library does not use (they are for the clang command) ...
not_needed='clang-.*|libclang1-.*|libclang-(common|rt)-.*|llvm-.*|gcc-.*|lib32.*|libobjc.*|lib(a|l|t|ub)san.*|.*-dev'
# ... and the system's own C library, of which there must be only one.
not_needed+='|libc6.*|libc-.*|libgcc-s1'

# pocl_copy FOLDER: makes sure of a working copy in FOLDER/current; false where there can be none.
pocl_copy() {
    if pocl_works "$1/current"; then return; fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then return 1; fi
    mkdir -p "$1"
    touch "$1/lock"
    (
        lock "$1/lock"
        # another may have made it while this one waited
        if pocl_works "$1/current"; then exit; fi
        say "no OpenCL device here: unpacking PoCL into $1"
        make_pocl_copy "$1" >"$1/log" 2>&1
    )
}

# use_pocl_copy COPY: the environment in which the loader, Java and PoCL find it. Platforms of the system's are kept.
use_pocl_copy() {
    local folder path=
    if ! has_platform; then export OCL_ICD_VENDORS=$1/etc/OpenCL/vendors; fi
    for folder in "$1"/lib/*-linux-* "$1"/usr/lib/*-linux-* "$1"/usr/lib/llvm-*/lib; do
        if [[ -d $folder ]]; then path+=$folder:; fi
    done
    export LD_LIBRARY_PATH=$path${LD_LIBRARY_PATH:-}
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH%:}
    # PoCL runs the linker for every kernel
    export LIBRARY_PATH=$1/link${LIBRARY_PATH:+:$LIBRARY_PATH}
    if ! command -v ld >/dev/null; then export PATH=$PATH:$1/usr/bin; fi
}

pocl_works() {
    [[ -d $1 ]] && (use_pocl_copy "$1" && has_loader && has_platform && kernels_link "$1")
}

# kernels_link COPY: whether the linker runs and finds the libraries that PoCL names to it.
kernels_link() {
    local output status=0
    output=$(mktemp)
    ld -shared -o "$output" -L"$1/link" -lm -lgcc -lgcc_s -lc || status=1
    rm -f "$output"
    return $status
}

# make_pocl_copy FOLDER: first with what dpkg says is missing; then, should dpkg be wrong, with everything.
make_pocl_copy() {
    local fresh status_file
    # what an attempt that was killed left behind
    rm -rf "$1"/new.*
    fresh=$(mktemp -d "$1/new.XXXXXX")
    # shellcheck disable=SC2064 # the name now: at the end of this subshell the variable is gone
    trap "rm -rf $(printf %q "$fresh")" EXIT
    mkdir -p "$fresh/apt/lists/partial" "$fresh/apt/archives/partial"
    touch "$fresh/nothing"
    private_apt "$fresh/apt" "$fresh/nothing" apt-get update || return 1
    private_apt "$fresh/apt" "$fresh/nothing" apt-cache show "${pocl_packages[@]}" >/dev/null || return 1
    for status_file in /var/lib/dpkg/status "$fresh/nothing"; do
        if packages "$fresh/apt" "$status_file" | unpack "$fresh" && pocl_works "$fresh/root"; then
            rm -rf "$1/current"
            mv "$fresh/root" "$1/current"
            return
        fi
        rm -rf "$fresh/root"
    done
    return 1
}

# private_apt FOLDER STATUS COMMAND…: apt with its lists and cache in FOLDER; the file STATUS says what is installed.
private_apt() {
    local folder=$1 status=$2 command=$3
    shift 3
    "$command" -q -o Dir::State="$folder" -o Dir::State::status="$status" -o Dir::Cache="$folder" \
        -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::http::Timeout=20 \
        -o Acquire::Retries=2 "$@"
}

# packages FOLDER STATUS: the names of what apt would install, and always PoCL itself and the loader.
packages() {
    {
        printf '%s\n' "${pocl_packages[@]}"
        private_apt "$1" "$2" apt-cache depends --recurse --important pocl-opencl-icd | grep '^libpocl'
        private_apt "$1" "$2" apt-get install --simulate --no-install-recommends "${pocl_packages[@]}" |
            sed -n 's/^Inst \([^ ]*\).*/\1/p'
    } | grep -Evx "$not_needed" | sort -u
}

# unpack FOLDER: downloads the packages named on standard input and unpacks them into FOLDER/root.
unpack() {
    local names deb
    mkdir -p "$1/debs" "$1/root/link"
    names=$(cat)
    # shellcheck disable=SC2086 # package names have no spaces
    (cd "$1/debs" && private_apt "$1/apt" /var/lib/dpkg/status apt-get download $names) || return 1
    for deb in "$1"/debs/*.deb; do dpkg-deb -x "$deb" "$1/root" || return 1; done
    rm -rf "$1/debs"
    relocate "$1/root"
}

# relocate COPY: platforms by the name of their library, not by its place; and what PoCL gives to the linker
# (-lm -lgcc -lgcc_s -lc), which is the machine's own run-time libraries under the names that a linker looks for.
relocate() {
    local icd library
    for icd in "$1"/etc/OpenCL/vendors/*.icd; do sed -i 's#.*/##' "$icd"; done
    ldd "$(command -v apt-get)" | sed -n 's/^[[:space:]]*\(lib\(m\|c\|gcc_s\)\.so\.[0-9]*\) => \(.*\) (.*/\2 \3/p' |
        while read -r library target; do ln -sf "$target" "$1/link/lib$library.so"; done
    ln -sf libgcc_s.so "$1/link/libgcc.so"
}

# shellcheck shell=bash
# PoCL in a private copy. Sourced, after common.sh, opencl.sh and packages.sh.

pocl_packages=(pocl-opencl-icd ocl-icd-libopencl1)

# pocl_copy FOLDER: makes sure of a working copy in FOLDER/current; false where there can be none.
pocl_copy() { private_copy "$1" pocl "${pocl_packages[@]}"; }

# use_pocl_copy COPY: the environment in which the loader, Java and PoCL find it. Platforms of the system's are kept.
use_pocl_copy() {
    if ! has_platform; then export OCL_ICD_VENDORS=$1/etc/OpenCL/vendors; fi
    use_copy "$1"
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

# pocl_relocate COPY: platforms by the name of their library, not by its place; and what PoCL gives to the linker
# (-lm -lgcc -lgcc_s -lc), which is the machine's own run-time libraries under the names that a linker looks for.
pocl_relocate() {
    local icd library
    for icd in "$1"/etc/OpenCL/vendors/*.icd; do sed -i 's#.*/##' "$icd"; done
    mkdir -p "$1/link"
    ldd "$(command -v apt-get)" | sed -n 's/^[[:space:]]*\(lib\(m\|c\|gcc_s\)\.so\.[0-9]*\) => \(.*\) (.*/\2 \3/p' |
        while read -r library target; do ln -sf "$target" "$1/link/lib$library.so"; done
    ln -sf libgcc_s.so "$1/link/libgcc.so"
}

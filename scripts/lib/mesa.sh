# shellcheck shell=bash
# Mesa's llvmpipe as a second OpenCL device, for tests. Not from a private copy, as PoCL may be: Mesa looks for a file of
# libclc's at one place of the system's, whatever the environment says. Sourced, after common.sh and opencl.sh.

# Where the loader finds Mesa's OpenCL, rusticl.
mesa_library() {
    local library
    while read -r library; do
        if [[ $library == *usticl* ]] && loads "$library"; then printf '%s\n' "$library" && return; fi
    done < <(icd_libraries)
    return 1
}

install_mesa() {
    local sudo=
    if [[ $(id -u) != 0 ]]; then sudo=sudo; fi
    $sudo apt-get update -q >&2 && $sudo apt-get install -y -q --no-install-recommends mesa-opencl-icd >&2
}

# add_mesa LIBRARY: the environment in which the loader finds it besides what it finds anyway.
add_mesa() {
    local folder=$root/target/platforms library count=0
    rm -rf "$folder"
    mkdir -p "$folder"
    while read -r library; do
        count=$((count + 1))
        printf '%s\n' "$library" >"$folder/$count.icd"
    done < <({ icd_libraries && printf '%s\n' "$1"; } | grep . | sort -u)
    unset OPENCL_VENDOR_PATH OCL_ICD_FILENAMES
    export OCL_ICD_VENDORS=$folder RUSTICL_ENABLE=${RUSTICL_ENABLE:-llvmpipe}
}

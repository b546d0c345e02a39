# shellcheck shell=bash
# Whether the system has OpenCL, asked without loading it into this process, let alone into a JVM. Sourced, never run.

# loads LIBRARY: whether the dynamic linker finds it and all that it needs. The linker itself is asked, so this holds
# for LD_LIBRARY_PATH, the linker's cache and its default folders alike.
loads() {
    local folder='' path output
    if [[ $1 == */* ]]; then folder=${1%/*}; fi
    path=$folder${folder:+${LD_LIBRARY_PATH:+:}}${LD_LIBRARY_PATH:-}
    # a library that lacks another ends the program; one that is not there is ignored, with a message
    output=$(LC_ALL=C LD_LIBRARY_PATH=$path LD_PRELOAD=${1##*/} /bin/sh -c : 2>&1) || return 1
    [[ $output != *"cannot be preloaded"* ]]
}

has_loader() { loads libOpenCL.so.1; }

# The libraries of the registered platforms, one a line, as the loader would find them.
icd_libraries() {
    local vendors=${OCL_ICD_VENDORS:-${OPENCL_VENDOR_PATH:-/etc/OpenCL/vendors}} icd
    if [[ -n ${OCL_ICD_FILENAMES:-} ]]; then printf '%s\n' "$OCL_ICD_FILENAMES" | tr : '\n'; fi
    if [[ -d $vendors ]]; then
        for icd in "$vendors"/*.icd; do icd_library "$icd"; done
    elif [[ $vendors == */*.icd ]]; then
        icd_library "$vendors"
    elif [[ $vendors == *.icd ]]; then
        icd_library "/etc/OpenCL/vendors/$vendors"
    elif [[ $vendors != */* || -f $vendors ]]; then
        printf '%s\n' "$vendors"
    fi
}

icd_library() {
    local library=
    # the last line of the file may lack its end
    if [[ -r $1 ]]; then read -r library <"$1" || true; fi
    printf '%s\n' "$library"
}

# may_have_device LIBRARY: false for platforms known to come up empty here, such as a GPU's without the GPU.
may_have_device() {
    case $1 in
        *usticl*) [[ -n ${RUSTICL_ENABLE:-} ]] ;;
        *nvidia*) [[ -e /dev/nvidiactl || -e /dev/dxg ]] ;;
        *amdocl*) [[ -e /dev/kfd || -e /dev/dxg ]] ;;
        *igdrcl*) [[ -e /dev/dri || -e /dev/dxg ]] ;;
        *MesaOpenCL*) [[ -e /dev/dri ]] ;;
    esac
}

has_platform() {
    local library
    while read -r library; do
        if [[ $library ]] && may_have_device "$library" && loads "$library"; then return 0; fi
    done < <(icd_libraries)
    return 1
}

# needs_device ARGUMENTS…: whether a command line of clnorm's can have a use for an OpenCL device.
needs_device() {
    local argument before=
    if [[ $# == 0 || $1 == state || $1 == explain ]]; then return 1; fi
    for argument in "$@"; do
        case $before$argument in
            -h | --help | -V | --version | --device=cpu | "--device cpu") return 1 ;;
        esac
        before=
        if [[ $argument == --device ]]; then before="--device "; fi
    done
}

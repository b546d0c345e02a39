# shellcheck shell=bash
# Oclgrind: the system's, or a private copy. Sourced, after common.sh, opencl.sh and packages.sh.

oclgrind_library=usr/lib/oclgrind/liboclgrind-rt-icd.so

# system_oclgrind: the library that the user names, or that the system has.
system_oclgrind() {
    local file
    for file in "${CLNORM_OCLGRIND:-}" "/$oclgrind_library" /usr/local/lib/liboclgrind-rt-icd.so; do
        if [[ -f $file ]] && loads "$file"; then printf '%s\n' "$file" && return; fi
    done
    return 1
}

# use_oclgrind: the environment in which the loader finds Oclgrind and nothing else; false where there can be none.
use_oclgrind() {
    local folder library
    if ! library=$(system_oclgrind) || ! has_loader; then
        folder=$(copies_folder)/oclgrind || return 1
        private_copy "$folder" oclgrind oclgrind ocl-icd-libopencl1 || return 1
        use_copy "$folder/current"
        library=$folder/current/$oclgrind_library
    fi
    export OCL_ICD_VENDORS=$library
}

oclgrind_works() { [[ -d $1 ]] && (use_copy "$1" && has_loader && loads "$1/$oclgrind_library"); }

# It finds what it needs from where its library lies.
oclgrind_relocate() { :; }

# shellcheck shell=bash
# Open MPI: the system's, or a private copy. Sourced, after common.sh and packages.sh.

# has_openmpi: whether mpirun is here, is Open MPI's, and starts a process.
has_openmpi() {
    [[ $(mpirun --version 2>/dev/null) == *"Open MPI"* ]] || return 1
    # one that cannot reach its own machine by name would wait for long
    timeout 30 mpirun --allow-run-as-root --oversubscribe -np 2 true >/dev/null 2>&1
}

# openmpi_copy FOLDER: makes sure of a working copy in FOLDER/current; false where there can be none.
openmpi_copy() { private_copy "$1" openmpi openmpi-bin openmpi-common; }

# use_openmpi_copy COPY: the environment in which mpirun, its processes and Java find it. OPAL_… and PMIX_… tell Open MPI,
# and the PMIx beneath it, that they do not lie where they were built for.
use_openmpi_copy() {
    local libraries pmix
    use_copy "$1"
    export PATH=$1/usr/bin:$PATH
    for libraries in "$1"/usr/lib/*-linux-*; do :; done
    export OPAL_PREFIX=$1/usr OPAL_LIBDIR=$libraries/openmpi/lib OPAL_PKGLIBDIR=$libraries/openmpi/lib/openmpi3
    export OPAL_PKGDATADIR=$1/usr/share/openmpi OPAL_SYSCONFDIR=$1/etc/openmpi
    pmix=$libraries/pmix2
    if [[ ! -d $pmix ]]; then return; fi  # the system's PMIx, in its place
    export PMIX_INSTALL_PREFIX=$pmix PMIX_LIBDIR=$pmix/lib PMIX_PKGLIBDIR=$pmix/lib/pmix PMIX_DATADIR=$pmix/share
    export PMIX_PKGDATADIR=$pmix/share/pmix PMIX_SYSCONFDIR=$1/etc
}

openmpi_works() { [[ -d $1 ]] && (use_openmpi_copy "$1" && has_openmpi); }

# openmpi_relocate COPY: the names that Debian's installation gives to programs of several MPIs.
openmpi_relocate() { ln -sf orterun "$1/usr/bin/mpirun"; }

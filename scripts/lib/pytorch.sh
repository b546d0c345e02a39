# shellcheck shell=bash
# shellcheck disable=SC2154 # root is set in common.sh
# PyTorch in a private Python environment: no root, no change to the system. Sourced, after common.sh.

# the version that the measurements and reference cases are about
pytorch_version=2.13.0
# beside it, for the tests of files that go to Python and back
safetensors_version=0.8.0

pytorch_folder() { printf '%s/pytorch/%s-%s\n' "$(cache_folder)" "$pytorch_version" "$(uname -m)"; }

# has_pytorch PYTHON: whether it can import torch, of any version.
has_pytorch() { "$1" -c 'import torch' >/dev/null 2>&1; }

# use_pytorch_copy: tells clnorm of the private environment, unless the user has named a Python.
use_pytorch_copy() {
    local python
    python=$(pytorch_folder)/bin/python
    if [[ ! ${CLNORM_PYTHON:-} && -x $python ]]; then export CLNORM_PYTHON=$python; fi
}

# make_pytorch_copy FOLDER: a fresh environment with PyTorch, complete or not there at all.
make_pytorch_copy() {
    mkdir -p "$(dirname "$1")"
    touch "$1.lock"
    (
        lock "$1.lock"
        # another may have made it while this one waited
        if [[ -x $1/bin/python ]] && has_pytorch "$1/bin/python"; then exit; fi
        rm -rf "$1"
        # an environment cannot be moved: its scripts know where it is
        trap 'if ! has_pytorch "$1/bin/python"; then rm -rf "$1"; fi' EXIT
        python3 -m venv "$1" && "$1/bin/python" -m pip install "${pip_options[@]}" "torch==$pytorch_version" || exit
        # numpy, which it imports. From where pip is configured: an index of PyTorch's own has it not. Without it those tests are skipped
        "$1/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
            "safetensors==$safetensors_version" numpy || say "no safetensors beside it"
    ) >&2
}

"""What the tests of org.clnorm.state ask of PyTorch and safetensors: python3 peer.py VERB FOLDER.

load   loads ours.safetensors into the eight layers, strict, and saves what they then hold as theirs.safetensors
judge  prints a line for every file of the folder: its name, "taken" or "refused", and why
"""

import pathlib
import sys

import safetensors
import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import golden  # noqa: E402


def load(folder):
    model = golden.eight_layers()
    model.load_state_dict(load_file(folder / "ours.safetensors"), strict=True)
    save_file(model.state_dict(), folder / "theirs.safetensors", metadata={"format": "pt"})
    print(torch.__version__, safetensors.__version__)


def judge(folder):
    for file in sorted(folder.iterdir()):
        try:
            safetensors.deserialize(file.read_bytes())
            print(file.name, "taken")
        except Exception as refused:
            print(file.name, "refused", str(refused).encode("unicode_escape").decode("ascii")[:200])


if __name__ == "__main__":
    {"load": load, "judge": judge}[sys.argv[1]](pathlib.Path(sys.argv[2]))

"""Makes the files beside it with PyTorch's and safetensors' own writers: python3 golden.py [FOLDER].

GoldenFilesTest reads them where there is no Python. Element i of tensor number k of a state (in the state's order) is
((7 i + 31 k) mod 64 - 16) / 8, a variance 0.25 more than its absolute value, a count 100 + k: exact in all types.
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bn1 = torch.nn.BatchNorm1d(3)
        self.bn2 = torch.nn.BatchNorm2d(4)
        self.bn3 = torch.nn.BatchNorm3d(2)


def eight_layers():
    model = torch.nn.Module()
    model.layer1 = torch.nn.Sequential(Block())
    model.instance = torch.nn.ModuleList([
        torch.nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
        torch.nn.InstanceNorm2d(2, affine=True),
        torch.nn.InstanceNorm3d(5, track_running_stats=True),
    ])
    model.group = torch.nn.GroupNorm(3, 6)
    model.norm = torch.nn.LayerNorm([2, 3, 5])
    return model


def whole_model():
    model = eight_layers()
    model.layer1[0].conv1 = torch.nn.Conv2d(3, 4, 3, bias=False)
    model.fc = torch.nn.Linear(5, 2)
    return model


def fill(state):
    for k, (key, tensor) in enumerate(state.items()):
        if key.endswith("num_batches_tracked"):
            tensor.fill_(100 + k)
            continue
        i = torch.arange(tensor.numel(), dtype=torch.float64)
        values = ((7 * i + 31 * k) % 64 - 16) / 8
        if key.endswith("running_var"):
            values = values.abs() + 0.25
        tensor.copy_(values.reshape(tensor.shape))
    return state


def convert(state, type):
    return {key: tensor.to(type) if tensor.is_floating_point() else tensor for key, tensor in state.items()}


def all_types():
    names = ("bool uint8 int8 float8_e5m2 float8_e4m3fn float8_e8m0fnu float8_e4m3fnuz float8_e5m2fnuz int16 uint16"
             " float16 bfloat16 int32 uint32 float32 complex64 float64 int64 uint64 float4_e2m1fn_x2").split()
    ones = torch.ones(16, dtype=torch.uint8)  # a tensor of its own each: safetensors refuses what shares memory
    return {name: ones.clone().view(getattr(torch, name)) for name in sorted(names)}


def files():
    state = fill(eight_layers().state_dict())
    yield "eight-layers", state, None
    yield "eight-layers-pt", state, {"format": "pt"}
    yield "eight-layers-double", convert(state, torch.float64), None
    yield "eight-layers-half", convert(state, torch.float16), None
    yield "eight-layers-bfloat16", convert(state, torch.bfloat16), None
    yield "all-half", {key: tensor.half() for key, tensor in state.items()}, None
    yield "without-counts", {key: tensor for key, tensor in state.items() if not key.endswith("tracked")}, None
    yield "data-parallel", {"module." + key: tensor for key, tensor in state.items()}, {"format": "pt"}
    yield "all-types", all_types(), {"": ""}
    whole = whole_model().state_dict()
    whole.update({"layer1.0.conv1.weight": torch.ones(4, 3, 3, 3), "fc.weight": torch.zeros(2, 5)})
    whole["fc.bias"].zero_()
    whole.update(state)
    yield "whole-model", whole, {"text": 'line\nbreak "quoted" \\ \u00e4 \U0001f600'}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for name, state, metadata in files():
        save_file(dict(state), folder / f"{name}.safetensors", metadata=metadata)

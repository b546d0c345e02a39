"""The example's network in PyTorch: trains it on the same batches from the same weights, in float32 and in float64.

    python training.py FILE...

Each FILE is in the format of safetensors. Its tensors: images [steps, batch, height, width], labels [steps, batch], and
the initial weights as PyTorch keeps them, conv1.weight [O, I, 3, 3], conv2.weight, linear.weight [10, C * H * W] and
each one's bias where there is one. Its metadata: norm, groups, lr, momentum. Prints a line of JSON for each file, the
loss of each step: {"float32": [...], "float64": [...]}.
"""

import json
import struct
import sys

import torch
from torch import nn
from torch.nn import functional

TYPES = {"F32": torch.float32, "I64": torch.int64}


def read(path):
    """Tensors and metadata of a file; needs nothing but PyTorch."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = torch.frombuffer(data[begin:end], dtype=TYPES[entry["dtype"]])
        tensors[name] = part.reshape(entry["shape"])
    return tensors, metadata


def normalization(metadata, channels, height, width):
    return {
        "batch_norm": lambda: nn.BatchNorm2d(channels),
        "layer_norm": lambda: nn.LayerNorm([channels, height, width]),
        "instance_norm": lambda: nn.InstanceNorm2d(channels, affine=True),
        "group_norm": lambda: nn.GroupNorm(int(metadata["groups"]), channels),
        "none": nn.Identity,
    }[metadata["norm"]]()


class Network(nn.Module):
    def __init__(self, tensors, metadata):
        super().__init__()
        height, width = tensors["images"].shape[-2:]
        first, second = len(tensors["conv1.weight"]), len(tensors["conv2.weight"])
        self.conv1 = nn.Conv2d(1, first, 3, padding=1, bias="conv1.bias" in tensors)
        self.norm1 = normalization(metadata, first, height, width)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1, bias="conv2.bias" in tensors)
        self.norm2 = normalization(metadata, second, height // 2, width // 2)
        self.linear = nn.Linear(second * (height // 4) * (width // 4), 10, bias="linear.bias" in tensors)
        weights = {name: tensor for name, tensor in tensors.items() if name not in ("images", "labels")}
        # normalizations begin as PyTorch makes them
        left_out = self.load_state_dict(weights, strict=False).missing_keys
        assert all(name.startswith("norm") for name in left_out), left_out

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.norm1(self.conv1(x))), 2)
        x = functional.max_pool2d(torch.relu(self.norm2(self.conv2(x))), 2)
        return self.linear(x.flatten(1))


def train(tensors, metadata, dtype):
    network = Network(tensors, metadata).to(dtype)
    descent = torch.optim.SGD(network.parameters(), float(metadata["lr"]), float(metadata["momentum"]))
    losses = []
    for images, labels in zip(tensors["images"], tensors["labels"]):
        descent.zero_grad()
        loss = functional.cross_entropy(network(images.unsqueeze(1).to(dtype)), labels)
        loss.backward()
        descent.step()
        losses.append(loss.item())
    return losses


def main():
    for path in sys.argv[1:]:
        tensors, metadata = read(path)
        curves = {name: train(tensors, metadata, getattr(torch, name)) for name in ("float32", "float64")}
        print(json.dumps(curves), flush=True)


main()

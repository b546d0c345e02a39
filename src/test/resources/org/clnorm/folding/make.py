"""Makes the .safetensors files of this folder: python make.py FOLDER. Made with torch 2.13.

Each has a layer, the BatchNorm behind it, what PyTorch's own folding makes of the two, and, for an x, what the two
compute one after the other in evaluation mode.
"""
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

folder = sys.argv[1]
torch.manual_seed(4)


def make(name, layer, norm, x, fuse, dtype):
    layer, norm, x = layer.to(dtype).eval(), norm.to(dtype).eval(), x.to(dtype)
    with torch.no_grad():
        norm.weight.uniform_(-2, 2)
        norm.bias.uniform_(-1, 1)
        norm.running_mean.uniform_(-3, 3)
        norm.running_var.uniform_(0.01, 4)
        tensors = {"layer.weight": layer.weight, "x": x, "y": norm(layer(x))}
        if layer.bias is not None:
            tensors["layer.bias"] = layer.bias
        if fuse:
            fused = fuse(layer, norm)
            tensors |= {"folded.weight": fused.weight, "folded.bias": fused.bias}
        tensors |= {f"norm.{k}": v for k, v in norm.state_dict().items()}
        save_file({k: v.contiguous().clone() for k, v in tensors.items()}, f"{folder}/{name}.safetensors")


def transposed(layer, norm):
    return fuse_conv_bn_eval(layer, norm, transpose=True)


r = torch.randn
for dtype, end in [(torch.float64, "64"), (torch.float32, "32")]:
    make(f"conv2d-{end}", nn.Conv2d(4, 6, (3, 2), groups=2, padding=1), nn.BatchNorm2d(6), r(2, 4, 5, 6),
         fuse_conv_bn_eval, dtype)
    make(f"conv2d-nobias-{end}", nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5, eps=1e-3), r(2, 3, 5, 5),
         fuse_conv_bn_eval, dtype)
    make(f"conv1d-{end}", nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), r(2, 3, 7), fuse_conv_bn_eval, dtype)
    make(f"conv3d-{end}", nn.Conv3d(2, 4, 2), nn.BatchNorm3d(4), r(2, 2, 3, 3, 3), fuse_conv_bn_eval, dtype)
    make(f"linear-{end}", nn.Linear(7, 5), nn.BatchNorm1d(5), r(3, 7), fuse_linear_bn_eval, dtype)
    make(f"transposed2d-{end}", nn.ConvTranspose2d(4, 3, (3, 2)), nn.BatchNorm2d(3), r(2, 4, 3, 4), transposed, dtype)
    # PyTorch folds no transposed convolution of several groups: its shapes do not fit
    make(f"transposed2d-groups-{end}", nn.ConvTranspose2d(4, 6, (3, 2), groups=2, bias=False), nn.BatchNorm2d(6),
         r(2, 4, 3, 4), None, dtype)

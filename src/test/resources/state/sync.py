# PyTorch's SyncBatchNorm over gloo: python3 sync.py FOLDER SAMPLES... trains one step of a part of the batch a process.
#
# torch.nn.SyncBatchNorm refuses tensors on the CPU, because five operators that its autograd function calls exist for
# GPUs alone. Here the function runs as it is, with its own messages; the five are written out below, by its formulas.
import os
import sys
import time

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch.nn.modules._functions import SyncBatchNorm

CHANNELS, SPACE, EPS, MOMENTUM = 5, 6, 1e-5, 0.1
ROUNDS = 200


def rows(x):
    return x.transpose(0, 1).reshape(x.size(1), -1)


def along(values, x):
    return values.view(1, -1, *([1] * (x.dim() - 2)))


def stats(x, eps):
    values = rows(x)
    return values.mean(1), (values.var(1, unbiased=False) + eps).rsqrt()


def gather_stats(x, mean, invstd, running_mean, running_var, momentum, eps, counts):
    share = (counts / counts.sum()).unsqueeze(1)
    joint = (mean * share).sum(0)
    variance = ((invstd ** -2 - eps + (mean - joint) ** 2) * share).sum(0)
    total = counts.sum()
    running_mean.mul_(1 - momentum).add_(momentum * joint)
    running_var.mul_(1 - momentum).add_(momentum * variance * total / (total - 1))
    return joint, (variance + eps).rsqrt()


def elemt(x, weight, bias, mean, invstd, eps):
    return (x - along(mean, x)) * along(invstd * weight, x) + along(bias, x)


def backward_reduce(dy, x, mean, invstd, weight, *wanted):
    sum_dy = rows(dy).sum(1)
    sum_dy_xmu = rows(dy * (x - along(mean, x))).sum(1)
    return sum_dy, sum_dy_xmu, sum_dy_xmu * invstd, sum_dy


def backward_elemt(dy, x, mean, invstd, weight, sum_dy, sum_dy_xmu, counts):
    total = counts.sum()
    centered = (x - along(mean, x)) * along(invstd ** 2 * sum_dy_xmu / total, x)
    return (dy - along(sum_dy / total, x) - centered) * along(invstd * weight, x)


def install():
    torch.batch_norm_stats = stats
    torch.batch_norm_gather_stats_with_counts = gather_stats
    torch.batch_norm_elemt = elemt
    torch.batch_norm_backward_reduce = backward_reduce
    torch.batch_norm_backward_elemt = backward_elemt


def microseconds(exchange):
    for _ in range(ROUNDS // 10):
        exchange()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        exchange()
    return (time.perf_counter() - start) / ROUNDS * 1e6


# What a layer's two messages take, for 256 channels.
def timed(ranks):
    first, second = torch.zeros(513, dtype=torch.float64), torch.zeros(512, dtype=torch.float64)
    lists = [torch.empty_like(first) for _ in range(ranks)]
    return microseconds(lambda: dist.all_gather(lists, first)), microseconds(lambda: dist.all_reduce(second))


# None of an empty part stands for zeros.
def gradient(tensor):
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def work(rank, folder, samples):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method="file://" + os.path.join(folder, "meeting"), rank=rank,
                            world_size=len(samples))
    torch.manual_seed(1)
    x = (torch.randn(sum(samples), CHANNELS, SPACE, dtype=torch.float64) * 2 + 3).split(samples)[rank].clone()
    dy = torch.randn(sum(samples), CHANNELS, SPACE, dtype=torch.float64).split(samples)[rank].clone()
    weight = torch.rand(CHANNELS, dtype=torch.float64).requires_grad_()
    bias = torch.rand(CHANNELS, dtype=torch.float64).requires_grad_()
    mean, var = torch.zeros(CHANNELS, dtype=torch.float64), torch.ones(CHANNELS, dtype=torch.float64)
    install()
    y = SyncBatchNorm.apply(x.requires_grad_(), weight, bias, mean, var, EPS, MOMENTUM, dist.group.WORLD, len(samples))
    y.backward(dy)
    result = {"x": x, "dy": dy, "weight": weight, "bias": bias, "y": y, "dx": gradient(x), "dweight": gradient(weight),
              "dbias": gradient(bias), "running_mean": mean, "running_var": var}
    save_file({name: tensor.detach().contiguous() for name, tensor in result.items()},
              os.path.join(folder, f"rank{rank}.safetensors"))
    gather, reduce = timed(len(samples))
    if rank == 0:
        print(f"gloo {gather:.1f} {reduce:.1f}")
    dist.destroy_process_group()


if __name__ == "__main__":
    shards = [int(argument) for argument in sys.argv[2:]]
    torch.multiprocessing.spawn(work, args=(sys.argv[1], shards), nprocs=len(shards))

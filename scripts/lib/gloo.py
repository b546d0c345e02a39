# One rank of PyTorch's messages for synchronized batch normalization, over gloo, timed as scripts/bench-sync times ours:
# gloo.py LINK RANK RANKS ADDRESS MILLIS CHANNELS,... prints a row of JSON a line on rank 0.
#
# all_gather of 2 C + 1 numbers is what torch.nn.SyncBatchNorm's forward pass sends over gloo, all_reduce of 2 C what its
# backward pass does; in float32 as PyTorch does for float32 tensors, and in float64, which is what CLNorm sends.
import json
import math
import os
import sys
import time

import torch
import torch.distributed as dist

WARM, WARM_SECONDS, MOST, LEAST = 400, 0.6, 2000, 15


# The same number of calls on all ranks: rank 0's.
def agreed(value):
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return shared.item()


def calls(exchange, seconds):
    begun, done, more = time.perf_counter(), 0, True
    while more:
        chunk = max(1, min(WARM // 8, done))
        for _ in range(chunk):
            exchange()
        done += chunk
        more = agreed(done < WARM and time.perf_counter() - begun < WARM_SECONDS) != 0
    each = agreed((time.perf_counter() - begun) / done)
    return int(max(LEAST, min(MOST, seconds / each)))


# The least time that so large a part did not exceed, as on the other side.
def quantile(times, part):
    return times[max(0, math.ceil(part * len(times)) - 1)]


def row(link, what, tensor, exchange, seconds):
    times = []
    for _ in range(calls(exchange, seconds)):
        begun = time.perf_counter()
        exchange()
        times.append((time.perf_counter() - begun) * 1e6)
    # a rank that is behind finds the others' messages there, and they wait for its own: a call takes their mean
    mean = torch.tensor(times, dtype=torch.float64)
    dist.all_reduce(mean)
    times = sorted((mean / dist.get_world_size()).tolist())
    if dist.get_rank() == 0:
        print(json.dumps({"link": link, "what": what, "ranks": dist.get_world_size(), "cores": os.cpu_count(),
                          "bytes": tensor.numel() * tensor.element_size(), "calls": len(times),
                          "median_us": round(quantile(times, 0.5), 3), "min_us": round(times[0], 3),
                          "p90_us": round(quantile(times, 0.9), 3)}), flush=True)


def rows(link, channels, seconds):
    for dtype, name in (torch.float64, ""), (torch.float32, " float32"):
        moments = torch.full((2 * channels + 1,), float(dist.get_rank()), dtype=dtype)
        gathered = [torch.empty_like(moments) for _ in range(dist.get_world_size())]
        row(link, "gloo all_gather" + name, moments, lambda: dist.all_gather(gathered, moments), seconds)
        if not all((part == rank).all() for rank, part in enumerate(gathered)):
            sys.exit("expected what each rank sent, got something else")
        sums = torch.zeros(2 * channels, dtype=dtype)
        row(link, "gloo all_reduce" + name, sums, lambda: dist.all_reduce(sums), seconds)


if __name__ == "__main__":
    name, rank, ranks, address, millis, sizes = sys.argv[1:]
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=address, rank=int(rank), world_size=int(ranks))
    for size in sizes.split(","):
        rows(name, int(size), int(millis) / 1e3)
    dist.destroy_process_group()

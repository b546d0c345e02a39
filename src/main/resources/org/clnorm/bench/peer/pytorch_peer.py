"""PyTorch as a peer of clnorm bench: runs cases (safetensors files of the format norm-case-v1) and times them.

Reads requests from standard input and answers each with a line, words parted by tabs; org.clnorm.bench.peer.Peer has
the protocol. Needs torch and nothing else.
"""
import argparse
import ctypes
import gc
import json
import os
import struct
import sys
import time

# As PeerRounds has them: after a pause a processor needs that long to come to its speed.
WARM_PAIRS = 2
WARM_SECONDS = 0.04
# After parallel work OpenMP's threads spin for some milliseconds, which would disturb whose turn is next. Told not to
# (OMP_WAIT_POLICY=passive) PyTorch is up to twice as slow, so they may, and the answer waits.
REST_STEP = 0.002
REST_LIMIT = 0.2
RESTING = 0.1

KNOWN = {"format", "name", "tags", "op", "module", "num_steps", "eps", "momentum", "affine", "bias",
         "track_running_stats", "num_features", "num_groups", "normalized_shape", "num_batches_tracked_init", "frozen",
         "accumulate", "running_variance", "layout", "zero_centered", "activation", "residual", "axes"}


class Refused(Exception):
    """A case that PyTorch cannot do, or would do otherwise."""


def memory(tensor):
    """The bytes of a tensor, not copied: copies would leave holes of ordinary pages in the heap."""
    return memoryview((ctypes.c_char * (tensor.numel() * tensor.element_size())).from_address(tensor.data_ptr()))


def read(path):
    """Metadata and tensors of a safetensors file."""
    tensors = {}
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        metadata = header.pop("__metadata__", {})
        for name, entry in header.items():
            # a tensor of PyTorch's own, in memory that it allocated
            tensor = torch.empty(entry["shape"], dtype=TYPES[entry["dtype"]])
            file.seek(8 + size + entry["data_offsets"][0])
            if tensor.numel() > 0:
                file.readinto(memory(tensor))
            tensors[name] = tensor.to(device)
    return metadata, tensors


def write(path, tensors):
    """A safetensors file."""
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        dtype = next(key for key, value in TYPES.items() if value == tensor.dtype)
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for tensor in tensors.values():
            if tensor.numel() > 0:
                file.write(memory(tensor))


def build(said, tensors):
    """The layer of a case, in its initial state."""
    nn, op, eps = torch.nn, said["op"], float(said["eps"])
    affine = said["affine"] == "true"
    tracks = said.get("track_running_stats") == "true"
    if op == "layer_norm":
        shape = [int(size) for size in said["normalized_shape"].split(",")]
        layer = nn.LayerNorm(shape, eps, elementwise_affine=affine)
    elif op == "rms_norm":
        shape = [int(size) for size in said["normalized_shape"].split(",")]
        layer = nn.RMSNorm(shape, eps, elementwise_affine=affine)
    elif op == "group_norm":
        layer = nn.GroupNorm(int(said["num_groups"]), int(said["num_features"]), eps, affine)
    else:
        momentum = None if said["momentum"] == "none" else float(said["momentum"])
        layer = getattr(nn, said["module"])(int(said["num_features"]), eps, momentum, affine, tracks)
    layer = layer.to(device)
    if said["bias"] != "true":
        layer.bias = None
    for name in ("weight", "bias", "running_mean", "running_var"):
        if name in tensors:
            own = getattr(layer, name)
            own.data = tensors[name].clone()
    if tracks:
        layer.num_batches_tracked.fill_(int(said.get("num_batches_tracked_init", 0)))
    return layer


def normalizer(layer, said):
    """What normalizes: the layer; around it, as models write them, weights kept as the difference from 1, and axes."""
    functions = torch.nn.functional
    if said.get("zero_centered") != "true":
        over_last = layer
    elif said["op"] == "rms_norm":
        over_last = lambda x: functions.rms_norm(x, layer.normalized_shape, 1 + layer.weight, layer.eps)
    else:
        over_last = lambda x: functions.layer_norm(x, layer.normalized_shape, 1 + layer.weight, layer.bias, layer.eps)
    if "axes" not in said:
        return over_last
    # PyTorch normalizes over the last dimensions alone; models move the others there
    axes = [int(axis) for axis in said["axes"].split(",")]
    last = list(range(-len(axes), 0))
    return lambda x: over_last(x.movedim(axes, last)).movedim(last, axes)


def activation(name):
    """The function of a name, in place where that keeps what its gradient needs; None for none."""
    functions = torch.nn.functional
    name, _, slope = name.partition(":")
    return {
        "none": None,
        "relu": lambda v: functions.relu(v, inplace=True),
        "leaky_relu": lambda v: functions.leaky_relu(v, float(slope)),
        "silu": functions.silu,
        "gelu": functions.gelu,
        "gelu_tanh": lambda v: functions.gelu(v, approximate="tanh"),
    }[name]


def network(layer, said):
    """The layer and what stands around it, as models write it: of x and the residual, if there is one, it makes y, and
    the sum where the residual is added before.
    """
    normalize, activate = normalizer(layer, said), activation(said.get("activation", "none"))
    residual = said.get("residual")

    def activated(v):
        return activate(v) if activate else v

    def before(x, other):
        total = x + other
        return activated(normalize(total)), total

    def after(x, other):
        return activated(normalize(x).add_(other)),

    if residual:
        return {"before": before, "after": after}[residual]
    return (lambda x: (activated(normalize(x)),)) if activate else lambda x: (normalize(x),)


class Subject:
    """A case, and the layer that runs it."""

    def __init__(self, path):
        self.said, self.tensors = read(path)
        unknown = [key for key in self.said if key not in KNOWN and not key.startswith("step.")]
        if unknown:
            raise Refused("PyTorch does not know the setting " + unknown[0])
        if self.said.get("running_variance") == "biased":
            raise Refused("PyTorch's running variance is the unbiased one")
        self.frozen = self.said.get("frozen", "").split(",")
        self.accumulates = self.said.get("accumulate") == "true"
        self.channels_last = self.said.get("layout") == "nhwc"
        unbatched = self.said["module"] == "InstanceNorm%dd" % (self.tensors["0.x"].dim() - 1)
        self.channel = 0 if unbatched else 1
        self.joins = self.said.get("residual")
        # without an activation the gradient of what is added last is dy itself, and nothing has to be done for it
        self.gates = self.joins == "after" and self.said.get("activation", "none") != "none"
        self.out = None
        self.begin()

    def begin(self):
        """From the initial state."""
        self.layer = build(self.said, self.tensors)
        for name, parameter in self.layer.named_parameters():
            parameter.requires_grad_(name not in self.frozen)
        self.parameters = list(self.layer.parameters())
        self.call = network(self.layer, self.said)
        if arguments.compile:
            # what was compiled for other cases would count towards the limit of what is compiled anew
            torch.compiler.reset()
            self.call = torch.compile(self.call, dynamic=False)
        self.step(0)

    def logical(self, k, name):
        """[N, C, ...] of a tensor of the case, whose channels may lie last in memory, and stay there; None for none."""
        tensor = self.tensors.get("%d.%s" % (k, name))
        return tensor.movedim(-1, self.channel) if self.channels_last and tensor is not None else tensor

    def step(self, k):
        training = self.said["step.%d.mode" % k] == "train" and "statistics" not in self.frozen
        self.layer.train(training)
        self.x = self.logical(k, "x").requires_grad_(True)
        self.inputs = [self.x]
        if self.joins:
            self.inputs.append(self.logical(k, "residual").requires_grad_(self.gates))
        self.dy = self.logical(k, "dy")
        self.given = [self.dy]
        if self.joins == "before" and self.dy is not None:
            self.given.append(self.logical(k, "dsum"))

    def forward(self):
        return self.call(*self.inputs)

    def backward(self):
        """The gradients of x and, where it is another than that or dy, of the residual; parameters get theirs."""
        if not self.joins:
            self.out[0].backward(self.dy)
            return [self.x.grad]
        # asked for, not left in .grad, for which PyTorch would copy a gradient that has two receivers
        wanted = [tensor for tensor in self.inputs + self.parameters if tensor.requires_grad]
        gradients = torch.autograd.grad(self.out, wanted, self.given)
        inputs = 2 if self.gates else 1
        for parameter, gradient in zip(wanted[inputs:], gradients[inputs:]):
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
        return gradients[:inputs]

    def prepare(self):
        """What a training loop does between two passes: the last results go."""
        self.x.grad = None
        if not self.accumulates:
            for parameter in self.parameters:
                parameter.grad = None

    def results(self):
        out = {}
        for k in range(int(self.said["num_steps"])):
            self.step(k)
            self.prepare()
            self.out = self.forward()
            found = dict(zip(("y", "sum"), self.out))
            if self.dy is not None:
                found.update(zip(("dx", "dresidual"), self.backward()))
                if self.joins == "after" and not self.gates:
                    found["dresidual"] = self.dy
                for name, parameter in self.layer.named_parameters():
                    if parameter.grad is not None:
                        found["d" + name] = parameter.grad
            for name, buffer in self.layer.named_buffers():
                found[name] = buffer
            if self.channels_last:
                for name in ("y", "sum", "dx", "dresidual"):
                    if name in found:
                        found[name] = found[name].movedim(self.channel, -1)
            for name, tensor in found.items():
                out["%d.%s" % (k, name)] = tensor.detach().to("cpu", copy=True).contiguous()
        return out

    def pair(self, clock):
        """A forward pass and its backward pass, each timed."""
        self.out = None
        self.out, forward = clock(self.forward)
        backward = 0
        if self.dy is not None:
            self.prepare()
            _, backward = clock(self.backward)
        return forward, backward

    def turn(self):
        end = time.perf_counter() + WARM_SECONDS
        warm = 0
        while warm < WARM_PAIRS or time.perf_counter() < end:
            self.pair(wall)
            warm += 1
        times = self.pair(wall)
        return times + self.pair(events) if cuda else times


def wall(work):
    if cuda:
        torch.cuda.synchronize()
    start = time.perf_counter_ns()
    result = work()
    if cuda:
        torch.cuda.synchronize()
    return result, time.perf_counter_ns() - start


def events(work):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    begin.record()
    result = work()
    end.record()
    torch.cuda.synchronize()
    return result, round(begin.elapsed_time(end) * 1e6)


def rest():
    """Waits until no thread of this process is busy."""
    limit = time.perf_counter() + REST_LIMIT
    used, at = time.process_time(), time.perf_counter()
    while at < limit:
        time.sleep(REST_STEP)
        before, since = used, at
        used, at = time.process_time(), time.perf_counter()
        if used - before < RESTING * (at - since):
            return


def answer(*words):
    line = "\t".join(str(word).replace("\t", " ").replace("\n", " ") for word in words)
    os.write(replies, (line + "\n").encode())


def run(case, results):
    """Runs a case; gives what its turns need, None if PyTorch cannot do it."""
    try:
        subject = Subject(case)
        write(results, subject.results())
        # the passes that are timed begin where the check began
        subject.begin()
    except (Refused, ValueError, TypeError, RuntimeError) as reason:
        answer("refused", str(reason).strip().split("\n")[0] or type(reason).__name__)
        return None
    rest()
    answer("ok")
    return subject


def serve(request):
    """Answers all about one case; returns the request that is about another, None at the end."""
    subject = run(*request[1:]) if request[0] == "open" else None
    while True:
        request = ask()
        if not request or request[0] == "open":
            return request
        if request[0] == "turn" and subject is not None:
            times = subject.turn()
            rest()
            answer("ok", *times)
        else:
            answer("unknown", *request)


def serve_apart(request):
    """As serve, in a process of its own: no case finds the heap that another left."""
    get, put = os.pipe()
    child = os.fork()
    if child == 0:
        if arguments.threads > 0:
            torch.set_num_threads(arguments.threads)
        os.write(put, "\t".join(serve(request) or []).encode())
        os._exit(0)
    os.close(put)
    with os.fdopen(get) as pipe:
        rest_of_it = pipe.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        sys.exit(1)
    return rest_of_it.split("\t") if rest_of_it else None


def ask():
    """The words of the next request, None at the end."""
    line = sys.stdin.readline()
    return line.rstrip("\n").split("\t") if line else None


def version():
    where = torch.cuda.get_device_name() if cuda else "%d CPU threads" % (arguments.threads or os.cpu_count())
    return "PyTorch %s, %s%s" % (torch.__version__, where, ", compiled" if arguments.compile else "")


# What anything prints goes to standard error; only answers go to standard output.
replies = os.dup(1)
os.dup2(2, 1)
parser = argparse.ArgumentParser(prog="pytorch_peer")
parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
parser.add_argument("--threads", type=int, default=0)
parser.add_argument("--compile", action="store_true")
arguments = parser.parse_args()
cuda = arguments.device == "cuda"
try:
    import torch
    if cuda and not torch.cuda.is_available():
        raise RuntimeError("PyTorch %s of this Python has no CUDA here" % torch.__version__)
except (ImportError, OSError, RuntimeError) as reason:
    answer("cannot", "%s: %s" % (sys.executable, reason))
    sys.exit(1)

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
         "I64": torch.int64}
device = torch.device(arguments.device)
gc.disable()
answer("ready", version())
asked = ask()
while asked:
    # CUDA keeps memory of its own, and does not go together with fork
    asked = serve(asked) if cuda else serve_apart(asked)

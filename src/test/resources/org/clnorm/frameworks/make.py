"""Makes the .npz files of this folder: normalization layers of other frameworks, before and after a training step.

    python make.py FOLDER [djl.txt dl4j.txt dl4jlog.txt]

needs numpy, onnx (its reference evaluator computes), and keras with torch. The texts are what Djl.java and Dl4j.java
print. Made with numpy 2.4, onnx 1.23, keras 3.15 on torch 2.13, DJL 0.35.1 on PyTorch 2.7.1, DL4J 1.0.0-M2.1.
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

# every value is a float: the Java programs make the same
i = np.arange(48)
x = (((i * 7919 % 97) - 48) / 16).reshape(4, 3, 2, 2)
x = (x * np.array([2, 0.5, 1]).reshape(1, 3, 1, 1) + np.array([1, -3, 0]).reshape(1, 3, 1, 1)).astype(np.float32)
GAMMA, BETA = np.float32([0.5, 1.5, -1]), np.float32([0.25, 0, -0.75])
MEAN, VAR = np.float32([0.75, -2.5, 0.125]), np.float32([3, 0.375, 1.25])


def save(folder, name, before, after, y_eval, y_train):
    np.savez(f"{folder}/{name}-before.npz", **before)
    np.savez_compressed(f"{folder}/{name}-after.npz", **after)
    np.savez(f"{folder}/{name}-values.npz", x=x, y_eval=y_eval, y_train=y_train)


def by_path(layer):
    return {w.path: np.array(w.numpy()) for w in layer.weights}


def numbers(tensor):
    return tensor.detach().cpu().numpy()


def of_keras(folder):
    layer = keras.layers.BatchNormalization(axis=1)
    layer.build(x.shape)
    layer.set_weights([GAMMA, BETA, MEAN, VAR])
    before = by_path(layer)
    y_eval, y_train = numbers(layer(x, training=False)), numbers(layer(x, training=True))
    save(folder, "keras", before, by_path(layer), y_eval, y_train)
    layer = keras.layers.LayerNormalization(axis=[2, 3])
    layer.build(x.shape)
    layer.set_weights([np.float32([[0.5, 1.5], [-1, 2]]), np.float32([[0.25, 0], [-0.75, 1]])])
    np.savez(f"{folder}/keras-layer.npz", x=x, y=numbers(layer(x)), **{w.name: w.numpy() for w in layer.weights})
    layer = keras.layers.GroupNormalization(groups=3, axis=1)
    layer.build(x.shape)
    layer.set_weights([GAMMA, BETA])
    np.savez(f"{folder}/keras-group.npz", x=x, y=numbers(layer(x)), **{w.name: w.numpy() for w in layer.weights})


def run(operator, inputs, outputs, opset=21, **attributes):
    node = helper.make_node(operator, list(inputs), outputs, **attributes)
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", [value(k) for k in inputs], [value(k) for k in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    return ReferenceEvaluator(model).run(None, inputs)


def of_onnx(folder):
    before = {"scale": GAMMA, "B": BETA, "input_mean": MEAN, "input_var": VAR}
    inputs = {"X": x, **before}
    y_eval, = run("BatchNormalization", inputs, ["Y"], 15)
    y_train, mean, var = run("BatchNormalization", inputs, ["Y", "running_mean", "running_var"], 15, training_mode=1)
    save(folder, "onnx", before, {**before, "input_mean": mean, "input_var": var}, y_eval, y_train)
    layer = {"Scale": np.float32([[0.5, 1.5], [-1, 2]]), "B": np.float32([[0.25, 0], [-0.75, 1]])}
    np.savez(f"{folder}/onnx-layer.npz", x=x, y=run("LayerNormalization", {"X": x, **layer}, ["Y"], axis=2)[0], **layer)
    group = {"scale": GAMMA, "bias": BETA}
    np.savez(f"{folder}/onnx-group.npz", x=x,
             y=run("GroupNormalization", {"X": x, **group}, ["Y"], num_groups=3)[0], **group)
    instance = {"scale": GAMMA, "B": BETA}
    np.savez(f"{folder}/onnx-instance.npz", x=x, y=run("InstanceNormalization", {"input": x, **instance}, ["Y"])[0],
             **instance)


def of_text(folder, name, text):
    arrays = {"before": {}, "after": {}, "values": {}}
    for line in open(text):
        if line.startswith("| "):
            _, kind, key, shape, *values = line.split()
            arrays[kind][key] = np.float32([float(v) for v in values]).reshape([int(d) for d in shape.split("x")])
    save(folder, name, arrays["before"], arrays["after"], **arrays["values"])


of_keras(sys.argv[1])
of_onnx(sys.argv[1])
for file in sys.argv[2:]:
    of_text(sys.argv[1], os.path.splitext(os.path.basename(file))[0], file)

"""Writes the models of the serving benchmark, with random weights: make-models.py <folder> → <folder>/<name>.onnx."""

import sys
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(7)


class Graph:
    """Nodes and weights as they are added; every method gives the name of what it computes."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, shape, scale):
        return self.constant((random.standard_normal(shape) * scale).astype(numpy.float32))

    def constant(self, array):
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(numpy.asarray(array), name))
        return name

    def add(self, operator, *inputs, output=None, **attributes):
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def linear(self, x, width_in, width_out, output=None):
        product = self.add("MatMul", x, self.weight((width_in, width_out), width_in**-0.5))
        return self.add("Add", product, self.weight((width_out,), 0.01), output=output)

    def convolution(self, x, channels_in, channels_out, kernel, stride):
        scale = (channels_in * kernel * kernel) ** -0.5
        weight = self.weight((channels_out, channels_in, kernel, kernel), scale)
        pads = [kernel // 2] * 4
        bias = self.weight((channels_out,), 0.01)
        return self.add("Conv", x, weight, bias, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)

    def normalization(self, x, width):
        ones, zeros = (self.constant(make(width, numpy.float32)) for make in (numpy.ones, numpy.zeros))
        return self.add("LayerNormalization", x, ones, zeros)

    def save(self, path, inputs, outputs):
        values = [[helper.make_tensor_value_info(*each) for each in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, path.stem, *values, initializer=self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def add_sub(path):
    graph = Graph()
    graph.add("Add", "INPUT0", "INPUT1", output="OUTPUT0")
    graph.add("Sub", "INPUT0", "INPUT1", output="OUTPUT1")
    sides = [[(f"{side}{index}", TensorProto.INT32, ["n", 16]) for index in (0, 1)] for side in ("INPUT", "OUTPUT")]
    graph.save(path, *sides)


def mlp(path):
    graph = Graph()
    hidden = graph.add("Relu", graph.linear("input", 784, 256))
    graph.linear(hidden, 256, 10, output="output")
    graph.save(path, [("input", TensorProto.FLOAT, ["n", 784])], [("output", TensorProto.FLOAT, ["n", 10])])


def resnet18(path):
    graph = Graph()
    x = graph.add("Relu", graph.convolution("image", 3, 64, 7, 2))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for width in (64, 128, 256, 512):
        for block in range(2):
            stride = 2 if block == 0 and width > 64 else 1
            y = graph.add("Relu", graph.convolution(x, channels, width, 3, stride))
            y = graph.convolution(y, width, width, 3, 1)
            if channels != width:
                x = graph.convolution(x, channels, width, 1, stride)
            x = graph.add("Relu", graph.add("Add", x, y))
            channels = width
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    graph.linear(pooled, 512, 1000, output="logits")
    shape = ["n", 3, 224, 224]
    graph.save(path, [("image", TensorProto.FLOAT, shape)], [("logits", TensorProto.FLOAT, ["n", 1000])])


def bert_tiny(path, length=128, width=128, heads=2):
    """Two layers of 128, two heads, as the smallest published BERT."""
    graph = Graph()
    words = graph.add("Gather", graph.weight((30522, width), 0.02), "input_ids")
    x = graph.normalization(graph.add("Add", words, graph.weight((length, width), 0.02)), width)
    split = graph.constant(numpy.array([0, length, heads, width // heads], numpy.int64))
    joined = graph.constant(numpy.array([0, length, width], numpy.int64))
    root = graph.constant(numpy.float32((width // heads) ** 0.5))

    def head(x, permutation):
        shaped = graph.add("Reshape", graph.linear(x, width, width), split)
        return graph.add("Transpose", shaped, perm=permutation)

    for _ in range(2):
        query, key, value = (head(x, order) for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
        scores = graph.add("Softmax", graph.add("Div", graph.add("MatMul", query, key), root), axis=-1)
        mixed = graph.add("Transpose", graph.add("MatMul", scores, value), perm=[0, 2, 1, 3])
        attended = graph.linear(graph.add("Reshape", mixed, joined), width, width)
        x = graph.normalization(graph.add("Add", x, attended), width)
        inner = graph.linear(x, width, 4 * width)
        gate = graph.add("Erf", graph.add("Div", inner, graph.constant(numpy.float32(2**0.5))))
        gate = graph.add("Add", gate, graph.constant(numpy.float32(1)))
        gelu = graph.add("Mul", graph.add("Mul", inner, gate), graph.constant(numpy.float32(0.5)))
        x = graph.normalization(graph.add("Add", x, graph.linear(gelu, 4 * width, width)), width)
    first = graph.add("Gather", x, graph.constant(numpy.int64(0)), axis=1)
    graph.add("Tanh", graph.linear(first, width, width), output="pooled")
    ids = [("input_ids", TensorProto.INT64, ["n", length])]
    graph.save(path, ids, [("pooled", TensorProto.FLOAT, ["n", width])])


for make in (add_sub, mlp, resnet18, bert_tiny):
    make(Path(sys.argv[1]) / f"{make.__name__}.onnx")

"""Fits y = w x + b by gradient descent to y = 1 + 2 x + noise and writes ../1/model.onnx.

    pip install numpy onnx
    python train.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent.parent

np.random.seed(0)
x = 2 * np.random.rand(100, 1)
y = 1 + 2 * x + np.random.randn(100, 1)

weight = 0.0
bias = 0.0
for epoch in range(1000):
    error = weight * x + bias - y
    weight -= 0.01 * 2 * np.mean(error * x)
    bias -= 0.01 * 2 * np.mean(error)
print(f"w = {weight:.4f}, b = {bias:.4f}, mean squared error {np.mean((weight * x + bias - y) ** 2):.4f}")
print(f"2.5 -> {weight * 2.5 + bias:.4f}")

graph = helper.make_graph(
    [helper.make_node("Gemm", ["input", "weight", "bias"], ["output"])],
    "linear_regression",
    [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1])],
    [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1])],
    [
        numpy_helper.from_array(np.array([[weight]], np.float32), "weight"),
        numpy_helper.from_array(np.array([bias], np.float32), "bias"),
    ],
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="conch-samples", ir_version=8
)
onnx.checker.check_model(model)
onnx.save(model, HERE / "1" / "model.onnx")

"""Writes ../1/model.onnx: OUTPUT0 = INPUT0 + INPUT1, OUTPUT1 = INPUT0 - INPUT1, 16 integers each.

    pip install onnx
    python make.py
"""

from pathlib import Path

import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).parent.parent

vector = lambda name: helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", 16])
graph = helper.make_graph(
    [
        helper.make_node("Add", ["INPUT0", "INPUT1"], ["OUTPUT0"]),
        helper.make_node("Sub", ["INPUT0", "INPUT1"], ["OUTPUT1"]),
    ],
    "add_sub",
    [vector("INPUT0"), vector("INPUT1")],
    [vector("OUTPUT0"), vector("OUTPUT1")],
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="conch-samples", ir_version=8
)
onnx.checker.check_model(model)
onnx.save(model, HERE / "1" / "model.onnx")

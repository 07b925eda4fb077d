"""Writes ../1/model.onnx: the distances of n points to m points of the plane, both counts free.

    pip install onnx
    python make.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent.parent

graph = helper.make_graph(
    [
        helper.make_node("Unsqueeze", ["from", "from_axis"], ["rows"]),
        helper.make_node("Unsqueeze", ["to", "to_axis"], ["columns"]),
        helper.make_node("Sub", ["rows", "columns"], ["differences"]),
        helper.make_node("ReduceL2", ["differences"], ["distances"], axes=[3], keepdims=0),
    ],
    "pairwise_distance",
    [
        helper.make_tensor_value_info("from", TensorProto.FLOAT, ["batch", "from_count", 2]),
        helper.make_tensor_value_info("to", TensorProto.FLOAT, ["batch", "to_count", 2]),
    ],
    [helper.make_tensor_value_info("distances", TensorProto.FLOAT, ["batch", "from_count", "to_count"])],
    [
        numpy_helper.from_array(np.array([2], np.int64), "from_axis"),
        numpy_helper.from_array(np.array([1], np.int64), "to_axis"),
    ],
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="conch-samples", ir_version=8
)
onnx.checker.check_model(model)
onnx.save(model, HERE / "1" / "model.onnx")

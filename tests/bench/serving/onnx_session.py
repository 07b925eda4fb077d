"""ONNX Runtime for every Python server of the benchmark, with the session options of our engine."""

import numpy
import onnxruntime

DTYPES = {"tensor(float)": "float32", "tensor(int32)": "int32", "tensor(int64)": "int64"}


def open_session(path):
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def input_types(session):
    """Name, dtype and dims (without the batch) of every input."""
    return [(each.name, numpy.dtype(DTYPES[each.type]), tuple(each.shape[1:])) for each in session.get_inputs()]

"""ONNX Runtime in a Python model of Triton: the requests of a batch run together, as the dynamic batcher means it."""

from pathlib import Path

import numpy
import triton_python_backend_utils as backend
from onnx_session import open_session


class TritonPythonModel:
    def initialize(self, args):
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self.session = open_session(str(path))
        self.inputs = [each.name for each in self.session.get_inputs()]
        self.outputs = [each.name for each in self.session.get_outputs()]

    def execute(self, requests):
        parts = {
            name: [backend.get_input_tensor_by_name(request, name).as_numpy() for request in requests]
            for name in self.inputs
        }
        feeds = {name: each[0] if len(each) == 1 else numpy.concatenate(each) for name, each in parts.items()}
        results = self.session.run(self.outputs, feeds)
        responses, begin = [], 0
        for part in parts[self.inputs[0]]:
            end = begin + len(part)
            tensors = [backend.Tensor(name, array[begin:end]) for name, array in zip(self.outputs, results)]
            responses.append(backend.InferenceResponse(tensors))
            begin = end
        return responses

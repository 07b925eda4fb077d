"""Adds and subtracts, as the recorded model simple does."""

import triton_python_backend_utils as backend


class TritonPythonModel:
    def execute(self, requests):
        return [answer(request) for request in requests]


def answer(request):
    left, right = (backend.get_input_tensor_by_name(request, name).as_numpy() for name in ("INPUT0", "INPUT1"))
    return backend.InferenceResponse([backend.Tensor("OUTPUT0", left + right), backend.Tensor("OUTPUT1", left - right)])

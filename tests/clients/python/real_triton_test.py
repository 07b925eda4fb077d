"""The same requests to a real tritonserver and to us: the answers are compared byte by byte."""

import http.client
import json
import os
import struct

from run_file import needs

TENSOR = struct.pack("<16i", *range(16))


def ask(address, model, method, path, body=b"", headers=None):
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.request(method, path.replace("MODEL", model), body=body if method == "POST" else None, headers=headers or {})
    answer = connection.getresponse()
    # What differs on purpose: the two models have different names, one is ONNX and one is Python.
    return answer.status, answer.getheader("Content-Type"), answer.read().replace(model.encode(), b"MODEL")


def check_same(method, path, body=b"", headers=None):
    ours = ask(os.environ["CONCH_HTTP"], "simple", method, path, body, headers)
    real = ask(needs("REAL_HTTP"), "add_sub", method, path, body, headers)
    assert ours == real, f"ours {ours}, real {real}"


def tensors(**more):
    return [{"name": name, "shape": [1, 16], "datatype": "INT32", **more} for name in ("INPUT0", "INPUT1")]


def infer(request, tail=b""):
    header = json.dumps(request).encode()
    headers = {"Inference-Header-Content-Length": str(len(header))} if tail else {}
    check_same("POST", "/v2/models/MODEL/infer", header + tail, headers)


def test_health_and_metadata():
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/MODEL/ready"):
        check_same("GET", path)


def test_json_tensors():
    infer({"id": "7", "inputs": tensors(data=list(range(16)))})


def test_nested_data_and_requested_outputs():
    infer({"inputs": tensors(data=[list(range(16))]), "outputs": [{"name": "OUTPUT1"}]})


def test_binary_tensors_both_ways():
    infer({"inputs": tensors(parameters={"binary_data_size": 64}), "parameters": {"binary_data_output": True}}, TENSOR + TENSOR)


def test_classification():
    infer({"inputs": tensors(data=list(range(16))), "outputs": [{"name": "OUTPUT0", "parameters": {"classification": 3}}]})


def test_requests_that_do_not_fit():
    infer({"inputs": tensors(data=list(range(16)))[:1]})
    wrong = [{"name": "INPUT0", "shape": [1, 15], "datatype": "INT32", "data": list(range(15))}, tensors(data=list(range(16)))[1]]
    infer({"inputs": wrong})
    infer({"inputs": [{**each, "datatype": "FP32"} for each in tensors(data=list(range(16)))]})
    infer({"inputs": tensors(data=list(range(16))), "outputs": [{"name": "NOTHING"}]})
    infer({"inputs": [{**each, "shape": [9, 16], "data": [0] * 144} for each in tensors()]})


def test_paths_that_are_not_there():
    for path in ("/nothing", "/v2/models/MODEL/versions/9", "/v2/models/MODEL/versions/9/stats"):
        check_same("GET", path)

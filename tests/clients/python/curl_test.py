"""curl, as in documentation and questions on the net."""

import json
import os
import shutil
import struct
import subprocess

from run_file import Skip

URL = f"http://{os.environ['CONCH_HTTP']}"


def curl(*arguments, body=None):
    if shutil.which("curl") is None:
        raise Skip("curl is not installed")
    done = subprocess.run(["curl", "--silent", "--show-error", *arguments], input=body, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def json_inputs():
    return [{"name": name, "shape": [1, 16], "datatype": "INT32", "data": list(range(16))} for name in ("INPUT0", "INPUT1")]


def test_health_answers_200():
    assert curl("-o", "/dev/null", "-w", "%{http_code}", f"{URL}/v2/health/ready") == b"200"


def test_json_inference():
    body = json.dumps({"inputs": json_inputs()}).encode()
    answer = json.loads(curl("-X", "POST", f"{URL}/v2/models/simple/infer", "-H", "Content-Type: application/json", "-d", "@-", body=body))
    assert answer["outputs"][0]["data"] == [2 * value for value in range(16)], answer


def test_binary_inference():
    inputs = [{"name": name, "shape": [1, 16], "datatype": "INT32", "parameters": {"binary_data_size": 64}} for name in ("INPUT0", "INPUT1")]
    header = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    tensor = struct.pack("<16i", *range(16))
    length = f"Inference-Header-Content-Length: {len(header)}"
    answer = curl("-X", "POST", f"{URL}/v2/models/simple/infer", "-H", length, "-H", "Expect: 100-continue", "--data-binary", "@-", body=header + tensor + tensor)
    assert answer.endswith(struct.pack("<16i", *([0] * 16))), answer
    assert struct.pack("<16i", *(2 * value for value in range(16))) in answer


def test_metrics_are_scraped():
    assert b"nv_inference_request_success{" in curl(f"http://{os.environ['CONCH_METRICS']}/metrics")


def test_generate_names_the_model():
    metadata = json.loads(curl(f"{URL}/v2/models/gen_text"))
    body = json.dumps({each["name"]: "hello" for each in metadata["inputs"]}).encode()
    answer = json.loads(curl("-X", "POST", f"{URL}/v2/models/gen_text/generate", "-d", "@-", body=body))
    if "later release" in answer.get("error", ""):
        raise Skip(answer["error"])
    assert answer.get("model_name") == "gen_text", answer

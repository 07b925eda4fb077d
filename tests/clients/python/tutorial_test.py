"""The calls of the tutorial's notebook, on its linear regression."""

import json
import os

import numpy as np
import requests
import tritonclient.http as http

MODEL = "linear_regression_model"
URL = os.environ["CONCH_HTTP"]
VALUE = np.array([[2.5]], dtype=np.float32)


def names():
    metadata = http.InferenceServerClient(URL).get_model_metadata(MODEL)
    return metadata["inputs"][0]["name"], metadata["outputs"][0]["name"]


def test_the_rest_call_answers_with_a_nested_list_and_no_content_type():
    body = {"inputs": [{"name": names()[0], "datatype": "FP32", "shape": VALUE.shape, "data": VALUE.tolist()}]}
    answer = requests.post(f"http://{URL}/v2/models/{MODEL}/versions/1/infer", data=json.dumps(body), timeout=10).json()
    assert answer["model_name"] == MODEL and len(answer["outputs"][0]["data"]) == 1, answer


def test_a_hundred_calls_of_the_client_give_what_rest_gives():
    name, output = names()
    client = http.InferenceServerClient(url=URL)
    body = {"inputs": [{"name": name, "datatype": "FP32", "shape": VALUE.shape, "data": VALUE.tolist()}]}
    expected = requests.post(f"http://{URL}/v2/models/{MODEL}/infer", data=json.dumps(body), timeout=10).json()["outputs"][0]["data"]
    for _ in range(100):
        given = http.InferInput(name, VALUE.shape, datatype="FP32")
        given.set_data_from_numpy(VALUE)
        answer = client.infer(model_name=MODEL, inputs=[given], outputs=[http.InferRequestedOutput(output)]).as_numpy(output)
        assert np.allclose(answer.ravel(), expected), answer

"""tritonclient.http, as its users call it."""

import os

import tritonclient.http as http
import tritonclient_calls as calls
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(os.environ["CONCH_HTTP"], concurrency=4)


def test_server_and_models_say_that_they_are_live_and_ready():
    calls.check_health(client)


def test_server_metadata_lists_the_extensions():
    metadata = client.get_server_metadata()
    assert metadata["name"] == "triton" and "binary_tensor_data" in metadata["extensions"], metadata


def test_model_metadata_has_the_shape_with_the_batch_dimension():
    assert client.get_model_metadata("simple")["inputs"][0]["shape"] == [-1, 16]


def test_model_config_is_complete():
    config = client.get_model_config("simple")
    assert config["max_batch_size"] == 8 and config["backend"] == "onnxruntime", config


def test_binary_tensors_go_both_ways():
    calls.check_simple(client.infer("simple", calls.simple_inputs(http)))


def test_json_tensors_go_both_ways():
    inputs = [http.InferInput(name, [1, 16], "INT32") for name in ("INPUT0", "INPUT1")]
    for each, array in zip(inputs, calls.SIMPLE):
        each.set_data_from_numpy(array, binary_data=False)
    outputs = [http.InferRequestedOutput(name, binary_data=False) for name in ("OUTPUT0", "OUTPUT1")]
    calls.check_simple(client.infer("simple", inputs, outputs=outputs))


def test_every_datatype_comes_back_unchanged():
    calls.check_every_datatype(http, client)


def test_classification_names_the_largest():
    calls.check_classification(http, client)


def test_gzip_and_deflate_in_both_directions():
    for algorithm in ("gzip", "deflate"):
        options = {"request_compression_algorithm": algorithm, "response_compression_algorithm": algorithm}
        calls.check_simple(client.infer("simple", calls.simple_inputs(http), **options))


def test_asynchronous_requests_are_all_answered():
    pending = [client.async_infer("simple", calls.simple_inputs(http), request_id=str(number)) for number in range(20)]
    for number, each in enumerate(pending):
        result = each.get_result()
        calls.check_simple(result)
        assert result.get_response()["id"] == str(number)


def test_a_wrong_shape_is_refused_in_tritons_words():
    calls.check_wrong_shape(http, client)


def test_models_are_unloaded_and_loaded():
    calls.check_model_control(client)


def test_the_repository_index_names_every_model():
    assert {"simple", "linear_regression_model"} <= {entry["name"] for entry in client.get_model_repository_index()}


def test_statistics_count_the_requests():
    def count():
        return client.get_inference_statistics("simple")["model_stats"][0]["inference_stats"]["success"]["count"]

    before = count()
    client.infer("simple", calls.simple_inputs(http))
    assert count() == before + 1


def test_a_sequence_keeps_its_state():
    calls.check_sequence(http, client)


def test_tensors_in_system_shared_memory():
    calls.check_system_shared_memory(http, client)


def test_a_client_that_waits_too_short_gets_its_own_timeout():
    import numpy as np

    hasty = http.InferenceServerClient(os.environ["CONCH_HTTP"], network_timeout=0.3, connection_timeout=0.3)
    try:
        hasty.infer("slow", [calls.tensor(http, "INPUT0", np.zeros((1, 4), dtype=np.float32))])
    except (InferenceServerException, TimeoutError, OSError):
        pass
    else:
        raise AssertionError("an answer of 1.5 s came within 0.3 s")
    assert client.is_server_live()


def test_trace_and_log_settings_are_read_and_written():
    assert client.get_trace_settings()["trace_level"] == ["OFF"]
    assert client.update_log_settings({"log_verbose_level": 1})["log_verbose_level"] == 1
    client.update_log_settings({"log_verbose_level": 0})

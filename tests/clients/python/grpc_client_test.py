"""tritonclient.grpc, as its users call it."""

import queue

import tritonclient.grpc as grpc
import tritonclient_calls as calls
from run_file import needs
from tritonclient.utils import InferenceServerException

NO_PORT = "this server opened no gRPC port"


def client():
    return grpc.InferenceServerClient(needs("CONCH_GRPC", NO_PORT))


def test_server_and_models_say_that_they_are_live_and_ready():
    calls.check_health(client())


def test_metadata_and_config():
    open_client = client()
    assert list(open_client.get_model_metadata("simple").inputs[0].shape) == [-1, 16]
    assert open_client.get_model_config("simple").config.max_batch_size == 8
    assert "binary_tensor_data" in open_client.get_server_metadata().extensions


def test_every_datatype_comes_back_unchanged():
    calls.check_every_datatype(grpc, client())


def test_raw_tensors_and_classification():
    open_client = client()
    calls.check_simple(open_client.infer("simple", calls.simple_inputs(grpc)))
    calls.check_classification(grpc, open_client)


def test_compression():
    for algorithm in ("gzip", "deflate"):
        calls.check_simple(client().infer("simple", calls.simple_inputs(grpc), compression_algorithm=algorithm))


def test_asynchronous_requests_are_all_answered():
    answers = queue.Queue()
    open_client = client()
    for _ in range(20):
        open_client.async_infer("simple", calls.simple_inputs(grpc), lambda result, error: answers.put((result, error)))
    for _ in range(20):
        result, error = answers.get(timeout=20)
        assert error is None, error
        calls.check_simple(result)


def test_a_stream_answers_in_order():
    answers = queue.Queue()
    open_client = client()
    open_client.start_stream(lambda result, error: answers.put((result, error)))
    for number in range(20):
        open_client.async_stream_infer("simple", calls.simple_inputs(grpc), request_id=str(number))
    ids = []
    for _ in range(20):
        result, error = answers.get(timeout=20)
        assert error is None, error
        calls.check_simple(result)
        ids.append(result.get_response().id)
    open_client.stop_stream()
    assert sorted(ids, key=int) == [str(number) for number in range(20)], ids


def test_a_wrong_shape_is_refused_in_tritons_words():
    calls.check_wrong_shape(grpc, client())


def test_models_are_unloaded_and_loaded():
    calls.check_model_control(client())


def test_statistics_count_the_requests():
    open_client = client()

    def count():
        return open_client.get_inference_statistics("simple").model_stats[0].inference_stats.success.count

    before = count()
    open_client.infer("simple", calls.simple_inputs(grpc))
    assert count() == before + 1


def test_a_sequence_keeps_its_state():
    calls.check_sequence(grpc, client())


def test_tensors_in_system_shared_memory():
    calls.check_system_shared_memory(grpc, client())


def test_a_deadline_ends_the_call():
    import numpy as np

    try:
        client().infer("slow", [calls.tensor(grpc, "INPUT0", np.zeros((1, 4), dtype=np.float32))], client_timeout=0.3)
    except InferenceServerException as failure:
        assert "Deadline Exceeded" in str(failure), failure
    else:
        raise AssertionError("an answer of 1.5 s came within 0.3 s")
    assert client().is_server_live()

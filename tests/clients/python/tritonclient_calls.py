"""What tritonclient offers over HTTP and gRPC alike; both test files call it with their own module."""

import numpy as np
from arrays import BY_MODEL, SIMPLE, texts
from tritonclient.utils import InferenceServerException, np_to_triton_dtype


def tensor(module, name, array):
    result = module.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    result.set_data_from_numpy(array)
    return result


def simple_inputs(module):
    return [tensor(module, "INPUT0", SIMPLE[0]), tensor(module, "INPUT1", SIMPLE[1])]


def check_simple(result):
    assert (result.as_numpy("OUTPUT0") == SIMPLE[0] + SIMPLE[1]).all()
    assert (result.as_numpy("OUTPUT1") == SIMPLE[0] - SIMPLE[1]).all()


def check_health(client):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("simple")
    assert not client.is_model_ready("nothing")


def check_every_datatype(module, client):
    for model, array in BY_MODEL.items():
        answer = client.infer(model, [tensor(module, "INPUT0", array)]).as_numpy("OUTPUT0")
        assert texts(answer) == texts(array), f"{model}: {answer}"


def check_classification(module, client):
    array = np.array([[0.1, 0.7, 0.2, 0.05]], dtype=np.float32)
    shape = client_shape(client, "cls_fp32")
    values = np.resize(array, shape)
    outputs = [module.InferRequestedOutput("OUTPUT0", class_count=2)]
    answer = client.infer("cls_fp32", [tensor(module, "INPUT0", values)], outputs=outputs).as_numpy("OUTPUT0")
    best = texts(answer)[0].split(":")
    assert abs(float(best[0]) - float(values.max())) < 1e-6 and int(best[1]) == int(values.ravel().argmax()), best


def client_shape(client, model):
    metadata = client.get_model_metadata(model)
    shape = metadata["inputs"][0]["shape"] if isinstance(metadata, dict) else metadata.inputs[0].shape
    return [1 if int(size) < 0 else int(size) for size in shape]


def check_model_control(client):
    client.unload_model("id_int8")
    for _ in range(100):
        if not client.is_model_ready("id_int8"):
            break
    client.load_model("id_int8")
    assert client.is_model_ready("id_int8")
    try:
        client.load_model("nothing")
    except InferenceServerException as failure:
        assert "failed to load 'nothing', failed to poll from model repository" in failure.message(), failure
    else:
        raise AssertionError("a model that is not there was loaded")


def check_wrong_shape(module, client):
    wrong = tensor(module, "INPUT0", np.zeros((1, 15), dtype=np.int32))
    try:
        client.infer("simple", [wrong, tensor(module, "INPUT1", SIMPLE[1])])
    except InferenceServerException as failure:
        assert "unexpected shape for input 'INPUT0' for model 'simple'" in failure.message(), failure
    else:
        raise AssertionError("a wrong shape was taken")


def check_sequence(module, client):
    totals = []
    for step, value in enumerate((11, 7, 5)):
        array = np.full((1, 1), value, dtype=np.int32)
        answer = client.infer("simple_sequence", [tensor(module, "INPUT", array)], sequence_id=42, sequence_start=step == 0, sequence_end=step == 2)
        totals.append(int(answer.as_numpy("OUTPUT").ravel()[0]))
    assert len(totals) == 3 and totals[0] != totals[2], totals


def check_system_shared_memory(module, client):
    import tritonclient.utils.shared_memory as shm

    client.unregister_system_shared_memory()
    given = shm.create_shared_memory_region("given", "/conch_clients_given", 128)
    taken = shm.create_shared_memory_region("taken", "/conch_clients_taken", 64)
    try:
        shm.set_shared_memory_region(given, [SIMPLE[0], SIMPLE[1]])
        client.register_system_shared_memory("given", "/conch_clients_given", 128)
        client.register_system_shared_memory("taken", "/conch_clients_taken", 64)
        inputs = [module.InferInput(name, [1, 16], "INT32") for name in ("INPUT0", "INPUT1")]
        for index, each in enumerate(inputs):
            each.set_shared_memory("given", 64, offset=64 * index)
        output = module.InferRequestedOutput("OUTPUT0")
        output.set_shared_memory("taken", 64)
        client.infer("simple", inputs, outputs=[output])
        answer = shm.get_contents_as_numpy(taken, np.int32, [1, 16])
        assert (answer == SIMPLE[0] + SIMPLE[1]).all(), answer
        client.unregister_system_shared_memory()
    finally:
        shm.destroy_shared_memory_region(given)
        shm.destroy_shared_memory_region(taken)

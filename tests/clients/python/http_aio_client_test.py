"""tritonclient.http.aio: the same over asyncio."""

import asyncio
import os

import tritonclient.http as http
import tritonclient.http.aio as aio
import tritonclient_calls as calls
from arrays import BY_MODEL, texts


def client():
    return aio.InferenceServerClient(os.environ["CONCH_HTTP"])


async def test_health_metadata_and_config():
    async with client() as open_client:
        assert await open_client.is_server_ready()
        assert (await open_client.get_model_metadata("simple"))["name"] == "simple"
        assert (await open_client.get_model_config("simple"))["max_batch_size"] == 8


async def test_many_requests_at_once():
    async with client() as open_client:
        results = await asyncio.gather(*(open_client.infer("simple", calls.simple_inputs(http)) for _ in range(32)))
        for result in results:
            calls.check_simple(result)


async def test_every_datatype_comes_back_unchanged():
    async with client() as open_client:
        for model, array in BY_MODEL.items():
            result = await open_client.infer(model, [calls.tensor(http, "INPUT0", array)])
            assert texts(result.as_numpy("OUTPUT0")) == texts(array), model


async def test_compression_and_statistics():
    async with client() as open_client:
        options = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
        calls.check_simple(await open_client.infer("simple", calls.simple_inputs(http), **options))
        statistics = await open_client.get_inference_statistics("simple")
        assert statistics["model_stats"][0]["inference_count"] > 0

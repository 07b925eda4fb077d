"""tritonclient.grpc.aio: the same over asyncio."""

import asyncio

import tritonclient.grpc as grpc
import tritonclient.grpc.aio as aio
import tritonclient_calls as calls
from run_file import needs


def client():
    return aio.InferenceServerClient(needs("CONCH_GRPC", "this server opened no gRPC port"))


async def test_many_requests_at_once():
    async with client() as open_client:
        results = await asyncio.gather(*(open_client.infer("simple", calls.simple_inputs(grpc)) for _ in range(32)))
        for result in results:
            calls.check_simple(result)


async def test_a_stream_answers_every_request():
    async def requests():
        for number in range(10):
            yield {"model_name": "simple", "inputs": calls.simple_inputs(grpc), "request_id": str(number)}

    async with client() as open_client:
        count = 0
        async for result, error in open_client.stream_infer(requests()):
            assert error is None, error
            calls.check_simple(result)
            count += 1
            if count == 10:
                break
        assert count == 10

"""ONNX models behind FastAPI, as one would write it: fastapi_server.py <port> <name>=<onnx file>…; bodies are raw bytes."""

import sys

import numpy
import uvicorn
from fastapi import FastAPI, Request, Response
from onnx_session import input_types, open_session

app = FastAPI()
sessions = {}


@app.get("/ready")
def ready():
    return {}


@app.post("/{name}")
async def infer(name: str, request: Request):
    session, inputs = sessions[name]
    body, offset, feeds = await request.body(), 0, {}
    for key, dtype, dims in inputs:
        count = int(numpy.prod(dims))
        feeds[key] = numpy.frombuffer(body, dtype, count, offset).reshape((1, *dims))
        offset += count * dtype.itemsize
    outputs = session.run(None, feeds)
    return Response(b"".join(output.tobytes() for output in outputs), media_type="application/octet-stream")


for argument in sys.argv[2:]:
    name, path = argument.split("=", 1)
    sessions[name] = (session := open_session(path), input_types(session))
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)

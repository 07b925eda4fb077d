"""model-analyzer in remote mode: it loads, asks, unloads, and runs perf_analyzer."""

import os
import subprocess
from pathlib import Path

from run_file import needs


def test_it_profiles_a_model_of_a_remote_server():
    program = needs("MODEL_ANALYZER")
    grpc = needs("CONCH_GRPC", "this server opened no gRPC port")
    analyzer = needs("PERF_ANALYZER")
    scratch = Path(os.environ["SCRATCH"])
    flags = {
        "triton-launch-mode": "remote",
        "triton-http-endpoint": os.environ["CONCH_HTTP"],
        "triton-grpc-endpoint": grpc,
        "triton-metrics-url": f"http://{os.environ['CONCH_METRICS']}/metrics",
        "model-repository": os.environ["CONCH_REPOSITORY"],
        "output-model-repository-path": str(scratch / "analyzer-models"),
        "profile-models": "simple",
        "run-config-search-disable": None,
        "checkpoint-directory": str(scratch / "checkpoints"),
        "export-path": str(scratch / "export"),
        "perf-analyzer-path": analyzer,
        "override-output-model-repository": None,
        "gpus": "[]",
    }
    arguments = [f"--{name}" if value is None else f"--{name}={value}" for name, value in flags.items()]
    libraries = os.environ["PERF_ANALYZER_LIBRARIES"]
    done = subprocess.run([program, "profile", *arguments], env={**os.environ, "LD_LIBRARY_PATH": libraries}, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, (done.stdout + done.stderr)[-1500:]

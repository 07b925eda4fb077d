"""perf_analyzer: its own rule of stability is met, and the server counts what it counts."""

import os
import re
import subprocess

from run_file import needs

HTTP, METRICS = os.environ["CONCH_HTTP"], os.environ["CONCH_METRICS"]


def analyze(*arguments, model="simple", batch=1):
    program = needs("PERF_ANALYZER")
    window = ["-b", str(batch), "--measurement-interval", "1000", "--stability-percentage", "60", "--max-trials", "10"]
    done = subprocess.run(
        [program, "-m", model, *window, *arguments],
        env={**os.environ, "LD_LIBRARY_PATH": os.environ["PERF_ANALYZER_LIBRARIES"]},
        capture_output=True,
        text=True,
        timeout=120,
    )
    report = done.stdout
    assert done.returncode == 0, (report + done.stderr)[-600:]
    assert "Failed to obtain stable measurement" not in report + done.stderr, report[-600:]
    client = [int(count) for count in re.findall(r"Client:\s+Request count: (\d+)", report)]
    server = [int(count) for count in re.findall(r"Server:\s+Inference count: (\d+)", report)]
    assert client and client[0] > 0, report
    for requests, served in zip(client, server):
        asked = requests * batch
        assert abs(served - asked) <= max(8, 0.02 * asked), f"client {asked}, server {served}"
    throughput = re.search(r"Throughput: ([\d.]+)", report)
    latency = re.search(r"p50 latency: (\d+)", report) or re.search(r"Avg latency: (\d+)", report)
    print(f"{' '.join(arguments)}: {throughput and throughput[1]} infer/s, {latency and latency[1]} us, client {client}, server {server}")


def test_http_with_synchronous_requests_at_two_concurrencies():
    analyze("-i", "http", "-u", HTTP, "--concurrency-range", "1:4:3", "--sync")


def test_http_with_asynchronous_requests():
    analyze("-i", "http", "-u", HTTP, "--concurrency-range", "4", "--async")


def test_http_at_a_request_rate():
    analyze("-i", "http", "-u", HTTP, "--request-rate-range", "100")


def test_http_with_batches_and_json_tensors():
    analyze("-i", "http", "-u", HTTP, "--input-tensor-format", "json", "--output-tensor-format", "json", batch=4)


def test_http_with_metrics():
    analyze("-i", "http", "-u", HTTP, "--collect-metrics", "--metrics-url", f"{METRICS}/metrics")


def grpc():
    return needs("CONCH_GRPC", "this server opened no gRPC port")


def test_grpc_with_synchronous_requests():
    analyze("-i", "grpc", "-u", grpc(), "--concurrency-range", "1:4:3", "--sync")


def test_grpc_streaming():
    analyze("-i", "grpc", "-u", grpc(), "--streaming", "--async", "--concurrency-range", "4")

#!/usr/bin/env python3
"""The numbers of docs/benchmarks.md: size, start, a warm read and memory of release binaries, as `make package` made them.

A binary is started as Lambda starts it, against a Runtime API of this program's own; what it calls is the local cloud. CPU
time is read from the kernel's scheduler statistics, in nanoseconds.
"""

import sys

sys.dont_write_bytecode = True

import base64
import http.server
import importlib.util
import json
import os
import platform
import queue
import statistics
import subprocess
import threading
import time
import uuid
from pathlib import Path

import aws
import deploy
import functions
import places
from demo.client import start_transcript
from demo.steps import Steps
from package import LARGEST_ZIP_BYTES, RELEASE_PACKAGE, RELEASE_TARGET
from progress import Failure, main

TABLE = places.ROOT / "docs" / "benchmarks.md"
ROUTE = "get-workspace"
STARTS = 30
WARM_UP = 40
# Every fourth request or so renews the address's lease of the rate limit; 120 stay below its 200 a minute.
READS = 120
JOB_SECONDS = 20


class Runtime:
    """A Runtime API for one process: hands out events, takes answers, and notes when `/next` is asked for."""

    def __init__(self) -> None:
        self.asked: queue.Queue[float] = queue.Queue()
        self.events: queue.Queue[dict] = queue.Queue()
        self.answers: queue.Queue[bytes] = queue.Queue()
        runtime = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                runtime.asked.put(time.monotonic())
                body = json.dumps(runtime.events.get()).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid.uuid4()))
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + JOB_SECONDS) * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", f"arn:aws:lambda:{places.REGION}:000000000000:function:bench")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                runtime.answers.put(self.rfile.read(int(self.headers["Content-Length"] or 0)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def start(self, binary: Path, settings: dict[str, str]) -> subprocess.Popen:
        address = f"127.0.0.1:{self.server.server_port}"
        environment = settings | {"AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "bench", "PATH": os.environ["PATH"]}
        environment |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "1"}
        return subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cpu_ms(process: subprocess.Popen) -> float:
    threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6


def start_cpu_ms(binary: Path, settings: dict[str, str]) -> list[float]:
    """CPU from exec to the first request for an event."""
    taken = []
    for _ in range(STARTS):
        runtime = Runtime()
        process = runtime.start(binary, settings)
        runtime.asked.get(timeout=JOB_SECONDS)
        taken.append(cpu_ms(process))
        process.kill()
        process.wait()
        runtime.server.shutdown()
    return taken


def warm_reads(binary: Path, settings: dict[str, str], event: dict) -> tuple[list[float], float]:
    """CPU of each warm request, from one `/next` to the next, and the memory after them."""
    runtime = Runtime()
    process = runtime.start(binary, settings)
    runtime.asked.get(timeout=JOB_SECONDS)
    taken = []
    for number in range(WARM_UP + READS):
        before = cpu_ms(process)
        runtime.events.put(event)
        answer = json.loads(runtime.answers.get(timeout=JOB_SECONDS))
        runtime.asked.get(timeout=JOB_SECONDS)
        if answer.get("statusCode") != 200:
            raise Failure(f"reading through {ROUTE}", "status 200", json.dumps(answer)[:500])
        if number >= WARM_UP:
            taken.append(cpu_ms(process) - before)
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident_mb = int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6
    process.kill()
    process.wait()
    return taken, resident_mb


def event(workspace_id: str, token: str) -> dict:
    path = f"/workspaces/{workspace_id}"
    key = "GET /workspaces/{workspace_id}"
    client = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": f"127.9.{os.getpid() % 250}.9", "userAgent": "bench"}
    context = {"accountId": "000000000000", "apiId": "bench", "domainName": "bench", "domainPrefix": "bench", "http": client}
    context |= {"requestId": "bench", "routeKey": key, "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0}
    document = {"version": "2.0", "routeKey": key, "rawPath": path, "rawQueryString": "", "headers": {"authorization": f"Bearer {token}"}}
    return document | {"requestContext": context, "pathParameters": {"workspace_id": workspace_id}, "isBase64Encoded": False}


def function_settings() -> dict[str, str]:
    """The environment that the deployed function has, for the same binary started here."""
    physical = functions.physical_name(ROUTE)
    configuration = aws.json_call("lambda", "GET", f"/2015-03-31/functions/{physical}/configuration")
    return configuration["Environment"]["Variables"] | places.client_environment() | {"BASE_URL": deploy.base_url()}


def demo_program():
    """`demo.py`, whose name the package `demo` beside it also has."""
    spec = importlib.util.spec_from_file_location("demo_program", places.HERE / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table() -> list[tuple[str, str, str]]:
    start_transcript()
    person = demo_program().sign_up(Steps(quiet=True), "Bench")
    settings = function_settings()
    binary = RELEASE_TARGET / ROUTE
    starts = start_cpu_ms(binary, settings)
    reads, resident_mb = warm_reads(binary, settings, event(person.workspace_id, person.access_token))
    sizes = {path.stem: path.stat().st_size / 1e6 for path in RELEASE_PACKAGE.glob("*.zip")}
    largest = max(sizes, key=sizes.__getitem__)
    return [
        (f"exec to first `/next`, `{ROUTE}`, CPU, p50 of {STARTS}", f"{statistics.median(starts):.1f} ms", "≤ 4 ms"),
        (f"warm authenticated read, `{ROUTE}`, CPU, p50 of {READS}", f"{statistics.median(reads):.2f} ms", "≤ 0.6 ms"),
        (f"resident memory of a warm `{ROUTE}`", f"{resident_mb:.1f} MB", "≤ 24 MB"),
        (f"zip of `{ROUTE}`", f"{sizes[ROUTE]:.2f} MB", "≤ 5.5 MB"),
        (f"largest zip (`{largest}`, of {len(sizes)})", f"{sizes[largest]:.2f} MB", f"≤ {LARGEST_ZIP_BYTES / 1e6} MB, the gate"),
    ]


def run(_: list[str]) -> None:
    rows = table()
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    machine = f"{os.cpu_count()} cores, {model or platform.machine()}, {platform.system()}; {time.strftime('%Y-%m-%d', time.gmtime())}"
    lines = ["| what | measured | limit |", "|---|---|---|", *(f"| {what} | {value} | {limit} |" for what, value, limit in rows)]
    print("\n".join([f"Measured by `make bench` on {machine}.", "", *lines]))
    text = TABLE.read_text() if TABLE.exists() else "# Benchmarks\n\n<!-- measured -->\n<!-- /measured -->\n"
    head, _, rest = text.partition("<!-- measured -->")
    tail = rest.partition("<!-- /measured -->")[2]
    TABLE.write_text("\n".join([f"{head}<!-- measured -->", f"Measured by `make bench` on {machine}.", "", *lines, f"<!-- /measured -->{tail}"]))


if __name__ == "__main__":
    main(run)

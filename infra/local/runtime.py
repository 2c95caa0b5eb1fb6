"""A Runtime API for one function, started as Lambda starts it: measures its invocations and counts its calls."""

import http.client
import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Self

import places
from progress import Failure

INVOCATION_SECONDS = 20


class Invoked:
    """A function's process with its own Runtime API: it gets events, answers them and requests the next. Use it in a `with`."""

    def __init__(self, binary: Path, settings: dict[str, str]) -> None:
        self._asked: queue.Queue[None] = queue.Queue()
        self._events: queue.Queue[dict] = queue.Queue()
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._server = _serve(self._handler())
        environment = settings | {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}", "AWS_LAMBDA_FUNCTION_NAME": "bench"}
        environment |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "1", "PATH": os.environ["PATH"]}
        self._process = subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        try:
            self._await(self._asked)
        except Failure:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._server.shutdown()

    def invoke(self, event: dict) -> tuple[dict, float]:
        """Returns the response, and the CPU time in milliseconds from one request for an event to the next."""
        before = self.cpu_ms()
        self._events.put(event)
        answer = json.loads(self._await(self._answers))
        self._await(self._asked)
        return answer, self.cpu_ms() - before

    def cpu_ms(self) -> float:
        """The CPU time of all its threads so far, by the kernel's scheduler statistics in nanoseconds."""
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e6

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6

    def _await(self, what: queue.Queue):
        try:
            return what.get(timeout=INVOCATION_SECONDS)
        except queue.Empty:
            came = f"nothing; the process {'runs' if self._process.poll() is None else 'has ended'}"
            raise Failure("running a function", f"a response within {INVOCATION_SECONDS} s", came) from None

    def _handler(self) -> type:
        asked, events, answers = self._asked, self._events, self._answers

        class Handler(_Quiet):
            def do_GET(self) -> None:
                asked.put(None)
                body = json.dumps(events.get()).encode()
                deadline_ms = str(int((time.time() + INVOCATION_SECONDS) * 1000))
                arn = f"arn:aws:lambda:{places.REGION}:000000000000:function:bench"
                self.answer(200, body, ("Aws-Request-Id", str(uuid.uuid4())), ("Deadline-Ms", deadline_ms), ("Invoked-Function-Arn", arn))

            def do_POST(self) -> None:
                answers.put(self.content())
                self.answer(202, b"")

        return Handler


class Counter:
    """A proxy between a function and the local cloud that counts calls of DynamoDB. Use it in a `with`."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._server = _serve(self._handler())

    @property
    def settings(self) -> dict[str, str]:
        """The settings that route a function's calls through this proxy."""
        return {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()

    def take(self) -> list[str]:
        """Returns the calls since the last time: `DynamoDB_20120810.GetItem`."""
        taken = self._calls[:]
        self._calls.clear()
        return taken

    def _handler(self) -> type:
        calls = self._calls

        class Handler(_Quiet):
            def do_POST(self) -> None:
                target = self.headers.get("X-Amz-Target", "")
                if target.startswith("DynamoDB_"):
                    calls.append(target)
                cloud = http.client.HTTPConnection("127.0.0.1", places.port("cloud"), INVOCATION_SECONDS)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
                cloud.request("POST", self.path, self.content(), headers)
                answer = cloud.getresponse()
                self.answer(answer.status, answer.read(), ("Content-Type", answer.headers.get("Content-Type", "")), prefix="")
                cloud.close()

        return Handler


class _Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def content(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes, *headers: tuple[str, str], prefix: str = "Lambda-Runtime-") -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(prefix + name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _serve(handler: type) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

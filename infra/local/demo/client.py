"""The HTTP client of the demo's users: each has its own address, and every exchange is logged."""

import http.client
import json
import random
import sys
import time
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

import deploy
from places import LOG
from progress import Failure

# One per program: the demo, the peers of the tests and the benchmarks may run concurrently.
TRANSCRIPT = LOG / f"{Path(sys.argv[0]).stem}.log"
TIMEOUT_SECONDS = 60
SHOWN_CHARACTERS = 500


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict:
        try:
            return json.loads(self.body or b"{}")
        except ValueError as error:
            raise Failure("reading a response", "a JSON document", shown(self), TRANSCRIPT) from error


class Client:
    """One user's client of the API.

    The API allows an address five credential attempts in five minutes. On loopback every address from 127.0.0.1 to
    127.255.255.254 is ours, and the local gateway passes the caller's address to the functions.
    """

    def __init__(self) -> None:
        self.address = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        self.access_token = ""
        self.plane = "product"

    def call(self, function: str, method: str, path: str, body: dict | None = None, *, expected: int = 200) -> dict:
        """Calls the route of `function`, and returns the response document."""
        answer = self.ask(method, path, body)
        if answer.status != expected:
            request_id = answer.headers.get("x-request-id", "none")
            where = f"request id {request_id}; `make logs FN={function}` shows the function's own log"
            raise Failure(f"{method} {path}", f"status {expected}", f"{shown(answer)}\n            {where}", TRANSCRIPT)
        return answer.document

    def ask(self, method: str, path: str, body: dict | None = None) -> Answer:
        """The same, but returns the response with any status."""
        headers = {"accept": "application/json", "user-agent": "bulkhead-demo"}
        if self.access_token:
            headers["authorization"] = f"Bearer {self.access_token}"
        content = b""
        if body is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(body).encode()
        return exchange(method, deploy.base_url(self.plane) + path, content, headers, self.address)


def exchange(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, address: str = "127.0.0.1") -> Answer:
    """One request and its response, directly over a socket: the machine's proxy settings do not apply to loopback."""
    parts = urllib.parse.urlsplit(url)
    # The query may have a signature, so it is not logged.
    what = f"{method} {parts.path}"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, TIMEOUT_SECONDS, source_address=(address, 0))
    began = time.monotonic()
    try:
        connection.request(method, parts._replace(scheme="", netloc="").geturl(), body or None, headers or {})
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    except (OSError, http.client.HTTPException) as error:
        _write(f"{what}  from {address}: {error!r}")
        raise Failure(what, f"a response of {parts.netloc}", f"{error!r}; `make status` shows what runs", TRANSCRIPT) from error
    finally:
        connection.close()
    took_ms = (time.monotonic() - began) * 1000
    _write(f"{what}  from {address}: {shown(answer) if answer.status >= 400 else answer.status} in {took_ms:.0f} ms")
    return answer


def shown(answer: Answer) -> str:
    return f"{answer.status} {answer.body.decode(errors='replace')[:SHOWN_CHARACTERS]}".strip()


def start_transcript() -> None:
    LOG.mkdir(parents=True, exist_ok=True)
    TRANSCRIPT.write_text("")


def _write(line: str) -> None:
    with TRANSCRIPT.open("a") as log:
        log.write(f"{time.strftime('%H:%M:%S')} {line}\n")


def require(what: str, expected: object, came: object) -> None:
    if came != expected:
        raise Failure(what, f"{expected}", f"{came}", TRANSCRIPT)

"""Headless Chromium, driven through the DevTools protocol, with its own virtual authenticator.

It uses a pipe, so that it needs no port and no library. This program also serves its page, for any requested
origin: nothing is fetched.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from progress import Failure

PAGE = Path(__file__).with_name("passkey_page.html")
ANSWER_SECONDS = 60
NAMES = ("chromium", "chromium-browser", "google-chrome")


class Refused(Exception):
    """The browser itself refused: the name of its error is in `args`."""


class Chromium:
    """A browser with one tab. Use it in a `with`."""

    def __init__(self) -> None:
        program = next(filter(None, map(shutil.which, NAMES)), None)
        if program is None:
            raise Failure("finding Chromium", "one of " + ", ".join(NAMES), "none: `apt install chromium` has it on Debian")
        self._program = program
        self._next_id = 0
        self._unread = b""
        self._session = ""
        self._authenticator = ""

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        from_us, self._to = os.pipe()
        self._from, to_us = os.pipe()
        # Its sandbox does not work for root, the user of most containers.
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        flags = [
            "--headless=new",
            "--remote-debugging-pipe",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            f"--user-data-dir={self._profile.name}",
            *sandbox,
        ]
        # It reads from descriptor 3 and writes to 4.
        script = f'exec "$0" "$@" 3<&{from_us} 4>&{to_us}'
        self._process = subprocess.Popen(
            ["sh", "-c", script, self._program, *flags],
            pass_fds=(from_us, to_us),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(from_us)
        os.close(to_us)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime"):
            self._call(f"{domain}.enable")
        self._call("Fetch.enable", patterns=[{"urlPattern": "*"}])
        self._call("WebAuthn.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    def add_authenticator(self) -> None:
        """Adds an authenticator like a laptop's, which verifies its user immediately."""
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._authenticator = self._call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]

    def verifies_user(self, verified: bool) -> None:
        """Sets whether user verification succeeds from now on."""
        self._call("WebAuthn.setUserVerified", authenticatorId=self._authenticator, isUserVerified=verified)

    def credentials(self) -> list[dict]:
        return self._call("WebAuthn.getCredentials", authenticatorId=self._authenticator)["credentials"]

    def restore(self, credential: dict) -> None:
        """Restores a credential to an earlier state, like that of a cloned authenticator."""
        name = credential["credentialId"]
        self._call("WebAuthn.removeCredential", authenticatorId=self._authenticator, credentialId=name)
        self._call("WebAuthn.addCredential", authenticatorId=self._authenticator, credential=credential)

    def create(self, origin: str, options: dict) -> dict:
        return self._run(origin, f"createPasskey({json.dumps(options)})")

    def get(self, origin: str, options: dict) -> dict:
        return self._run(origin, f"usePasskey({json.dumps(options)})")

    def _run(self, origin: str, expression: str) -> dict:
        self._call("Page.navigate", url=f"{origin}/")
        while self._evaluate("typeof usePasskey") != "function" or self._evaluate("location.origin") != origin:
            time.sleep(0.05)
        return self._evaluate(expression)

    def _evaluate(self, expression: str) -> dict | str:
        answer = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise Refused(answer["exceptionDetails"]["exception"].get("description", "").split(":")[0])
        return answer["result"].get("value", "")

    def _send(self, method: str, parameters: dict) -> int:
        self._next_id += 1
        message = {"id": self._next_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._next_id

    def _call(self, method: str, **parameters: object) -> dict:
        sent = self._send(method, parameters)
        while True:
            message = self._receive(method)
            if message.get("method") == "Fetch.requestPaused":
                self._fulfil(message["params"])
            elif message.get("id") == sent:
                if "error" in message:
                    raise Failure(f"{method} in Chromium", "a result", json.dumps(message["error"]))
                return message["result"]

    def _fulfil(self, paused: dict) -> None:
        headers = [{"name": "content-type", "value": "text/html; charset=utf-8"}]
        body = base64.b64encode(PAGE.read_bytes()).decode()
        answer = {"requestId": paused["requestId"], "responseCode": 200, "responseHeaders": headers, "body": body}
        self._send("Fetch.fulfillRequest", answer)

    def _receive(self, waiting_for: str) -> dict:
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            more = os.read(self._from, 1 << 16) if ready else b""
            if not more:
                came = "it has ended" if ready else "nothing"
                raise Failure(f"{waiting_for} in Chromium", f"a response within {ANSWER_SECONDS} s", came)
            self._unread += more
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

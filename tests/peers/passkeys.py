#!/usr/bin/env python3
"""Passkeys of the deployed stack, over HTTP, with third-party authenticators: PyPI's soft-webauthn, and Chromium's.

`python3 tests/peers/passkeys.py` runs all stories, `… soft`, `… staff`, `… deletion` or `… chromium` one. The local cloud must be up, with this build deployed.
The pins of `infra/local/requirements-peers.txt` are installed on first use; the second needs a Chromium on the machine.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import deploy
import tools
from chromium import Chromium, Refused
from deletion_certificate import tell_deletion
from demo.client import Client, start_transcript
from demo.steps import Steps
from people import Person, require, require_code
from progress import Failure, main
from staff import tell_staff

MUTATIONS = 40
DOMAIN_DIGEST_BYTES = 32


def run(arguments: list[str]) -> None:
    stories = {"soft": tell_soft, "staff": tell_staff, "deletion": tell_deletion, "chromium": tell_chromium}
    if not set(arguments) <= set(stories):
        raise Failure("reading the command", "any of " + ", ".join(stories), " ".join(arguments))
    python = tools.python_tools("peers") / "python"
    if Path(sys.prefix) != python.parent.parent:
        os.execv(python, [python, __file__, *arguments])
    start_transcript()
    steps = Steps(quiet=True)
    origin = deploy.local_parameters()["AppUrl"]
    for name in arguments or stories:
        stories[name](steps, origin)


def start_sign_in() -> dict:
    return Client().call("start-passkey-sign-in", "POST", "/auth/passkey/options", {})


def sign_in(started: dict, credential: dict, *, expected: int = 200) -> dict:
    # From its own address: an address is limited to five attempts.
    about = {"ceremony": started["ceremony"], "credential": credential}
    return Client().call("sign-in-with-passkey", "POST", "/auth/passkey", about, expected=expected)


def tell_soft(steps: Steps, origin: str) -> None:
    from soft_authenticator import SoftAuthenticator, from_json, to_json

    with steps("soft-webauthn: sign a user up"):
        person, authenticator = Person(), SoftAuthenticator()
    with steps("soft-webauthn: be refused unverified, from another origin, and with garbage"):
        started = person.start()
        authenticator.verifies_user = False
        require_code(person.register(started, authenticator.create(origin, started["options"]), expected=422), "passkey_invalid")
        authenticator.verifies_user = True
        started = person.start()
        elsewhere = authenticator.create("https://evil.example", started["options"])
        require_code(person.register(started, elsewhere, expected=422), "passkey_invalid")
        for _ in range(MUTATIONS):
            started = person.start()
            sound = authenticator.create(origin, started["options"])
            whole = from_json(sound["response"]["attestationObject"])
            mutated = sound | {"response": sound["response"] | {"attestationObject": to_json(mutation(whole))}}
            require_code(person.register(started, mutated, expected=422), "passkey_invalid")
        require_code(person.register(started, sound, expected=422), "ceremony_over")
    with steps("soft-webauthn: add the passkey, once"):
        started = person.start()
        sound = authenticator.create(origin, started["options"])
        person.register(started, sound)
        require_code(person.register(started, sound, expected=422), "ceremony_over")
    with steps("soft-webauthn: sign in with it, once"):
        started = start_sign_in()
        answer = authenticator.get(origin, started["options"])
        require_user(sign_in(started, answer), person)
        require_code(sign_in(started, answer, expected=422), "ceremony_over")
    with steps("soft-webauthn: be refused unverified, from another origin, and as a clone"):
        started = start_sign_in()
        authenticator.verifies_user = False
        require_code(sign_in(started, authenticator.get(origin, started["options"]), expected=401), "passkey_refused")
        authenticator.verifies_user = True
        started = start_sign_in()
        elsewhere = authenticator.get("https://evil.example", started["options"])
        require_code(sign_in(started, elsewhere, expected=401), "passkey_refused")
        started = start_sign_in()
        other = authenticator.get(origin, started["options"])
        other["response"]["userHandle"] = to_json(secrets.token_bytes(16))
        require_code(sign_in(started, other, expected=401), "passkey_refused")
        started = start_sign_in()
        authenticator.device.sign_count = 0
        require_code(sign_in(started, authenticator.get(origin, started["options"]), expected=401), "passkey_refused")
        started = start_sign_in()
        authenticator.device.sign_count = 1000
        require_user(sign_in(started, authenticator.get(origin, started["options"])), person)


def mutation(whole: bytes) -> bytes:
    """Truncates the bytes, or changes a byte in the digest of the domain: other unsigned bytes may differ."""
    if secrets.randbelow(2):
        return whole[: secrets.randbelow(len(whole))]
    name = b"authData"
    # The header of the byte string has two bytes.
    at = whole.index(name) + len(name) + 2 + secrets.randbelow(DOMAIN_DIGEST_BYTES)
    return whole[:at] + bytes([whole[at] ^ (1 + secrets.randbelow(255))]) + whole[at + 1 :]


def tell_chromium(steps: Steps, origin: str) -> None:
    with steps("Chromium: sign a user up"):
        person = Person()
    with Chromium() as browser:
        browser.add_authenticator()
        with steps("Chromium: add a passkey"):
            started = person.start()
            added = person.register(started, browser.create(origin, started["options"]))
            (credential,) = browser.credentials()
            require("a discoverable credential", True, credential["isResidentCredential"])
        with steps("Chromium: create no second one on the same authenticator"):
            expect_refusal("InvalidStateError", lambda: browser.create(origin, person.start()["options"]))
        with steps("Chromium: sign in with it, without naming a user"):
            copied = browser.credentials()[0]
            started = start_sign_in()
            require_user(sign_in(started, browser.get(origin, started["options"])), person)
        with steps("Chromium: be refused from another port, which the browser allows"):
            started = start_sign_in()
            elsewhere = browser.get("http://localhost:3999", started["options"])
            require_code(sign_in(started, elsewhere, expected=401), "passkey_refused")
        with steps("Chromium: be refused without user verification"):
            browser.verifies_user(False)
            expect_refusal("NotAllowedError", lambda: browser.get(origin, started["options"]))
            browser.verifies_user(True)
        with steps("Chromium: step a session up with it"):
            started = start_sign_in()
            about = {"ceremony": started["ceremony"], "credential": browser.get(origin, started["options"])}
            person.call("step-up-with-passkey", "POST", "/auth/step-up/passkey", about)
        with steps("Chromium: be refused as a clone"):
            browser.restore(copied)
            started = start_sign_in()
            answer = browser.get(origin, started["options"])
            require_code(sign_in(started, answer, expected=401), "passkey_refused")
        with steps("Chromium: be refused once the passkey is deleted"):
            browser.restore(copied | {"signCount": 1000})
            started = start_sign_in()
            answer = browser.get(origin, started["options"])
            person.call("delete-passkey", "DELETE", f"/me/passkeys/{added['id']}", expected=204)
            require_code(sign_in(started, answer, expected=401), "passkey_refused")


def expect_refusal(name: str, ceremony: Callable[[], dict]) -> None:
    try:
        ceremony()
    except Refused as refused:
        require("the browser's refusal", name, refused.args[0])
    else:
        raise Failure("a ceremony in the browser", name, "a passkey")


def require_user(session: dict, person: Person) -> None:
    require("the user who is signed in", person.user_id, session["user_id"])


if __name__ == "__main__":
    main(run)

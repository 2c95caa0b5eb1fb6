"""The Bluesky server (PDS), called directly over XRPC: accounts for the demo, and the records in a repository."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

import places
from demo.client import TRANSCRIPT, Answer, exchange, shown
from progress import Failure

COLLECTION = "app.bsky.feed.post"
TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
TID_CLOCK_BITS = 10


@dataclass(frozen=True)
class Account:
    did: str
    handle: str
    access_token: str

    def create_app_password(self, name: str) -> str:
        return _procedure("com.atproto.server.createAppPassword", {"name": name}, self.access_token)["password"]


def create_account(name: str) -> Account:
    handle = f"{name}.test"
    person = {"handle": handle, "email": f"{name}@example.com", "password": secrets.token_urlsafe(18)}
    made = _procedure("com.atproto.server.createAccount", person)
    return Account(made["did"], made["handle"], made["accessJwt"])


def posts_of(did: str) -> list[dict]:
    return _query("com.atproto.repo.listRecords", repo=did, collection=COLLECTION, limit="100").document["records"]


def record(uri: str) -> dict:
    """The record at an address like `at://did:plc:abc/app.bsky.feed.post/3abc`."""
    did, collection, key = uri.removeprefix("at://").split("/")
    return _query("com.atproto.repo.getRecord", repo=did, collection=collection, rkey=key).document


def blob(did: str, cid: str) -> Answer:
    return _query("com.atproto.sync.getBlob", did=did, cid=cid)


def last_written(did: str) -> float:
    """When the repository was last written, in seconds since 1970 by the server's own clock.

    A commit's revision is a TID: microseconds and a clock identifier, in 13 characters of 5 bits (atproto.com/specs/tid).
    """
    revision = _query("com.atproto.sync.getLatestCommit", did=did).document["rev"]
    number = 0
    for character in revision:
        number = number << 5 | TID_ALPHABET.index(character)
    return (number >> TID_CLOCK_BITS) / 1_000_000


def cid_of(content: bytes) -> str:
    """The content identifier of a blob: a CID of version 1, raw bytes, SHA-256, in lower-case base32."""
    binary = bytes((0x01, 0x55, 0x12, 0x20)) + hashlib.sha256(content).digest()
    return "b" + base64.b32encode(binary).decode().lower().rstrip("=")


def _query(method: str, **parameters: str) -> Answer:
    return _checked(method, exchange("GET", f"{places.pds_url()}/xrpc/{method}?{urlencode(parameters)}"))


def _procedure(method: str, body: dict, access_token: str = "") -> dict:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {access_token}"} if access_token else {})
    return _checked(method, exchange("POST", f"{places.pds_url()}/xrpc/{method}", json.dumps(body).encode(), headers)).document


def _checked(method: str, answer: Answer) -> Answer:
    if answer.status != 200:
        raise Failure(f"{method} at the Bluesky server", "status 200", shown(answer), TRANSCRIPT)
    return answer

"""The few AWS calls of the commands themselves, directly over HTTP: an SDK would need a virtual environment first.

The emulator routes a request by the credential scope of its Authorization header and does not check the signature.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

from places import REGION, endpoint
from progress import Failure

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Failure):
    """A response that is not 2xx."""

    def __init__(self, call: str, status: int, body: str):
        super().__init__(call, "a 2xx response", f"{status}: {body[:500]}")
        self.status, self.body = status, body


def call(service: str, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    request = urllib.request.Request(endpoint() + path, data=body or None, method=method)
    request.add_header("Authorization", f"AWS4-HMAC-SHA256 Credential=test/20240101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0")
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with _OPENER.open(request, timeout=60) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{service} {method} {path}", error.code, error.read().decode(errors="replace")) from error
    except OSError as error:
        raise Failure(f"{service} {method} {path}", "the local cloud answers", f"{error}; `make local` starts it") from error


def json_call(service: str, method: str, path: str, body: dict | None = None, **headers: str) -> dict:
    answer = call(service, method, path, json.dumps(body).encode() if body is not None else b"", content_type="application/json", **headers)
    return json.loads(answer or b"{}")


def target_call(service: str, target: str, body: dict) -> dict:
    """Calls a service of the JSON 1.1 protocol, which names the operation in a header."""
    answer = call(service, "POST", "/", json.dumps(body).encode(), content_type="application/x-amz-json-1.1", x_amz_target=target)
    return json.loads(answer or b"{}")


def query_call(service: str, action: str, **parameters: str) -> ElementTree.Element:
    """Calls a service of the query protocol. Element names are returned without their namespace."""
    form = urllib.parse.urlencode({"Action": action, **parameters}).encode()
    document = ElementTree.fromstring(call(service, "POST", "/", form, content_type="application/x-www-form-urlencoded"))
    for element in document.iter():
        element.tag = element.tag.rpartition("}")[2]
    return document


def has_object(bucket: str, key: str) -> bool:
    try:
        call("s3", "HEAD", f"/{bucket}/{urllib.parse.quote(key)}")
    except Refused as refused:
        if refused.status != 404:
            raise
        return False
    return True

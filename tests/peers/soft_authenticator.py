"""The authenticator of PyPI's soft-webauthn, in the JSON formats of browsers.

Its keys, CBOR and signatures are its own. It lacks user verification, which we require: unchanged, it is refused; with
`verifies_user` the flag is set in its output, and a sign-in is signed again with its key.
"""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import sha256
from soft_webauthn import SoftWebauthnDevice

USER_VERIFIED = 4
# The offset of the flags in authenticator data: after the digest of the domain.
FLAGS = 32


def to_json(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def from_json(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SoftAuthenticator:
    """One authenticator with one passkey, and the browser around it."""

    def __init__(self) -> None:
        self.device = SoftWebauthnDevice()
        self.verifies_user = True

    def create(self, origin: str, options: dict) -> dict:
        asked = options | {"challenge": from_json(options["challenge"])}
        asked["user"] = options["user"] | {"id": from_json(options["user"]["id"])}
        made = self.device.create({"publicKey": asked}, origin)
        attestation = cbor.decode(made["response"]["attestationObject"])
        attestation["authData"] = self._verified(attestation["authData"])
        response = {"clientDataJSON": made["response"]["clientDataJSON"], "attestationObject": cbor.encode(attestation)}
        return self._credential(response)

    def get(self, origin: str, options: dict) -> dict:
        asked = options | {"challenge": from_json(options["challenge"])}
        response = self.device.get({"publicKey": asked}, origin)["response"]
        response["authenticatorData"] = self._verified(response["authenticatorData"])
        if self.verifies_user:
            signed = response["authenticatorData"] + sha256(response["clientDataJSON"])
            response["signature"] = self.device.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._credential(response)

    def _verified(self, data: bytes) -> bytes:
        flag = USER_VERIFIED if self.verifies_user else 0
        return data[:FLAGS] + bytes([data[FLAGS] | flag]) + data[FLAGS + 1 :]

    def _credential(self, response: dict[str, bytes]) -> dict:
        name = to_json(self.device.credential_id)
        members = {member: to_json(value) for member, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}, "response": members}

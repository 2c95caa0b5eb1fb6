"""An authenticator app: the codes of RFC 6238, with SHA-1, six digits and 30 seconds."""

import base64
import hashlib
import hmac
import struct
import time

STEP_SECONDS = 30
DIGITS = 6


def code(secret: str, at: float | None = None) -> str:
    """The code of a secret in base32, now or at an instant."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int(time.time() if at is None else at) // STEP_SECONDS
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"

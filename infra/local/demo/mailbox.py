"""The mail that SES has sent, as shown by the emulator. On AWS a user opens their mail program instead."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import places
from demo.client import TRANSCRIPT, exchange
from progress import Failure

# Usually a second. Longer than the outbox sweep takes, which sends messages that the stream lost.
DELIVERY_SECONDS = 150
POLL_SECONDS = 0.25


def read_mail_to(recipient: str, is_wanted: Callable[[dict], bool] = lambda _mail: True) -> dict:
    """Waits for the first mail to this address, or the first that is wanted."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while time.monotonic() < deadline:
        accounts = exchange("GET", f"{places.endpoint()}/_ministack/ses/messages").document["messages"]
        for mail in (mail for mails in accounts.values() for mail in mails):
            if recipient in mail["To"] and is_wanted(mail):
                return mail
        time.sleep(POLL_SECONDS)
    came = "none; `make logs FN=register`, `relay-outbox` and `send-email` show where it stopped"
    raise Failure("waiting for the mail", f"a mail to {recipient} within {DELIVERY_SECONDS} s", came, TRANSCRIPT)


def token_in(mail: dict) -> str:
    """The token of the mailed link. It is in the fragment, which a browser sends to no server."""
    for link in re.findall(r"https?://\S+", mail["BodyText"]):
        name, _, value = urlsplit(link).fragment.partition("=")
        if name == "token" and value:
            return value
    raise Failure("reading the mail", "a link that ends in #token=...", mail["BodyText"], TRANSCRIPT)

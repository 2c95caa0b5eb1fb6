#!/usr/bin/env python3
"""A Mastodon account of the deployed stack, over HTTP, on a server that others wrote: PyPI's mastodon-mock.

From the authorization page to published posts, and to a token that the server no longer accepts. The mock checks neither
PKCE nor an app's secret, its codes can be redeemed repeatedly, and it knows no app of a status: the tests with
`scripted_mastodon.rs` show those. The local cloud must be up, with this build deployed, and the Mastodon server.
"""

import base64
import hashlib
import secrets
import sys
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import deploy
import mastodon
import places
from demo import mastodon_server, picture
from demo.client import TRANSCRIPT, exchange, shown, start_transcript
from demo.delivery import ENDED
from demo.steps import Steps
from people import require, require_code
from progress import Failure, main
from staff import Owner

AHEAD_SECONDS = 5
# Usually two seconds. Longer than the sweeps take, which find what a lost message left.
PUBLISHED_SECONDS = 150
# After an error of the server a post is looked for once the server has given the call up, which takes a minute.
DOUBT_SECONDS = 60
# Longer than the outbox sweep takes, which sends messages that the stream lost.
REVOKED_SECONDS = 150
POLL_SECONDS = 1.0
SCOPES = "read:accounts read:statuses write:media write:statuses"
ALT_TEXT = "A low sun in an evening sky"
CODE_CHALLENGE_CHARACTERS = 43


def run(arguments: list[str]) -> None:
    if arguments:
        raise Failure("reading the command", "nothing", " ".join(arguments))
    start_transcript()
    steps = Steps(quiet=True)
    with steps("find the Mastodon server"):
        if not mastodon.is_up():
            raise Failure("looking for it", "it runs", "`python3 infra/local/cloud.py mastodon-up` starts it")
    with steps("sign an owner up, and create an account on the server"):
        owner = Owner()
        account = mastodon_server.create_account(f"pat_{secrets.token_hex(5)}")
    channel_id = connect(steps, owner, account)
    text_post, picture_post = publish(steps, owner, account, channel_id)
    survive_fault(steps, owner, account, channel_id, [picture_post, text_post])
    disconnect(steps, owner, account, channel_id)


def connect(steps: Steps, owner: Owner, account: mastodon_server.Account) -> str:
    own_token = mastodon_server.newest_token(account)
    with steps("start a connection, and agree on the server's page"):
        connection, at, authorization = start(owner)
        sent_to = mastodon_server.authorize(connection["authorization_url"], account)
        require("the page of the web application", page_of_app(), sent_to._replace(query="").geturl())
        code = dict(urllib.parse.parse_qsl(sent_to.query))
        require("the state in the page's query", authorization["state"], code["state"])
    with steps("be refused with the state of another connection, before the code is redeemed"):
        _, _, other = start(owner)
        refused = owner.ask("POST", f"{at}/complete", code | {"state": other["state"]})
        require_code(refused.document, "connection_state_wrong")
        require("the account's newest token", own_token, mastodon_server.newest_token(account))
    with steps("complete the connection with the code, once"):
        offered = owner.call("complete-connection", "POST", f"{at}/complete", code)
        require("the authorization address", None, offered["authorization_url"])
        expected = {"account_id": f"{account.host}/{account.number}", "handle": f"@{account.name}@{account.host}"}
        require("the offered accounts", [expected], offered["accounts"])
        token = mastodon_server.newest_token(account)
        if token == own_token or token in str(offered):
            raise Failure("looking for the token", "a new one, known to the server and not in the response", "another", TRANSCRIPT)
        require_code(owner.ask("POST", f"{at}/complete", code).document, "connection_used", "the answer to a repeat")
        require("the account's newest token", token, mastodon_server.newest_token(account))
    with steps("choose the account"):
        wanted = {"account_id": expected["account_id"]}
        other = owner.ask("POST", f"{at}/choose", {"account_id": f"{account.host}/1"})
        require("the status of the answer to an account that is not offered", 422, other.status)
        channel = owner.call("choose-account", "POST", f"{at}/choose", wanted, expected=201)
        came = {name: channel[name] for name in ("platform", "service", "account_id", "handle", "state")}
        require("the channel", expected | {"platform": "mastodon", "service": places.mastodon_url(), "state": "connected"}, came)
    return channel["id"]


def start(owner: Owner) -> tuple[dict, str, dict[str, str]]:
    """Starts a connection. Returns it, its address, and the parameters of the authorization page."""
    connections = f"{owner.workspace}/channels/connections"
    about = {"platform": "mastodon", "service": places.mastodon_url()}
    connection = owner.call("start-connection", "POST", connections, about, expected=201)
    require("the accounts of a connection that was started", [], connection["accounts"])
    url = urllib.parse.urlsplit(connection["authorization_url"])
    require("the authorization page", f"{places.mastodon_url()}/oauth/authorize", url._replace(query="").geturl())
    parameters = dict(urllib.parse.parse_qsl(url.query))
    fixed = {"response_type": "code", "redirect_uri": page_of_app(), "scope": SCOPES, "code_challenge_method": "S256"}
    require("the parameters of the page", fixed, {name: parameters.get(name) for name in fixed})
    require("the length of the code challenge", CODE_CHALLENGE_CHARACTERS, len(parameters["code_challenge"]))
    return connection, f"{connections}/{connection['id']}", parameters


def page_of_app() -> str:
    return f"{deploy.local_parameters()['AppUrl']}/connect-channel"


def publish(steps: Steps, owner: Owner, account: mastodon_server.Account, channel_id: str) -> tuple[str, str]:
    """Publishes a text, then a text with a picture. Returns the identifiers of both statuses."""
    text = f"Kia ora 🌅 Our https://example.com/spring for all #cafés! {secrets.token_hex(4)}"
    with steps("publish a text"):
        delivery = published(owner, schedule(owner, channel_id, text), PUBLISHED_SECONDS)
        (status,) = mastodon_server.statuses_of(account)
        require_published(delivery, status)
        require("its text", text, mastodon_server.text_of(status["id"]))
    with steps("publish a picture with its description"):
        media = upload(owner)
        delivery = published(owner, schedule(owner, channel_id, "A picture", media["id"]), PUBLISHED_SECONDS)
        with_picture, before = mastodon_server.statuses_of(account)
        require("the earlier status", status["id"], before["id"])
        require_published(delivery, with_picture)
        (attached,) = with_picture["media_attachments"]
        require("its description", ALT_TEXT, attached["description"])
        stored = base64.b64decode(media["picture"]["sha256"]).hex()
        require("its bytes, by their SHA-256", stored, hashlib.sha256(mastodon_server.file(attached["url"])).hexdigest())
    return status["id"], with_picture["id"]


def survive_fault(steps: Steps, owner: Owner, account: mastodon_server.Account, channel_id: str, earlier: list[str]) -> None:
    with steps("publish once after the server has failed once, with 503"):
        fault = mastodon_server.fail_next("POST", "/api/v1/statuses", 503)
        delivery = published(owner, schedule(owner, channel_id, "After a fault"), DOUBT_SECONDS + PUBLISHED_SECONDS)
        require("whether the fault is still to come", False, mastodon_server.is_pending(fault))
        if delivery["attempts"] < 2:
            raise Failure("counting the attempts", "2 or more: the fault hit this post", str(delivery["attempts"]), TRANSCRIPT)
        status, *others = mastodon_server.statuses_of(account)
        require("the earlier statuses", earlier, [other["id"] for other in others])
        require_published(delivery, status)


def disconnect(steps: Steps, owner: Owner, account: mastodon_server.Account, channel_id: str) -> None:
    with steps("disconnect the channel: the server no longer accepts its token"):
        token = mastodon_server.newest_token(account)
        require("whether the server accepts it before", True, mastodon_server.accepts(token))
        owner.call("disconnect-channel", "DELETE", f"{owner.workspace}/channels/{channel_id}", expected=204)
        deadline = time.monotonic() + REVOKED_SECONDS
        while mastodon_server.accepts(token):
            if time.monotonic() > deadline:
                came = "accepted; `make logs FN=end-channel-session` shows why"
                raise Failure("waiting for the end of the token", f"refused within {REVOKED_SECONDS} s", came, TRANSCRIPT)
            time.sleep(POLL_SECONDS)


def schedule(owner: Owner, channel_id: str, text: str, *media_ids: str) -> str:
    """Creates and schedules a post. Returns its identifier."""
    about = {"text": text, "media_ids": list(media_ids), "channel_ids": [channel_id]}
    post = owner.call("create-post", "POST", f"{owner.workspace}/posts", about, expected=201)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=AHEAD_SECONDS)
    about = {"at": due.strftime("%Y-%m-%dT%H:%M:%S"), "time_zone": "UTC", "channel_ids": [channel_id]}
    owner.call("schedule-post", "POST", f"{owner.workspace}/posts/{post['id']}/schedule", about)
    return post["id"]


def published(owner: Owner, post_id: str, within_seconds: int) -> dict:
    """The delivery of a post, once it is published."""
    deadline = time.monotonic() + AHEAD_SECONDS + within_seconds
    while True:
        (delivery,) = owner.call("list-deliveries", "GET", f"{owner.workspace}/posts/{post_id}/deliveries")["items"]
        if delivery["state"] == "published":
            return delivery
        if delivery["state"] in ENDED or time.monotonic() > deadline:
            came = f"{delivery['state']}, attempts {delivery['attempts']}, last error: {delivery['last_error']}"
            raise Failure("the delivery", f"published within {within_seconds} s", came, TRANSCRIPT)
        time.sleep(POLL_SECONDS)


def require_published(delivery: dict, status: dict) -> None:
    """Requires that a delivery names this status, which the server's answer confirmed."""
    expected = {"id": status["id"], "url": status["url"], "confirmed_by": "answer"}
    require("what the delivery published", expected, delivery["published"])


def upload(owner: Owner) -> dict:
    """Uploads a picture with its description. Returns the completed media."""
    content = picture.gradient()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    about = {"size_bytes": len(content), "sha256": digest, "alt_text": ALT_TEXT}
    made = owner.call("create-upload", "POST", f"{owner.workspace}/media", about, expected=201)
    target = made["upload"]
    answer = exchange(target["method"], target["url"], content, target["headers"], owner.address)
    if answer.status != 200:
        raise Failure("the upload to S3", "status 200", shown(answer), TRANSCRIPT)
    return owner.call("complete-upload", "POST", f"{owner.workspace}/media/{made['media']['id']}/complete")


if __name__ == "__main__":
    main(run)

"""The Mastodon channel of the demo: connected by OAuth, and read back from its server."""

import secrets
import urllib.parse

import places
from demo import mastodon_server
from demo.client import Client, require
from demo.steps import Steps


def connect(steps: Steps, person: Client, workspace: str) -> tuple[str, mastodon_server.Account]:
    """Connects a new account of the server. Returns the channel's id, and the account."""
    account = mastodon_server.create_account(f"ada_{secrets.token_hex(4)}")
    connections = f"{workspace}/channels/connections"
    with steps("start to connect a Mastodon account, and agree on its server's page"):
        about = {"platform": "mastodon", "service": places.mastodon_url()}
        started = person.call("start-connection", "POST", connections, about, expected=201)
        sent_to = mastodon_server.authorize(started["authorization_url"], account)
        steps.note(f"the browser is sent to {sent_to.path}, which posts the code")
    with steps("complete the connection with the code, and choose the account"):
        code = dict(urllib.parse.parse_qsl(sent_to.query))
        offered = person.call("complete-connection", "POST", f"{connections}/{started['id']}/complete", code)
        choice = {"account_id": offered["accounts"][0]["account_id"]}
        channel = person.call("choose-account", "POST", f"{connections}/{started['id']}/choose", choice, expected=201)
        require("the connected account", f"@{account.name}@{account.host}", channel["handle"])
        steps.note(f"{channel['id']}, {channel['state']}, a text of {channel['limits']['text'][0]['most']} characters, as its server states")
    return channel["id"], account


def read_back(steps: Steps, account: mastodon_server.Account, delivery: dict, text: str, alt_text: str) -> None:
    with steps("read it back from the Mastodon server: exactly one status"):
        statuses = mastodon_server.statuses_of(account)
        require("the account's statuses", [delivery["published"]["id"]], [status["id"] for status in statuses])
        require("its text", text, mastodon_server.text_of(statuses[0]["id"]))
        require("the descriptions of its pictures", [alt_text], [media["description"] for media in statuses[0]["media_attachments"]])

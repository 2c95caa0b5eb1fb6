"""The Mastodon server, called directly over HTTP: accounts, the authorization page as a browser uses it, and faults.

The server is PyPI's mastodon-mock. Its own routes are below /api/v1/_mock; all other routes are Mastodon's.
"""

import html.parser
import json
import urllib.parse
from dataclasses import dataclass, field

import places
from demo.client import TRANSCRIPT, Answer, exchange, shown
from progress import Failure


@dataclass(frozen=True)
class Account:
    number: str
    name: str

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(places.mastodon_url()).netloc


@dataclass
class Form(html.parser.HTMLParser):
    """The form of a page: where it is sent, its hidden fields, and the values that its buttons add."""

    method: str = ""
    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.method, self.action = found["method"].upper(), found["action"]
        elif tag == "input" and found.get("type") == "hidden":
            self.hidden[found["name"]] = found["value"]
        elif tag == "button":
            self.buttons.append((found["name"], found["value"]))


def create_account(name: str) -> Account:
    made = _call("POST", "/api/v1/_mock/dev_user", {"username": name})
    return Account(made["id"], made["username"])


def code_of(account: Account) -> str:
    """The code that the server's page sends the browser back with. The server derives it from the account."""
    return f"mockcode_{account.name}"


def newest_token(account: Account) -> str:
    """The account's newest token that is not revoked."""
    users = {user["id"]: user["access_token"] for user in _call("GET", "/api/v1/_mock/dev_users")}
    return users.get(account.number, "")


def accepts(token: str) -> bool:
    answer = exchange("GET", f"{places.mastodon_url()}/api/v1/accounts/verify_credentials", headers=_bearer(token))
    if answer.status not in (200, 401):
        raise Failure("verify_credentials at the Mastodon server", "status 200 or 401", shown(answer), TRANSCRIPT)
    return answer.status == 200


def authorize(url: str, account: Account) -> urllib.parse.SplitResult:
    """Opens the authorization page, chooses the account, and returns where the browser is sent."""
    page = _checked("the authorization page", exchange("GET", url))
    form = Form()
    form.feed(page.body.decode())
    if ("username", account.name) not in form.buttons:
        raise Failure("reading the authorization page", f"a button for @{account.name}", shown(page), TRANSCRIPT)
    fields = urllib.parse.urlencode(form.hidden | {"username": account.name}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    sent = exchange(form.method, urllib.parse.urljoin(url, form.action), fields, headers)
    if sent.status != 302:
        raise Failure("choosing the account on the authorization page", "status 302", shown(sent), TRANSCRIPT)
    return urllib.parse.urlsplit(sent.headers["location"])


def statuses_of(account: Account) -> list[dict]:
    """The account's public statuses, newest first."""
    return _call("GET", f"/api/v1/accounts/{account.number}/statuses?limit=40")


def text_of(status_id: str) -> str:
    """The text of a status as it was sent."""
    return _call("GET", f"/api/v1/statuses/{status_id}/source")["text"]


def file(url: str) -> bytes:
    return _checked("downloading a picture", exchange("GET", url)).body


def fail_next(method: str, path: str, status: int) -> str:
    """Makes the next such call fail before it has an effect. Returns the fault's identifier."""
    rule = {"match": {"methods": [method], "path": path}, "effect": {"type": "status", "status": status}, "count": 1}
    return _call("POST", "/api/v1/_mock/faults", rule)["id"]


def is_pending(fault_id: str) -> bool:
    return any(fault["id"] == fault_id for fault in _call("GET", "/api/v1/_mock/faults"))


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def _call(method: str, path: str, body: dict | None = None):
    content = json.dumps(body).encode() if body is not None else b""
    answer = exchange(method, places.mastodon_url() + path, content, {"content-type": "application/json"})
    return _checked(f"{method} {path}", answer).document


def _checked(what: str, answer: Answer) -> Answer:
    if answer.status != 200:
        raise Failure(f"{what} at the Mastodon server", "status 200", shown(answer), TRANSCRIPT)
    return answer

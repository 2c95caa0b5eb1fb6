"""People of the deployed stack, and what the stories require of its answers."""

import secrets

from demo.client import Client, require
from demo.mailbox import read_mail_to, token_in


class Person(Client):
    """A user with an account, signed in by password."""

    def __init__(self, domain: str = "example.com") -> None:
        super().__init__()
        email, password = f"pat-{secrets.token_hex(5)}@{domain}", secrets.token_urlsafe(18)
        self.email = email
        self.call("register", "POST", "/auth/register", {"email": email}, expected=202)
        token = token_in(read_mail_to(email))
        self.call("verify-email", "POST", "/auth/verify-email", {"token": token, "name": "Pat", "password": password})
        session = self.call("login", "POST", "/auth/login", {"email": email, "password": password})
        self.user_id, self.access_token = session["user_id"], session["access_token"]

    def start(self) -> dict:
        return self.call("start-passkey-registration", "POST", "/me/passkeys/options", {})

    def register(self, started: dict, credential: dict, *, expected: int = 201) -> dict:
        about = {"ceremony": started["ceremony"], "name": "Test", "credential": credential}
        return self.call("register-passkey", "POST", "/me/passkeys", about, expected=expected)


def require_code(problem: dict, code: str, what: str = "the problem") -> None:
    require(f"the code of {what}", code, problem.get("code"))

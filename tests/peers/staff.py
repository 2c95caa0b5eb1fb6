"""The staff of the deployed stack, over HTTP: an operator grants them, they enrol and sign in with passkeys of PyPI's
soft-webauthn, enter a customer's workspace, and suspend it.

A story of `passkeys.py`, which runs it.
"""

import secrets

import deploy
import functions
from demo import authenticator
from demo.client import Client
from demo.steps import Steps
from people import Person, require, require_code


class Member(Client):
    """A member of the staff, signed in."""

    def __init__(self, name: str, roles: list[str]) -> None:
        from soft_authenticator import SoftAuthenticator

        super().__init__()
        self.plane = "staff"
        self.origin = deploy.local_parameters()["StaffConsoleUrl"]
        email = f"{name.lower()}-{secrets.token_hex(5)}@example.com"
        granted = functions.invoke("grant-staff", {"email": email, "name": name, "roles": roles})
        self.staff_id, token = granted["staff_id"], granted["link"].partition("#token=")[2]
        device = SoftAuthenticator()
        started = self.call("start-staff-enrolment", "POST", "/staff/enrolment/options", {"token": token})
        made = {"token": token, "ceremony": started["ceremony"], "name": "Test", "credential": device.create(self.origin, started["options"])}
        self.call("complete-staff-enrolment", "POST", "/staff/enrolment", made, expected=204)
        started = self.call("start-staff-sign-in", "POST", "/staff/sign-in/options", {})
        proof = {"ceremony": started["ceremony"], "credential": device.get(self.origin, started["options"])}
        self.access_token = self.call("complete-staff-sign-in", "POST", "/staff/sign-in", proof)["access_token"]


class Owner(Person):
    """The owner of a workspace, with a second factor."""

    def __init__(self) -> None:
        self.domain = f"northwind-{secrets.token_hex(5)}.example.com"
        super().__init__(self.domain)
        enrolment = self.call("enrol-totp", "POST", "/me/totp", expected=201)
        self.call("confirm-totp", "POST", "/me/totp/confirm", {"code": authenticator.code(enrolment["secret"])})
        self.workspace_id = self.call("create-workspace", "POST", "/workspaces", {"name": "Northwind"}, expected=201)["id"]
        self.workspace = f"/workspaces/{self.workspace_id}"

    def audited(self) -> list[dict]:
        return self.call("list-audit-entries", "GET", f"{self.workspace}/audit-entries")["items"]


def tell_staff(steps: Steps, _origin: str) -> None:
    with steps("staff: two members are granted, enrol and sign in with passkeys"):
        owner, grace, mary = Owner(), Member("Grace", ["support"]), Member("Mary", ["security"])
    at = f"/staff{owner.workspace}"
    with steps("staff: its routes do not exist for an owner, and its session works nowhere else"):
        stranger = Client()
        stranger.plane, stranger.access_token = "staff", owner.access_token
        require("an owner's answer", 404, stranger.ask("GET", at).status)
        outside = Client()
        outside.access_token = grace.access_token
        require("the session's answer on the product plane", 401, outside.ask("GET", owner.workspace).status)
    with steps("staff: the owner's workspace is found by the domain of the owner's address"):
        find = "/staff/users/find-by-domain"
        page = grace.call("find-users-by-domain", "POST", find, {"domain": owner.domain.upper()})
        require("the users of the domain", [owner.user_id], [user["id"] for user in page["items"]])
        require("the owner's workspaces", [owner.workspace_id], [held["workspace_id"] for held in page["items"][0]["memberships"]])
        require("the answer to a whole address", 422, grace.ask("POST", find, {"domain": f"pat@{owner.domain}"}).status)
    with steps("staff: a member enters the workspace once its owner has approved it"):
        about = {"reason": "A post is not published.", "ticket": "SUP-4711", "minutes": 30}
        opened = grace.call("open-override-session", "POST", f"{at}/override-sessions", about, expected=201)
        session = f"{owner.workspace}/override-sessions/{opened['session']['id']}"
        inside = Client()
        inside.access_token = opened["token"]
        posts = f"{owner.workspace}/posts"
        require_code(inside.ask("GET", posts).document, "override_pending", "the answer before the approval")
        owner.call("approve-override-session", "PUT", f"{session}/approval")
        inside.call("list-posts", "GET", posts)
        require_code(inside.ask("POST", posts, {"text": "By the staff"}).document, "override_read_only", "the answer to a change")
        require_code(inside.ask("GET", f"{owner.workspace}/tokens").document, "session_needed", "the answer to the tokens")
    with steps("staff: the owner sees what it read, and ends it"):
        used = [entry for entry in owner.audited() if entry["action"] == "override_session.used"]
        require("the reads in the audit log", ["list-posts"], [entry["target"]["detail"]["route"] for entry in used])
        owner.call("end-override-session", "DELETE", session, expected=204)
        require("its answer after the end", 401, inside.ask("GET", posts).status)
    with steps("staff: two members suspend the workspace, and one resumes it"):
        wanted = {"reason": "Phishing.", "ticket": "SUP-4712"}
        request = grace.call("request-suspension", "POST", f"{at}/suspension-request", wanted)
        require("its own approval by support", 403, grace.ask("POST", f"{at}/suspend", {"request_id": request["id"]}).status)
        mary.call("suspend-workspace", "POST", f"{at}/suspend", {"request_id": request["id"]}, expected=204)
        require_code(owner.ask("GET", owner.workspace).document, "workspace_suspended", "the answer to the owner")
        mary.call("resume-workspace", "POST", f"{at}/resume", {"reason": "It was a mistake."}, expected=204)
        owner.call("get-workspace", "GET", owner.workspace)
        actions = [entry["action"] for entry in owner.audited()]
        require("the last entries", ["workspace.resumed", "workspace.suspended"], actions[:2])
    with steps("staff: the timeline has it"):
        events = mary.call("list-system-events", "GET", f"/staff/events?subject={owner.workspace_id}")["items"]
        kinds = {event["kind"] for event in events}
        require("kinds that are missing", set(), {"suspension_requested", "workspace_suspended", "workspace_resumed"} - kinds)

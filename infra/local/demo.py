#!/usr/bin/env python3
"""The main use case as a client performs it: from sign-up to a post on a real Bluesky server and on a Mastodon server, over HTTP through API Gateway only.

`make demo` runs it when the stack and both servers are up. It creates new users each time, so that it works on any
stored data. With `--check` it prints only its steps: the end-to-end test of a deployed stack.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit("infra/local/demo.py needs Python 3.11 or newer; this is " + sys.version.split()[0])

# The folder of the sources stays free of byte code.
sys.dont_write_bytecode = True

import base64
import hashlib
import json
import secrets
import time
from datetime import UTC, datetime, timedelta, timezone

import bluesky
import deploy
import emulator
import functions
import mastodon
import places
from demo import authenticator, fediverse, pds, picture, variants
from demo.client import TRANSCRIPT, Answer, Client, exchange, require, shown, start_transcript
from demo.delivery import LATEST_SECONDS, await_ends
from demo.mailbox import read_mail_to, token_in
from demo.steps import Steps
from demo.stranger import doors, refusals
from progress import Failure, main

# This zone has had no summer time since 1986: its clock is known without a zone database, which a small machine may lack.
TIME_ZONE = "Asia/Kathmandu"
ZONE = timezone(timedelta(hours=5, minutes=45))
# A post due within two minutes is claimed by the request that schedules it, and the queue delays it to its second.
AHEAD_SECONDS = 20
# A session's access token expires after 15 minutes, too soon for trying more by hand.
TOKEN_DAYS = 30
TOKEN_SCOPES = ["me:read", "workspaces:read", "channels:read", "media:read", "media:write", "posts:read", "posts:write"]
# Usually a second. Longer than the outbox sweep takes, which sends messages that the stream lost.
LIMITS_APPLIED_SECONDS = 150
LINK = "https://example.com/spring"
TAG = "cafés"
ALT_TEXT = "A low sun in an evening sky"
AUDITED = (
    "workspace.created",
    "channel.connected",
    "channel.connection_started",
    "channel.authorised",
    "channel.connected",
    "media.upload_created",
    "media.completed",
    "post.created",
    "post.scheduled",
    "delivery.published",
    "delivery.published",
)


class Person(Client):
    """A signed-in user with their own workspace."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name
        self.email = f"{name.lower()}-{secrets.token_hex(5)}@example.com"
        self.password = secrets.token_urlsafe(18)
        self.totp_secret = ""
        self.user_id = ""
        self.workspace_id = ""

    @property
    def workspace(self) -> str:
        return f"/workspaces/{self.workspace_id}"


def run(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        raise Failure("reading the command", "nothing, or --check", " ".join(arguments))
    start_transcript()
    steps = Steps(quiet=bool(arguments))
    find_servers(steps)
    ada = sign_up(steps, "Ada")
    start_and_cancel_recovery(steps, ada)
    account, friend = make_bluesky_accounts(steps)
    channel_id = connect_bluesky(steps, ada, account)
    mastodon_id, fediverse_account = fediverse.connect(steps, ada, ada.workspace)
    media = upload_picture(steps, ada)
    text = f"Kia ora 🌅 Our {LINK}, drawn with @{friend.handle} for all #{TAG}!"
    channels = [channel_id, mastodon_id]
    post_id = write_post(steps, ada, text, media["id"], channels)
    due = schedule_post(steps, ada, post_id, channels)
    deliveries = publish(steps, ada, post_id, due)
    delivery = deliveries["bluesky"]
    record = read_back(steps, account, delivery)
    check_content(steps, record, text, friend)
    check_picture(steps, account, record, media)
    fediverse.read_back(steps, fediverse_account, deliveries["mastodon"], text, ALT_TEXT)
    tell_lateness(steps, account, delivery, due)
    show_audit_trail(steps, ada)
    show_usage(steps, ada)
    variants.show(steps, ada, ada.workspace, channel_id, mastodon_id)
    limit_networks(steps, ada)
    program = let_program_write(steps, ada)
    lower_the_plan(steps, ada, program)
    turn_stranger_away(steps, ada, {"channel": channel_id, "media": media["id"], "post": post_id})
    invite(steps, ada)


def find_servers(steps: Steps) -> None:
    with steps("find the API, the Bluesky and the Mastodon server"):
        if not (emulator.is_up() and bluesky.is_up() and mastodon.is_up()):
            raise Failure("looking for them", "all run", "`make status` shows which does not; `make demo` starts them")
        require("the API's health", "ok", Client().call("get-health", "GET", "/health")["status"])
        steps.note(f"API             {deploy.base_url()}")
        steps.note(f"Bluesky server  {places.pds_url()}")
        steps.note(f"Mastodon server {places.mastodon_url()}")


def sign_up(steps: Steps, name: str) -> Person:
    """Takes a new user from registration to their own workspace."""
    person = Person(name)
    with steps(f"register {name}"):
        person.call("register", "POST", "/auth/register", {"email": person.email}, expected=202)
        steps.note(f"{person.email}, calling from {person.address}")
    with steps(f"read {name}'s mail from SES"):
        mail = read_mail_to(person.email)
        token = token_in(mail)
        steps.note(f"“{mail['Subject']}”, with a link that ends in #token={token[:12]}…")
    with steps(f"verify {name}'s address with the link's token, a name and a password"):
        about = {"token": token, "name": name, "password": person.password}
        verified = person.call("verify-email", "POST", "/auth/verify-email", about)
        require("the verified address", person.email, verified["email"])
    with steps(f"sign {name} in"):
        credentials = {"email": person.email, "password": person.password}
        session = person.call("login", "POST", "/auth/login", credentials)
        person.user_id, person.access_token = session["user_id"], session["access_token"]
        steps.note(f"{person.user_id}, with an access token for {session['expires_in_s'] // 60} minutes")
    with steps(f"set up {name}'s authenticator app"):
        enrolment = person.call("enrol-totp", "POST", "/me/totp", expected=201)
        confirmed = person.call("confirm-totp", "POST", "/me/totp/confirm", {"code": authenticator.code(enrolment["secret"])})
        person.totp_secret = enrolment["secret"]
        steps.note(f"an owner needs a second factor; {len(confirmed['recovery_codes'])} recovery codes replace it if it is lost")
    with steps(f"create {name}'s workspace"):
        made = person.call("create-workspace", "POST", "/workspaces", {"name": f"{name}'s studio"}, expected=201)
        person.workspace_id = made["id"]
        steps.note(f"{made['id']}, plan {made['plan']}, {name} is its {made['role']}")
    return person


def start_and_cancel_recovery(steps: Steps, ada: Person) -> None:
    """An attacker with Ada's password claims that the second factor is lost, and Ada cancels the recovery."""
    with steps("start a recovery of Ada's account, as if her authenticator app were lost"):
        elsewhere = Client()
        asked = elsewhere.call("login", "POST", "/auth/login", {"email": ada.email, "password": ada.password})
        challenge = asked["second_factor"]["challenge"]
        started = elsewhere.call("start-recovery", "POST", "/auth/recovery", {"challenge": challenge})
        steps.note(f"its link is emailed at {started['ready_at'][:16]} at the earliest; Ada is notified now")
    with steps("see it in Ada's own session, and cancel it there"):
        require("the time at which it is ready", started["ready_at"], ada.call("get-me", "GET", "/me")["recovery_ready_at"])
        ada.call("cancel-recovery", "DELETE", "/me/recovery", expected=204)
        require("the pending recovery", None, ada.call("get-me", "GET", "/me")["recovery_ready_at"])


def make_bluesky_accounts(steps: Steps) -> tuple[pds.Account, pds.Account]:
    with steps("create two accounts on the Bluesky server"):
        run_id = secrets.token_hex(4)
        account, friend = pds.create_account(f"ada-{run_id}"), pds.create_account(f"kiri-{run_id}")
        steps.note(f"@{account.handle} ({account.did}) publishes, @{friend.handle} is mentioned")
    return account, friend


def connect_bluesky(steps: Steps, ada: Person, account: pds.Account) -> str:
    with steps("connect the account with an app password"):
        app_password = account.create_app_password("Bulkhead")
        about = {"service": places.pds_url(), "identifier": account.handle, "app_password": app_password}
        channel = ada.call("connect-bluesky", "POST", f"{ada.workspace}/channels/bluesky", about, expected=201)
        require("the connected account", account.did, channel["account_id"])
        steps.note(f"{channel['id']}, {channel['state']}, guarantee {channel['guarantee']['kind']}")
    return channel["id"]


def upload_picture(steps: Steps, ada: Person) -> dict:
    content = picture.gradient()
    with steps(f"create an upload of {len(content):,} bytes"):
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        about = {"size_bytes": len(content), "sha256": digest, "alt_text": ALT_TEXT}
        made = ada.call("create-upload", "POST", f"{ada.workspace}/media", about, expected=201)
        media_id, upload = made["media"]["id"], made["upload"]
        steps.note(f"{media_id}; the upload is signed for {', '.join(sorted(upload['headers']))}")
    with steps("upload it to the presigned address"):
        answer = exchange(upload["method"], upload["url"], content, upload["headers"], ada.address)
        if answer.status != 200:
            raise Failure("the upload to S3", "status 200", shown(answer), TRANSCRIPT)
    with steps("complete it: checked, stripped and re-encoded"):
        media = ada.call("complete-upload", "POST", f"{ada.workspace}/media/{media_id}/complete")
        stored = media["picture"]
        require("the stored picture's size in pixels", (picture.WIDTH, picture.HEIGHT), (stored["width"], stored["height"]))
        steps.note(f"{stored['content_type']}, {stored['width']} x {stored['height']}, {stored['size_bytes']:,} bytes")
    return media


def write_post(steps: Steps, ada: Person, text: str, media_id: str, channels: list[str]) -> str:
    with steps("create a post with picture, link, mention and hashtag"):
        about = {"text": text, "media_ids": [media_id], "channel_ids": channels}
        post = ada.call("create-post", "POST", f"{ada.workspace}/posts", about, expected=201)
        require("the post's state", "draft", post["state"])
        steps.note(text)
        steps.note(post["id"])
    return post["id"]


def schedule_post(steps: Steps, ada: Person, post_id: str, channels: list[str]) -> datetime:
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=AHEAD_SECONDS)
    wall_time = due.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S")
    with steps(f"schedule it for {wall_time[11:]} in {TIME_ZONE}"):
        about = {"at": wall_time, "time_zone": TIME_ZONE, "channel_ids": channels}
        post = ada.call("schedule-post", "POST", f"{ada.workspace}/posts/{post_id}/schedule", about)
        schedule = post["schedule"]
        require("the instant derived from the wall time", due, datetime.fromisoformat(schedule["instant"]))
        steps.note(f"{schedule['at']} {schedule['utc_offset']} is {schedule['instant']} (zone rules of {schedule['tzdata_version']})")
    return due


def publish(steps: Steps, ada: Person, post_id: str, due: datetime) -> dict[str, dict]:
    with steps("wait for T, its second: it is claimed, delayed in a queue, sent to each platform"):
        deliveries = await_ends(steps, ada, f"{ada.workspace}/posts/{post_id}/deliveries", due)
        for platform, delivery in deliveries.items():
            if delivery["state"] != "published":
                expected = f"published within {LATEST_SECONDS} s of {due:%H:%M:%S} UTC"
                came = f"{delivery['state']}, attempts {delivery['attempts']}, last error: {json.dumps(delivery['last_error'])}"
                came = f"{came}; see `make logs FN=relay-outbox`, then `FN=publish-{platform}`"
                raise Failure(f"the delivery on {platform}", expected, came, TRANSCRIPT)
        post = ada.call("get-post", "GET", f"{ada.workspace}/posts/{post_id}")
        require("the post's state", "published", post["state"])
    for platform, delivery in deliveries.items():
        steps.say(f"     the delivery on {platform}:")
        for name in ("id", "state", "due_at", "settled_at", "attempts", "guarantee"):
            steps.say(f"       {name:12} {delivery[name]}")
        for name, value in delivery["published"].items():
            steps.say(f"       {name:12} {value}")
    return deliveries


def read_back(steps: Steps, account: pds.Account, delivery: dict) -> dict:
    with steps("read it back from the Bluesky server: exactly one record"):
        published = delivery["published"]
        require("the posts in the account's repository", [published["id"]], [post["uri"] for post in pds.posts_of(account.did)])
        record = pds.record(published["id"])
        require("how it is known", "answer", published["confirmed_by"])
        steps.note(f"its createdAt is {record['value']['createdAt']}")
    return record["value"]


def check_content(steps: Steps, record: dict, text: str, friend: pds.Account) -> None:
    with steps("its text, and its link, mention and tag by UTF-8 offsets"):
        require("the text", text, record["text"])
        expected = [
            facet(text, LINK, "link", uri=LINK),
            facet(text, f"@{friend.handle}", "mention", did=friend.did),
            facet(text, f"#{TAG}", "tag", tag=TAG),
        ]
        require("the facets", expected, [{"index": came["index"], "features": came["features"]} for came in record["facets"]])
        for came in record["facets"]:
            start, end = came["index"]["byteStart"], came["index"]["byteEnd"]
            steps.note(f"bytes {start:3} to {end:3}  {text.encode()[start:end].decode()}")


def facet(text: str, part: str, kind: str, **about: str) -> dict:
    """The facet of a part of a text (app.bsky.richtext.facet): offsets count bytes, not characters."""
    start = len(text[: text.index(part)].encode())
    index = {"byteStart": start, "byteEnd": start + len(part.encode())}
    return {"index": index, "features": [{"$type": f"app.bsky.richtext.facet#{kind}"} | about]}


def check_picture(steps: Steps, account: pds.Account, record: dict, media: dict) -> None:
    with steps("its picture, downloaded from the Bluesky server"):
        require("the kind of embed", "app.bsky.embed.images", record["embed"]["$type"])
        require("the number of pictures", 1, len(record["embed"]["images"]))
        (image,) = record["embed"]["images"]
        require("the description", ALT_TEXT, image["alt"])
        require("the aspect ratio", {"width": picture.WIDTH, "height": picture.HEIGHT}, image["aspectRatio"])
        cid = image["image"]["ref"]["$link"]
        answer = pds.blob(account.did, cid)
        require("the blob that the record refers to", cid, pds.cid_of(answer.body))
        stored = base64.b64decode(media["picture"]["sha256"])
        require("the bytes that Bulkhead stored, by their SHA-256", stored.hex(), hashlib.sha256(answer.body).hexdigest())
        steps.note(f"{len(answer.body):,} bytes of {answer.headers['content-type']}: exactly the bytes that Bulkhead stored")


def tell_lateness(steps: Steps, account: pds.Account, delivery: dict, due: datetime) -> None:
    with steps("how late it was"):
        written = (pds.last_written(account.did) - due.timestamp()) * 1000
        settled = (datetime.fromisoformat(delivery["settled_at"]) - due) / timedelta(milliseconds=1)
        if not 0 <= written <= LATEST_SECONDS * 1000:
            expected = f"0 to {LATEST_SECONDS * 1000} ms after its second"
            raise Failure("the lateness of the record", expected, f"{written:.0f} ms; see `make logs FN=publish-bluesky`", TRANSCRIPT)
        steps.note(f"on the Bluesky server {written:.0f} ms after its second, by that server's own revision")
        steps.note(f"recorded as published {settled:.0f} ms after its second")


def show_audit_trail(steps: Steps, ada: Person) -> None:
    with steps("read the audit trail"):
        entries = ada.call("list-audit-entries", "GET", f"{ada.workspace}/audit-entries")["items"][::-1]
        for entry in entries:
            at = datetime.fromisoformat(entry["at"])
            actor = "Ada" if entry["actor"] == ada.user_id else entry["actor"]
            steps.note(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {entry['action']:20}  {entry['target']['id']}  by {actor}")
        audited = [entry["action"] for entry in entries if entry["action"] in AUDITED]
        require("the actions, in this order", list(AUDITED), audited)


def show_usage(steps: Steps, ada: Person) -> None:
    with steps("read how much of the plan is used"):
        usage = {use["name"]: use for use in ada.call("get-usage", "GET", f"{ada.workspace}/usage")["items"]}
        for name, use in usage.items():
            resets = f", resets at {use['resets_at']}" if use["resets_at"] else ""
            steps.note(f"{name:16} {use['current']:,} of {use['limit']:,} {use['unit']}{resets}")
        counted = {name: usage[name]["current"] for name in ("channels", "members", "posts_per_month", "scheduled_posts")}
        require("the counts", {"channels": 2, "members": 1, "posts_per_month": 1, "scheduled_posts": 0}, counted)


def limit_networks(steps: Steps, ada: Person) -> None:
    security = f"{ada.workspace}/security"
    with steps("admit only Ada's own network to the workspace"):
        ada.call("update-security", "PATCH", security, {"networks": [f"{ada.address}/32"]})
        elsewhere = Client()
        elsewhere.access_token = ada.access_token
        refused = elsewhere.ask("GET", ada.workspace)
        require("her answer at another address", (403, "network_not_allowed"), (refused.status, refused.document.get("code")))
        steps.note(f"from {ada.address}: 200; from {elsewhere.address}: 403 network_not_allowed")
        ada.call("update-security", "PATCH", security, {"networks": []})


def let_program_write(steps: Steps, ada: Person) -> Client:
    """A token of the workspace acts for no user, within its scopes, and a rotation without an overlap ends its secret at once."""
    tokens = f"{ada.workspace}/tokens"
    with steps("create a token of the workspace for a program, and rotate it"):
        about = {"name": "Import", "scopes": ["posts:read", "posts:write"], "expires_in_days": 1}
        token = ada.call("create-workspace-token", "POST", tokens, about, expected=201)
        program = Client()
        program.access_token = token["token"]
        post = program.call("create-post", "POST", f"{ada.workspace}/posts", {"text": "Written by a program"}, expected=201)
        require("the author of its post", token["id"], post["created_by"])
        other = program.ask("GET", tokens)
        require("its answer from the list of tokens", (403, "session_needed"), (other.status, other.document.get("code")))
        rotated = ada.call("rotate-workspace-token", "POST", f"{tokens}/{token['id']}/rotate", {"overlap_hours": 0})
        require("the answer to the earlier secret", 401, program.ask("GET", f"{ada.workspace}/posts").status)
        program.access_token = rotated["token"]
        program.call("list-posts", "GET", f"{ada.workspace}/posts")
        steps.note(f"{token['token'][:8]}… until {rotated['expires_at'][:16]} UTC; its post is by {post['created_by']}")
    return program


def lower_the_plan(steps: Steps, ada: Person, program: Client) -> None:
    """Nothing is deleted: what the plan has no room for is read-only until it has."""
    posts, limit = f"{ada.workspace}/posts", {"name": "workspace_tokens", "value": 0, "reason": "The demo shows it"}
    with steps("leave no room for tokens in the plan: the program can only read"):
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        operator = {"workspace_id": ada.workspace_id, "set": limit | {"expires_at": expires_at.isoformat()}}
        functions.invoke("set-override", operator)
        refused = await_status(program, posts, 403)
        require("the code of its answer", "over_plan_limit", refused.document["code"])
        program.call("list-posts", "GET", posts)
        (token,) = ada.call("list-workspace-tokens", "GET", f"{ada.workspace}/tokens")["items"]
        require("what Ada sees of its token", True, token["read_only"])
        functions.invoke("set-override", {"workspace_id": ada.workspace_id, "remove": {"name": limit["name"]}})
        await_status(program, posts, 201)
        steps.note("403 over_plan_limit to the program that writes, 200 if it reads; with room again, 201")


def await_status(program: Client, posts: str, status: int) -> Answer:
    """Writes until the answer has this status: a job decides what is read-only, within seconds."""
    deadline = time.monotonic() + LIMITS_APPLIED_SECONDS
    while True:
        answer = program.ask("POST", posts, {"text": "Written by a program"})
        if answer.status == status or time.monotonic() > deadline:
            require("the status of its answer", status, answer.status)
            return answer
        time.sleep(0.5)


def turn_stranger_away(steps: Steps, ada: Person, ids: dict[str, str]) -> None:
    """Another signed-in user cannot distinguish Ada's resources from missing ones."""
    bob = sign_up(steps, "Bob")
    with steps("Bob tries every resource of Ada: 404, as for missing ones"):
        for door in doors(ada.workspace_id, bob.workspace_id, ids):
            real, invented = refusals(bob, door)
            require(f"Bob's answer from {door.shown}", (404, "not_found"), (real[0], real[1].get("code")))
            require(f"Bob's answer from {door.shown}, against that for unused ids", invented, real)
            steps.note(f"404  {door.shown}")
        mine = [workspace["id"] for workspace in bob.call("list-workspaces", "GET", "/workspaces")["items"]]
        require("Bob's workspaces", [bob.workspace_id], mine)
    with steps("and everything is still there for Ada"):
        ada.call("get-channel", "GET", f"{ada.workspace}/channels/{ids['channel']}")
        ada.call("get-media", "GET", f"{ada.workspace}/media/{ids['media']}")
        ada.call("get-post", "GET", f"{ada.workspace}/posts/{ids['post']}")


def invite(steps: Steps, ada: Person) -> None:
    with steps(f"create a personal access token for {TOKEN_DAYS} days"):
        about = {"name": "make demo", "scopes": TOKEN_SCOPES, "workspace_id": ada.workspace_id, "expires_in_days": TOKEN_DAYS}
        token = ada.call("create-access-token", "POST", "/me/access-tokens", about, expected=201)
        steps.note(f"until {token['expires_at'][:16]} UTC, for {', '.join(token['scopes'])}")
    posts = f"$BASE{ada.workspace}/posts"
    steps.say(f"\nDone in {time.monotonic() - steps.began:.0f} s. The stack keeps running; this shell can continue as Ada:\n")
    steps.say(f"export BASE={deploy.base_url()}")
    steps.say(f"export TOKEN={token['token']}\n")
    steps.say('curl -H "Authorization: Bearer $TOKEN" $BASE/me')
    steps.say(f'curl -H "Authorization: Bearer $TOKEN" {posts}')
    steps.say(f"""curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"text": "And another one"}}' {posts}""")
    steps.say(f"\nAll mail that was sent: {places.endpoint()}/_ministack/ses/messages")
    steps.say(f"Ada signs in as {ada.email} with {ada.password} and a code of her authenticator app: {ada.totp_secret}")
    steps.say("`make stop` stops it.")


if __name__ == "__main__":
    main(run)

"""openapi-python-client: every module imports, and a call of each list, creation and paged route."""

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

sys.dont_write_bytecode = True
FACTS = json.loads(Path(sys.argv[1]).read_text())
sys.path.insert(0, str(Path(sys.argv[1]).parent))

import generated.python as package
from generated.python import AuthenticatedClient, models

MODULES = [name for _, name, _ in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
API = {name.rsplit(".", 1)[1]: name for name in MODULES if ".api." in name}
client = AuthenticatedClient(base_url=FACTS["base_url"], token=FACTS["access_token"], raise_on_unexpected_status=True)


def call(operation: str, *path: str, expected: type, **rest: object):
    """Calls an operation, whose response must have the type of its success."""
    answer = importlib.import_module(API[operation]).sync_detailed(*path, client=client, **rest)
    if not isinstance(answer.parsed, expected):
        sys.exit(f"{operation}: {answer.status_code} {answer.content.decode()}")
    return answer


def check(what: str, holds: bool) -> None:
    if not holds:
        sys.exit(what)


def ids(listed) -> list[str]:
    return [item.id for item in listed.items]


for name in MODULES:
    importlib.import_module(name)

about = {"ceremony": FACTS["passkey"]["ceremony"], "name": "Key", "credential": FACTS["passkey"]["credential"]}
added = call("register_passkey", body=models.RegisterPasskey.from_dict(about), expected=models.Passkey).parsed
check("the passkey is listed", added.id in ids(call("list_passkeys", expected=models.PasskeyList).parsed))
check("an app is begun", bool(call("enrol_totp", expected=models.TotpEnrolment).parsed.secret))
check("codes are given", bool(call("regenerate_recovery_codes", expected=models.NewRecoveryCodes).parsed.recovery_codes))
about = models.CreateAccessToken.from_dict({"name": "Program", "scopes": ["posts:read"]})
token = call("create_access_token", body=about, expected=models.NewAccessToken).parsed
check("the token is listed", token.id in ids(call("list_access_tokens", expected=models.AccessTokenList).parsed))
check("the session is listed", len(call("list_sessions", expected=models.SessionList).parsed.items) == 1)
check("the sign-in is listed", len(call("list_sign_ins", limit=1, expected=models.SignInList).parsed.items) == 1)

workspace = call("create_workspace", body=models.CreateWorkspace(name="Studio"), expected=models.Workspace).parsed.id
check("the workspace is listed", workspace in ids(call("list_workspaces", expected=models.WorkspaceList).parsed))
about = models.InviteMember.from_dict({"email": f"invited.{workspace}@example.com", "role": "member"})
invited = call("invite_member", workspace, body=about, expected=models.Invitation).parsed.id
invitations = call("list_invitations", workspace, limit=10, expected=models.InvitationList).parsed
check("the invitation is listed", ids(invitations) == [invited] and invitations.next_cursor is None)
about = models.CreateWorkspaceToken.from_dict({"name": "Program", "scopes": ["posts:write"]})
machine = call("create_workspace_token", workspace, body=about, expected=models.IssuedWorkspaceToken).parsed
machines = call("list_workspace_tokens", workspace, limit=10, expected=models.WorkspaceTokenList).parsed
check("the workspace token is listed", bool(machine.token) and ids(machines) == [machine.id] and machines.next_cursor is None)
members = call("list_members", workspace, limit=10, expected=models.MemberList).parsed
check("the owner is listed", [member.role.value for member in members.items] == ["owner"])
offers = call("list_ownership_offers", workspace, expected=models.OwnershipOfferList).parsed
check("no ownership is offered", offers.items == [])
sessions = call("list_override_sessions", workspace, expected=models.OverrideSessionList).parsed
check("no session of the staff is open", sessions.items == [])
entitlements = call("get_entitlements", workspace, expected=models.Entitlements).parsed
check("the audit log is included", any(feature.name == "AuditLog" and feature.included for feature in entitlements.features))
used = call("get_usage", workspace, expected=models.UsageList).parsed
check("the invitation is counted", any(item.name == "members" and item.current == 2 for item in used.items))
about = models.ConnectBluesky(**FACTS["bluesky"])
channel = call("connect_bluesky", workspace, body=about, expected=models.Channel).parsed.id
about = models.StartConnection(platform=models.Platform.MASTODON, service=FACTS["mastodon"]["service"])
connection = call("start_connection", workspace, body=about, expected=models.Connection).parsed
state = parse_qs(urlsplit(connection.authorization_url).query)["state"][0]
agreed = models.CompleteConnection(code=FACTS["mastodon"]["code"], state=state)
offered = call("complete_connection", workspace, connection.id, body=agreed, expected=models.Connection).parsed
check("the account is offered", [found.account_id for found in offered.accounts] == [FACTS["mastodon"]["account_id"]])
choice = models.ChooseAccount(account_id=FACTS["mastodon"]["account_id"])
other = call("choose_account", workspace, connection.id, body=choice, expected=models.Channel).parsed
check("the account is connected", other.platform is models.Platform.MASTODON and other.state is models.ChannelState.CONNECTED)
channels = call("list_channels", workspace, limit=10, expected=models.ChannelList).parsed
check("the channels are listed", set(ids(channels)) == {channel, other.id} and channels.next_cursor is None)
platforms = call("list_platforms", workspace, expected=models.PlatformInfoList).parsed
check("the platforms are listed", [item.platform for item in platforms.items] == list(models.Platform))
about = models.CreateUpload(size_bytes=3, sha256=FACTS["sha256"], alt_text="A dot")
upload = call("create_upload", workspace, body=about, expected=models.UploadCreated).parsed
check("the upload is signed", upload.upload.method == "PUT" and upload.media.state == "awaiting_upload")
posts = []
for text in ("One", "Two"):
    draft = models.CreatePost(text=text, channel_ids=[channel], media_ids=[])
    posts.append(call("create_post", workspace, body=draft, expected=models.Post).parsed.id)
variant = {"channel_id": other.id, "text": "Toot", "options": {"platform": "mastodon", "visibility": "unlisted"}}
about = models.PreviewPost.from_dict({"text": "One", "channel_ids": [channel, other.id], "variants": [variant]})
shown = call("preview_post", workspace, body=about, expected=models.ChannelPreviewList).parsed
check("the preview shows each channel", [item.text for item in shown.items] == ["One", "Toot"])
first = call("list_posts", workspace, limit=1, expected=models.PostList).parsed
second = call("list_posts", workspace, limit=1, cursor=first.next_cursor, expected=models.PostList).parsed
check("pages hold one post each", ids(first) + ids(second) == posts[::-1])
deliveries = call("list_deliveries", workspace, posts[0], limit=5, expected=models.DeliveryList).parsed
check("a draft has no deliveries", deliveries.items == [] and deliveries.next_cursor is None)
entries = call("list_audit_entries", workspace, limit=1, expected=models.AuditEntryList).parsed
check("the last entry is listed", entries.items[0].action == "post.created" and entries.next_cursor is not None)

tag = call("get_post", workspace, posts[0], expected=models.Post).headers["etag"]
change = {"if_match": tag, "body": models.UpdatePost(text="Three")}
changed = call("update_post", workspace, posts[0], **change, expected=models.Post).parsed
check("what is left out stays", changed.text == "Three" and changed.channel_ids == [channel])
refused = call("update_post", workspace, posts[0], **change, expected=models.PreconditionFailed412Problem).parsed
check("another version is refused", refused.code == "precondition_failed")

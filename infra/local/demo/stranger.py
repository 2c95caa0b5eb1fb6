"""The routes on which a user could try to access another workspace."""

from dataclasses import dataclass
from uuid import uuid4

from demo.client import Client

# The resources of a workspace, and the methods without a body.
ROUTES = (
    ("GET", ""),
    ("GET", "/channels"),
    ("GET", "/channels/{channel}"),
    ("DELETE", "/channels/{channel}"),
    ("GET", "/media/{media}"),
    ("POST", "/media/{media}/complete"),
    ("GET", "/posts"),
    ("GET", "/posts/{post}"),
    ("DELETE", "/posts/{post}"),
    ("GET", "/posts/{post}/deliveries"),
    ("POST", "/posts/{post}/unschedule"),
    ("GET", "/audit-entries"),
)


@dataclass(frozen=True)
class Door:
    method: str
    path: str
    # The same with unused ids.
    invented_path: str
    # For people to read.
    shown: str


def doors(owner_workspace: str, own_workspace: str, ids: dict[str, str]) -> list[Door]:
    """Every route with the owner's workspace; routes to one of her resources also with the stranger's own workspace."""
    invented = {name: _invented(identifier) for name, identifier in ids.items()}
    nowhere = _invented(owner_workspace)
    found = []
    for method, route in ROUTES:
        rest, invented_rest = route.format(**ids), route.format(**invented)
        hers = f"{method:6} /workspaces/{{hers}}{route}"
        found.append(Door(method, f"/workspaces/{owner_workspace}{rest}", f"/workspaces/{nowhere}{invented_rest}", hers))
        if rest != route:
            his = f"{method:6} /workspaces/{{his}}{route}"
            found.append(Door(method, f"/workspaces/{own_workspace}{rest}", f"/workspaces/{own_workspace}{invented_rest}", his))
    return found


def refusals(stranger: Client, door: Door) -> list[tuple[int, dict]]:
    """The responses for the real and the invented ids, without the request id, which always differs."""
    answers = [stranger.ask(door.method, path) for path in (door.path, door.invented_path)]
    return [(answer.status, {name: value for name, value in answer.document.items() if name != "instance"}) for answer in answers]


def _invented(identifier: str) -> str:
    """An unused id of the same kind and millisecond."""
    prefix, _, number = identifier.partition("_")
    return f"{prefix}_{number[:13]}{uuid4().hex[13:]}"

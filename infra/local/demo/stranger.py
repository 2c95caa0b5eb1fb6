"""Where somebody could try to get at what is another workspace's."""

from dataclasses import dataclass
from uuid import uuid4

from demo.client import Client

# What a workspace has, and what can be done to it that needs no body.
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
    # The same with ids that nobody has.
    invented_path: str
    # As a person reads it.
    shown: str


def doors(owner_workspace: str, own_workspace: str, ids: dict[str, str]) -> list[Door]:
    """Every route with the owner's workspace, and those to one thing of hers also with the stranger's own workspace before it."""
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
    """The answers for the real ids and for the invented ones, without the id of the request, which is always another."""
    answers = [stranger.ask(door.method, path) for path in (door.path, door.invented_path)]
    return [(answer.status, {name: value for name, value in answer.document.items() if name != "instance"}) for answer in answers]


def _invented(identifier: str) -> str:
    """An id of the same kind and the same millisecond, which nobody has."""
    prefix, _, number = identifier.partition("_")
    return f"{prefix}_{number[:13]}{uuid4().hex[13:]}"

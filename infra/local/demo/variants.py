"""What each channel gets of a post: a preview of it, and a draft with a variant."""

from demo.client import Client, require
from demo.steps import Steps

# Both ends are white space, which Mastodon removes.
LINK = "https://example.com/a_(b)"
TEXT = f" Kia ora from {LINK} #cafés "
TOO_LONG = "é" * 301


def show(steps: Steps, person: Client, workspace: str, bluesky: str, mastodon: str) -> None:
    """Previews a post for both channels, and stores it as a draft."""
    options = {"platform": "mastodon", "visibility": "unlisted", "spoiler_text": "Tea", "language": "mi"}
    content = {"text": TEXT, "channel_ids": [bluesky, mastodon], "variants": [{"channel_id": mastodon, "options": options}]}
    with steps("preview a post for both channels, with a content warning for Mastodon"):
        shown = preview(person, workspace, content)
        require("its text on Bluesky", TEXT, shown[bluesky]["text"])
        require("its text on Mastodon", TEXT.strip(), shown[mastodon]["text"])
        # The warning counts with the text, and the link as 23, unless the server states another number.
        (measured,) = shown[mastodon]["lengths"]
        link = 23 if measured["measure"] == "mastodon" else len(LINK)
        length = len(TEXT.strip()) - len(LINK) + link + len("Tea")
        require("its length on Mastodon", length, measured["count"])
        require("what Bluesky's record will mark", ["link", "tag"], [facet["kind"] for facet in shown[bluesky]["facets"]])
        require("the violations", [[], []], [item["violations"] for item in shown.values()])
        steps.note(f"Mastodon: {length} of {measured['limit']} characters")
    with steps("preview a text that is too long for Bluesky"):
        (violation,) = preview(person, workspace, content | {"text": TOO_LONG})[bluesky]["violations"]
        numbers = {"field": "text", "measure": "graphemes", "count": 301, "limit": 300}
        require("the violation", numbers, {name: violation[name] for name in numbers})
        steps.note(f"{violation['field']} {violation['rule']}")
    with steps("store the post as a draft with its variant"):
        post = person.call("create-post", "POST", f"{workspace}/posts", content, expected=201)
        variant = {"channel_id": mastodon, "text": None, "media_ids": None, "options": options}
        require("its variants", [variant], post["variants"])
        steps.note(post["id"])


def preview(person: Client, workspace: str, content: dict) -> dict[str, dict]:
    """What each channel would get, by the channel's id."""
    shown = person.call("preview-post", "POST", f"{workspace}/posts/preview", content)
    return {item["channel_id"]: item for item in shown["items"]}

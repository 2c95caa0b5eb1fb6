"""A Mastodon server that others wrote, on loopback: PyPI's mastodon-mock. Its accounts exist while it runs."""

import shutil

import places
from places import HERE, TEMPORARY, VENV, clean_environment, mastodon_url
from progress import say
from service import Service, answers
from tools import python_tools

# Not `mastodon`: the transcript of tests/peers/mastodon.py has that name.
MASTODON = Service("mastodon-server", VENV / "mastodon" / "bin" / "mastodon_mock")


def up() -> None:
    if is_up():
        say(f"the Mastodon server is up at {mastodon_url()}")
        return
    tools = python_tools("mastodon")
    MASTODON.stop()
    if places.claim_ports("mastodon"):
        say(f"the usual port is taken: the Mastodon server of this checkout uses {places.port('mastodon')}")
    # It leaves its database and files in the temporary folder, where the next run cannot use them.
    scratch = TEMPORARY / "mastodon"
    shutil.rmtree(scratch, ignore_errors=True)
    host, port = "127.0.0.1", places.port("mastodon")
    command = [tools / "python", MASTODON.program, "serve", "--config", HERE / "mastodon.toml", "--host", host, "--port", port]
    # The domain is part of every address of a status. By default it would be `localhost`.
    command += ["--domain", f"{host}:{port}", "--in-memory", "--log-level", "info"]
    MASTODON.start(command, clean_environment() | {"TMPDIR": str(scratch)}, f"{mastodon_url()}/health")
    say(f"the Mastodon server is up at {mastodon_url()}")


def down() -> bool:
    return MASTODON.stop()


def is_up() -> bool:
    return MASTODON.process() is not None and answers(f"{mastodon_url()}/health")

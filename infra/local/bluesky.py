"""A real Bluesky server (PDS) and its directory (PLC), on loopback. Their accounts are in memory and exist while they run."""

import shutil

import places
from places import BLUESKY, TEMPORARY, clean_environment, pds_url
from progress import say
from service import Service, answers
from tools import bluesky_node

PDS = Service("pds", BLUESKY / "server.mjs")


def up() -> None:
    if is_up():
        say(f"the Bluesky server is up at {pds_url()}")
        return
    node = bluesky_node()
    PDS.stop()
    if places.claim_ports("pds", "plc"):
        say(f"the usual port is taken: the Bluesky server of this checkout uses {places.port('pds')}")
    # It leaves its repositories and blobs in the temporary folder, where the next run cannot use them.
    scratch = TEMPORARY / "bluesky"
    shutil.rmtree(scratch, ignore_errors=True)
    command = [node, BLUESKY / "server.mjs", places.port("pds"), places.port("plc")]
    PDS.start(command, clean_environment() | {"TMPDIR": str(scratch)}, f"{pds_url()}/xrpc/_health")
    say(f"the Bluesky server is up at {pds_url()}")


def down() -> bool:
    return PDS.stop()


def is_up() -> bool:
    return PDS.process() is not None and answers(f"{pds_url()}/xrpc/_health")

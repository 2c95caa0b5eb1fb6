"""The emulated AWS account: ministack on loopback, with state that survives restarts."""

import places
from places import HERE, clean_environment, endpoint, state
from progress import say
from service import Service, answers
from tools import python_tools

CLOUD = Service("cloud", HERE / "launch.py")


def up() -> None:
    if is_up():
        say(f"the local cloud is up at {endpoint()}")
        return
    tools = python_tools("cloud")
    CLOUD.stop()
    if places.claim_ports("cloud"):
        say(f"the usual port is taken: this checkout uses {places.port('cloud')}")
    CLOUD.start([tools / "python", HERE / "launch.py"], _environment(), f"{endpoint()}/_ministack/health")
    say(f"the local cloud is up at {endpoint()}")


def down() -> bool:
    return CLOUD.stop()


def is_up() -> bool:
    return CLOUD.process() is not None and answers(f"{endpoint()}/_ministack/health")


def _environment() -> dict[str, str]:
    """ministack's settings. Functions inherit them too, so the environment is otherwise clean."""
    return clean_environment(
        # It binds to every interface by default, and two of its listeners ignore BIND_HOST.
        BIND_HOST="127.0.0.1",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        GATEWAY_PORT=str(places.port("cloud")),
        PERSIST_STATE="1",
        STATE_DIR=str(state()),
        S3_PERSIST="1",
        S3_DATA_DIR=str(state() / "s3"),
        # The endpoint for functions.
        AWS_ENDPOINT_URL=endpoint(),
        # Its log is read while it runs.
        PYTHONUNBUFFERED="1",
    )

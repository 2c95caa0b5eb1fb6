"""The folders of the local cloud, its ports, and the identity of its clients."""

import json
import os
import platform
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "infra" / "local"

# Everything the local cloud writes is under one ignored folder, so removing it is a complete reset.
LOCAL = ROOT / ".local"
LOG = LOCAL / "log"
RUN = LOCAL / "run"
BUILD = LOCAL / "build"
PACKAGE = LOCAL / "package"
VENV = LOCAL / "venv"
BLUESKY = LOCAL / "bluesky"
CLIENTS = LOCAL / "clients"
TEMPORARY = LOCAL / "tmp"
OUTPUTS = LOCAL / "outputs.json"
PORTS = LOCAL / "ports.json"

TEMPLATE = ROOT / "template.yaml"
TARGET = ROOT / "target"

STACK = "bulkhead"
REGION = "us-east-1"
DEPLOY_BUCKET = "bulkhead-deploy"
MACHINE_ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"

DEFAULT_PORTS = {"cloud": 4566, "pds": 2583, "plc": 2582, "mastodon": 2584}


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment of every program started here.

    Only variables for finding programs and networks are inherited. An AWS profile, a proxy or a credential of the
    developer must not reach the emulated cloud, and SAM must never find a real account.
    """
    passed = ("PATH", "HOME", "USER", "LANG", "TERM", "SSL_CERT_FILE", "RUSTUP_HOME", "CARGO_HOME")
    kept = {name: os.environ[name] for name in passed if name in os.environ}
    return kept | {"TMPDIR": str(TEMPORARY)} | settings


def client_environment() -> dict[str, str]:
    """The environment with which an AWS client calls the local cloud only."""
    return {
        "AWS_ENDPOINT_URL": endpoint(),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def port(name: str) -> int:
    """The port of a service of this checkout, as recorded by `claim_ports`."""
    return _recorded_ports().get(name, DEFAULT_PORTS[name])


def endpoint() -> str:
    return f"http://127.0.0.1:{port('cloud')}"


def pds_url() -> str:
    return f"http://127.0.0.1:{port('pds')}"


def mastodon_url() -> str:
    return f"http://127.0.0.1:{port('mastodon')}"


def state() -> Path:
    """The emulator's stored state. It has queue addresses with the port in them, so each port has its own state."""
    return LOCAL / "state" / str(port("cloud"))


def claim_ports(*names: str) -> list[str]:
    """Records a free port for each service about to start, and returns those that could not keep theirs.

    Two checkouts run side by side (a clean clone under test, and a developer's running stack), so a port that something
    else holds is left alone and another is remembered for this checkout.
    """
    ports = _recorded_ports()
    moved = []
    for name in names:
        wanted = ports.get(name, DEFAULT_PORTS[name])
        if not _is_free(wanted):
            moved.append(name)
            others = {port for other, port in ports.items() if other != name}
            wanted = next(number for number in range(DEFAULT_PORTS[name], 65536) if number not in others and _is_free(number))
        ports[name] = wanted
    write_json(PORTS, ports)
    return moved


def read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def write_json(path: Path, value: dict) -> None:
    """Writes atomically: another command may read at any time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
    fresh.replace(path)


def _recorded_ports() -> dict[str, int]:
    return read_json(PORTS)


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection of the last run in TIME_WAIT does not occupy a port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True

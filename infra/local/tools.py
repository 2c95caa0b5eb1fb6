"""Tools of the make targets: pinned, and installed into this checkout on first use."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from places import BLUESKY, HERE, TEMPORARY, VENV
from progress import Failure, run, say

OLDEST_NODE = 22

# Third-party programs that ours are compared with: the names of each, and the package of Debian and Ubuntu.
ARCHIVE = {
    "oathtool": (("oathtool",), "oathtool"),
    "argon2": (("argon2",), "argon2"),
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium"),
}


def python_tools(name: str) -> Path:
    """The `bin` folder of a virtual environment with the pins of `requirements-<name>.txt`: cloud, sam, check, peers, clients, mastodon or lambda."""
    requirements = HERE / f"requirements-{name}.txt"
    folder = VENV / name
    stamp = folder / "installed"
    wanted = _digest(requirements.read_bytes(), sys.version.encode())
    if _text(stamp) == wanted:
        return folder / "bin"
    pins = [line for line in requirements.read_text().splitlines() if line and not line.startswith("#")]
    say(f"installing {pins[0]} and {len(pins) - 1} more from infra/local/{requirements.name} (once)")
    shutil.rmtree(folder, ignore_errors=True)
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    run(f"creating venv/{name}", [sys.executable, "-m", "venv", folder], f"venv-{name}")
    pip = [folder / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    # Byte code is written on first use instead: compiling thousands of files that are never imported would cost more.
    run(f"installing into venv/{name}", [*pip, "install", "--no-compile", "-r", requirements], f"install-{name}")
    stamp.write_text(wanted)
    return folder / "bin"


def bluesky_node() -> Path:
    """The node program that runs the Bluesky server, after installing both."""
    pins = [HERE / "bluesky" / name for name in ("package.json", "package-lock.json", ".npmrc", "server.mjs")]
    BLUESKY.mkdir(parents=True, exist_ok=True)
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    for pin in pins:
        shutil.copyfile(pin, BLUESKY / pin.name)
    stamp = BLUESKY / "node_modules" / ".installed"
    wanted = _digest(*(pin.read_bytes() for pin in pins[:3]), platform.machine().encode())
    if _text(stamp) == wanted:
        return _node()
    say("installing the Bluesky server, its node and 660 packages (once)")
    # Install scripts are disabled for every package: the only native module that we need is compiled below.
    run("npm ci of the Bluesky server", ["npm", "ci"], "npm-ci", cwd=BLUESKY, env=_npm_environment())
    node = _node()
    # The headers come with the pinned node. By default the build would fetch them, for the wrong version.
    compiling = _npm_environment() | {
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        "npm_config_nodedir": str(node.parent.parent),
        "npm_config_ignore_scripts": "false",
        # Its install script would otherwise first look for a binary that is not pinned by a lock file.
        "npm_config_build_from_source": "true",
        # SQLite takes half the time to compile, and a few accounts need no more.
        "CFLAGS": "-O1",
        "CXXFLAGS": "-O1",
    }
    run("compiling better-sqlite3", ["npm", "rebuild", "better-sqlite3"], "npm-rebuild", cwd=BLUESKY, env=compiling)
    stamp.write_text(wanted)
    return node


def client_generators(stories: Path, work: Path) -> Path:
    """The node program that runs the generators of clients, after installing them and the stories into a folder."""
    node = bluesky_node()
    work.mkdir(parents=True, exist_ok=True)
    for source in stories.iterdir():
        shutil.copyfile(source, work / source.name)
    stamp = work / "node_modules" / ".installed"
    wanted = _digest(*((stories / pin).read_bytes() for pin in ("package.json", "package-lock.json", ".npmrc")))
    if _text(stamp) != wanted:
        say("installing two generators of clients and their 84 packages (once)")
        run("npm ci of the generators", ["npm", "ci"], "npm-ci-clients", cwd=work, env=_npm_environment())
        stamp.write_text(wanted)
    return node


def cargo_tool(name: str) -> None:
    """Installs a cargo subcommand that the machine may lack, such as `nextest`, into cargo's own folder."""
    if subprocess.run(["cargo", name, "--version"], capture_output=True).returncode == 0:
        return
    say(f"installing cargo-{name} into cargo's own folder (once; some minutes)")
    run(f"cargo install cargo-{name}", ["cargo", "install", "--locked", f"cargo-{name}"], f"install-{name}")


def archive_programs(*names: str) -> None:
    """Installs programs from the machine's package archive, which needs root or sudo without a password."""
    packages = [package for aliases, package in map(ARCHIVE.__getitem__, names) if not any(map(shutil.which, aliases))]
    if not packages:
        return
    command = f"apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise Failure("finding " + " and ".join(packages), f"installed, or an apt-get to `{command}` with", "neither")
    say(f"installing {' and '.join(packages)} into this machine: {command} (once)")
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    root = ["sudo", "-n"] if os.geteuid() else []
    # Waits for concurrent installations.
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", "-o", "DPkg::Lock::Timeout=300"]
    run("apt-get update", [*apt, "update"], "apt-update")
    run(command, [*apt, "install", "--no-install-recommends", *packages], "apt-install")


def peers(*, browser: bool) -> Path:
    """The `bin` folder of the tests' Python, after installing the programs that the tests compare with."""
    try:
        archive_programs("oathtool", *(["chromium"] if browser else []))
    except Failure as failure:
        failure.came += "; install them yourself; BULKHEAD_BROWSER=0 does without Chromium"
        raise
    return python_tools("peers")


def _npm_environment() -> dict[str, str]:
    # npm reads the machine's registry and certificate settings, so it keeps the whole environment.
    return os.environ | {"TMPDIR": str(TEMPORARY)}


def _node() -> Path:
    """The pinned node that npm installed for this platform, or the machine's own if it is new enough."""
    cpu = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    pinned = BLUESKY / "node_modules" / f"node-{platform.system().lower()}-{cpu}" / "bin" / "node"
    if pinned.exists():
        return pinned
    own = shutil.which("node")
    version = subprocess.run([own, "--version"], capture_output=True, text=True).stdout.strip() if own else "none"
    if not version.startswith("v") or int(version[1:].split(".")[0]) < OLDEST_NODE:
        raise Failure("finding node", f"node {OLDEST_NODE} or newer (there is no pinned one for this platform)", version)
    return Path(own)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""

"""The commands of the local cloud: their names and functions."""

import os
import shlex
import shutil

import answers
import bluesky
import check
import deploy
import emulator
import functions
import installs
import ledger
import mastodon
import package
import places
import tools
from progress import Failure, say

USAGE = {
    "up": "start the local cloud",
    "deploy": "package the local build and deploy template.yaml to the local cloud",
    "build [FN]": "compile all functions, or one, for the local cloud",
    "prepare TARGET": "compile all functions, and install what the targets local, demo or test need",
    "generate [--check]": "write the files that are generated from the functions' declarations, or show how they differ",
    "push FN": "build one function and make it live",
    "logs FN": "follow the log of one function",
    "check-logs": "fail if any function has panicked",
    "check-answers": "fail if a declared problem was produced by no test of the last run",
    "install TARGET": "install what the targets local, demo or test need; later steps would do it on demand",
    "env": "print the environment of a client of the local cloud, to evaluate in a shell",
    "status": "show what runs where",
    "pds-up": "start a real Bluesky server",
    "pds-down": "stop it",
    "mastodon-up": "start a Mastodon server that others wrote",
    "mastodon-down": "stop it",
    "down": "stop everything; the state of the local cloud is kept",
    "reset": "stop everything and delete the state of the local cloud",
    "package [ARCHITECTURE]": "build and package all functions for AWS, into target/package; without an architecture for this machine's",
    "sam ...": "run the pinned SAM with the machine's own AWS credentials",
    "prune STACK": "delete old versions of a stack's functions, with the machine's own AWS credentials",
    "check-templates": "run cfn-lint on the templates, and checkov on their expansion",
    "install-cargo-tool NAME": "install a cargo subcommand if it is missing",
    "peer NAME": "run a program of tests/peers against the deployed stack",
}


def run(arguments: list[str]) -> None:
    match arguments:
        case ["up"]:
            emulator.up()
        case ["deploy"]:
            deploy.deploy()
        case ["build", *name] if len(name) <= 1:
            package.build(*name)
        case ["prepare", target]:
            installs.prepare(target, browser=wants_browser())
        case ["generate", *flags] if flags in ([], ["--check"]):
            package.generate(*flags)
        case ["push", name]:
            functions.push(name)
        case ["logs", name]:
            functions.logs(name)
        case ["check-logs"]:
            functions.check_logs()
        case ["check-answers"]:
            answers.check()
        case ["install", target]:
            installs.install(target, browser=wants_browser())
        case ["env"]:
            print_environment()
        case ["status"]:
            print_status()
        case ["pds-up"]:
            bluesky.up()
        case ["pds-down"]:
            bluesky.down()
        case ["mastodon-up"]:
            mastodon.up()
        case ["mastodon-down"]:
            mastodon.down()
        case ["down"]:
            down()
        case ["reset"]:
            down()
            places.OUTPUTS.unlink(missing_ok=True)
            shutil.rmtree(places.state(), ignore_errors=True)
            say("the local cloud is empty")
        case ["package", *architecture] if len(architecture) <= 1:
            package.package_release(*architecture)
        case ["sam", *words]:
            os.execv(tools.python_tools("sam") / "sam", ["sam", *words])
        case ["prune", stack]:
            os.execv(tools.python_tools("sam") / "python", ["python", places.HERE / "prune.py", stack])
        case ["check-templates"]:
            check.templates()
        case ["install-cargo-tool", name]:
            tools.cargo_tool(name)
        case ["peer", name]:
            run_peer(name)
        case _:
            width = max(map(len, USAGE))
            lines = [f"  {name:{width}}  {meaning}" for name, meaning in USAGE.items()]
            raise Failure("reading the command", "one of these:\n" + "\n".join(lines), " ".join(arguments) or "nothing")


def wants_browser() -> bool:
    return os.environ.get("BULKHEAD_BROWSER", "1") != "0"


def run_peer(name: str) -> None:
    """Replaces this process by the program, so that ending the process ends the program."""
    program = places.ROOT / "tests" / "peers" / f"{name}.py"
    python = tools.peers(browser=wants_browser()) / "python"
    os.execv(python, [python, program, *(["soft", "staff", "deletion"] if name == "passkeys" and not wants_browser() else [])])


def down() -> None:
    stopped = [emulator.down(), bluesky.down(), mastodon.down()]
    say("stopped" if any(stopped) else "nothing was running")


def print_environment() -> None:
    """Settings for a shell: `eval "$(python3 infra/local/cloud.py env)"`."""
    settings = places.client_environment() | {
        "BULKHEAD_STACK": places.STACK,
        **{f"BULKHEAD_{plane['variable']}": deploy.base_url(plane["name"]) for plane in deploy.planes()},
        "BULKHEAD_PDS_URL": places.pds_url(),
        "BULKHEAD_MASTODON_URL": places.mastodon_url(),
        # The stack's outputs, as JSON: the names of tables, buckets and keys.
        "BULKHEAD_OUTPUTS": str(places.OUTPUTS),
        "BULKHEAD_CLOUD_LOG": str(emulator.CLOUD.log),
    }
    for name, value in settings.items():
        print(f"export {name}={shlex.quote(value)}")


def print_status() -> None:
    up = emulator.is_up()
    say(f"local cloud     {places.endpoint() if up else 'not running'}")
    say(f"Bluesky server  {places.pds_url() if bluesky.is_up() else 'not running'}")
    say(f"Mastodon server {places.mastodon_url() if mastodon.is_up() else 'not running'}")
    last = ledger.read() if up else {}
    if last:
        deployed = places.read_json(places.OUTPUTS)
        say(f"stack           {places.STACK}, {len(deployed.get('functions', []))} functions")
        for plane in deploy.planes():
            say(f"{'plane ' + plane['name']:15} {deploy.base_url(plane['name'])}")
        say(f"pushed since    {', '.join(last['pushed']) or 'nothing'}")

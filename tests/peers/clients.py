#!/usr/bin/env python3
"""Clients generated from the OpenAPI document by three generators: they compile, and each calls the deployed stack.

openapi-python-client, openapi-typescript with openapi-fetch, and @hey-api/openapi-ts, at the versions that
`infra/local/requirements-clients.txt` and `clients/package-lock.json` pin. The stories in `clients/` call every list, every
creation and every paginated route of the document. The local cloud and the Bluesky server must be up.
"""

import base64
import concurrent.futures
import hashlib
import json
import os
import re
import secrets
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import deploy
import places
import tools
from demo import mastodon_server, pds
from demo.client import start_transcript
from demo.steps import Steps
from people import Person
from progress import Failure, main
from progress import run as execute
from soft_authenticator import SoftAuthenticator

STORIES = Path(__file__).with_suffix("")
WORK = places.CLIENTS
GENERATED = WORK / "generated"
DOCUMENT = WORK / "openapi.json"


def run(arguments: list[str]) -> None:
    if arguments:
        raise Failure("reading the command", "nothing", " ".join(arguments))
    start_transcript()
    steps = Steps(quiet=True)
    python, node = tools.python_tools("clients"), tools.client_generators(STORIES, WORK)
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir(parents=True)
    person = Person()
    document = person.call("get-openapi", "GET", "/openapi.json")
    DOCUMENT.write_text(json.dumps(document))
    stories = {
        "openapi-python-client": STORIES / "openapi_python_client.py",
        "openapi-typescript": STORIES / "openapi_typescript.ts",
        "hey-api": STORIES / "hey_api.ts",
    }
    with steps("every list, creation and paged route is called by every story"):
        for name, story in stories.items():
            require_calls(name, story.read_text(), document)
    with steps("openapi-python-client: generate"):
        generate = ["generate", "--path", DOCUMENT, "--output-path", GENERATED / "python", "--meta", "none", "--fail-on-warning"]
        execute("generating", [python / "openapi-python-client", *generate], "clients-python", env=environment(python))
    with steps("openapi-typescript and hey-api: generate, and compile strictly"):
        packages, settings = WORK / "node_modules", environment(node.parent)
        hey = ["--input", DOCUMENT, "--output", GENERATED / "hey", "--client", "@hey-api/client-fetch", "--no-log-file"]
        of_types = [node, packages / "openapi-typescript" / "bin" / "cli.js", DOCUMENT, "--output", GENERATED / "schema.d.ts"]
        execute("openapi-typescript", of_types, "clients-openapi-typescript", env=settings, cwd=WORK)
        execute("hey-api", [node, packages / "@hey-api" / "openapi-ts" / "bin" / "run.js", *hey], "clients-hey", env=settings, cwd=WORK)
        execute("tsc", [node, packages / "typescript" / "bin" / "tsc", "--project", WORK], "clients-tsc", env=settings, cwd=WORK)
    commands = {
        "openapi-python-client": [python / "python", STORIES / "openapi_python_client.py"],
        "openapi-typescript": [node, WORK / "built" / "openapi_typescript.js"],
        "hey-api": [node, WORK / "built" / "hey_api.js"],
    }
    with steps("each calls the stack"), concurrent.futures.ThreadPoolExecutor() as pool:
        for told in [pool.submit(tell, name, command) for name, command in commands.items()]:
            told.result()


def tell(name: str, command: list) -> None:
    """Runs a story as a new user."""
    person, authenticator = Person(), SoftAuthenticator()
    started = person.start()
    credential = authenticator.create(deploy.local_parameters()["AppUrl"], started["options"])
    account = pds.create_account(f"client-{secrets.token_hex(4)}")
    fediverse = mastodon_server.create_account(f"client_{secrets.token_hex(4)}")
    facts = WORK / f"{name}.json"
    content = {
        "base_url": deploy.base_url(),
        "access_token": person.access_token,
        "passkey": {"ceremony": started["ceremony"], "credential": credential},
        "mastodon": {
            "service": places.mastodon_url(),
            "account_id": f"{fediverse.host}/{fediverse.number}",
            "code": mastodon_server.code_of(fediverse),
        },
        "bluesky": {
            "service": places.pds_url(),
            "identifier": account.handle,
            "app_password": account.create_app_password("Clients"),
        },
        "sha256": base64.b64encode(hashlib.sha256(b"dot").digest()).decode(),
    }
    facts.write_text(json.dumps(content))
    execute(name, [*command, facts], f"clients-{name}", env=places.clean_environment(), cwd=WORK)


def require_calls(name: str, story: str, document: dict) -> None:
    """Requires that the story calls every operation that returns a list, accepts a cursor or creates a resource."""
    missing = []
    for methods in document["paths"].values():
        for operation in methods.values():
            answers, parameters = operation["responses"], operation["parameters"]
            success = answers.get("200", {}).get("content", {}).get("application/json", {}).get("example")
            is_list = isinstance(success, dict) and "items" in success
            is_paged = any(parameter.get("name") == "cursor" for parameter in parameters)
            called = re.search(rf"[\"']{operation['operationId']}[\"']", story)
            if (is_list or is_paged or "201" in answers) and not called:
                missing.append(operation["operationId"])
    if missing:
        raise Failure(f"reading the story of {name}", "a call of each list, creation and paged route", f"none of {', '.join(missing)}")


def environment(first: Path) -> dict[str, str]:
    """The environment with this folder first in PATH."""
    clean = places.clean_environment()
    return clean | {"PATH": f"{first}{os.pathsep}{clean['PATH']}"}


if __name__ == "__main__":
    main(run)

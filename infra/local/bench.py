#!/usr/bin/env python3
"""The numbers of docs/benchmarks.md: size, start and memory of the release binaries of `make package`, a warm read, a
sign-in against the hash that it computes, that hash against the reference's, and the verification of a token.

A binary is started as Lambda starts it, against a Runtime API in this program; it calls the local cloud. CPU
time is read from the kernel's scheduler statistics, in nanoseconds.
"""

import sys

sys.dont_write_bytecode = True

import importlib.util
import json
import os
import platform
import random
import secrets
import subprocess
import time
from pathlib import Path
from statistics import median

import aws
import deploy
import functions
import places
import tools
from demo.client import Client, start_transcript
from demo.mailbox import read_mail_to, token_in
from demo.steps import Steps
from package import LARGEST_ZIP_BYTES, RELEASE_PACKAGE, RELEASE_TARGET
from progress import Failure, main, step
from runtime import Counter, Invoked

TABLE = places.ROOT / "docs" / "benchmarks.md"
ROUTE = "get-workspace"
STARTS = 30
WARM_UP = 40
# Every fourth request or so renews the address's lease of the rate limit; 120 stay below its 200 a minute.
READS = 120
# Compared values are measured alternately, so that other load on the machine affects both.
ROUNDS = 5
HASHES_A_ROUND = 4
WARM_UP_SIGN_INS = 3
# Its second, fourth, eighth and sixteenth request renews the lease of a new address.
WARM_UP_REFRESHES = 4
REFRESHES = 9
VERIFICATIONS = 2000
PREVIEWS = 200

Row = tuple[str, str, str]


class Person(Client):
    """A user with an account and only a password."""

    def __init__(self) -> None:
        super().__init__()
        self.email, self.password = f"bench-{secrets.token_hex(5)}@example.com", secrets.token_urlsafe(18)
        self.call("register", "POST", "/auth/register", {"email": self.email}, expected=202)
        about = {"token": token_in(read_mail_to(self.email)), "name": "Bench", "password": self.password}
        self.call("verify-email", "POST", "/auth/verify-email", about)


def event(route: str, path: str, *, token: str = "", body: dict | None = None, **parameters: str) -> dict:
    """A request event of API Gateway. Each has its own source address, because requests per address are limited."""
    method = route.partition(" ")[0]
    address = f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
    client = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": address, "userAgent": "bench"}
    context = {"accountId": "000000000000", "apiId": deploy.api_id("product"), "domainName": "bench", "domainPrefix": "bench", "http": client}
    context |= {"requestId": "bench", "routeKey": route, "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 0}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    document = {"version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "requestContext": context, "isBase64Encoded": False}
    if body is not None:
        headers["content-type"] = "application/json"
        document["body"] = json.dumps(body)
    return document | {"headers": headers, "pathParameters": parameters}


def settings_of(function: str) -> dict[str, str]:
    """The environment of the deployed function, for the same binary started here."""
    physical = functions.physical_name(function)
    configuration = aws.json_call("lambda", "GET", f"/2015-03-31/functions/{physical}/configuration")
    return configuration["Environment"]["Variables"] | places.client_environment() | {"BASE_URL": deploy.base_url()}


def invoke(function: Invoked, about: dict, expected: int = 200) -> tuple[dict, float]:
    """Returns the response document and the CPU time."""
    answer, cpu_ms = function.invoke(about)
    if answer.get("statusCode") != expected:
        raise Failure(f"invoking {about['routeKey']}", f"status {expected}", json.dumps(answer)[:500])
    return json.loads(answer.get("body") or "{}"), cpu_ms


def demo_program():
    """Loads `demo.py`, which has the same name as the package `demo` next to it."""
    spec = importlib.util.spec_from_file_location("demo_program", places.HERE / "demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_rows() -> list[Row]:
    binary, settings = RELEASE_TARGET / ROUTE, settings_of(ROUTE)
    starts = []
    for _ in range(STARTS):
        with Invoked(binary, settings) as function:
            starts.append(function.cpu_ms())
    owner = demo_program().sign_up(Steps(quiet=True), "Bench")
    workspace = owner.workspace_id
    read = event("GET /workspaces/{workspace_id}", owner.workspace, token=owner.access_token, workspace_id=workspace)
    with Invoked(binary, settings) as function:
        reads = [invoke(function, read)[1] for _ in range(WARM_UP + READS)][WARM_UP:]
        resident_mb = function.resident_mb()
    return [
        (f"exec to first `/next`, `{ROUTE}`, CPU, p50 of {STARTS}", f"{median(starts):.1f} ms", "≤ 4 ms"),
        (f"warm authenticated read, `{ROUTE}`, CPU, p50 of {READS}", f"{median(reads):.2f} ms", "≤ 0.6 ms"),
        (f"resident memory of a warm `{ROUTE}`", f"{resident_mb:.1f} MB", "≤ 24 MB"),
    ]


def size_rows() -> list[Row]:
    sizes = {path.stem: path.stat().st_size / 1e6 for path in RELEASE_PACKAGE.glob("*.zip")}
    largest = max(sizes, key=sizes.__getitem__)
    return [
        (f"zip of `{ROUTE}`", f"{sizes[ROUTE]:.2f} MB", "≤ 5.5 MB"),
        (f"largest zip (`{largest}`, of {len(sizes)})", f"{sizes[largest]:.2f} MB", f"≤ {LARGEST_ZIP_BYTES / 1e6} MB, the gate"),
    ]


def sign_in_rows() -> list[Row]:
    """Measures sign-ins with a right and a wrong password, our hash alone, and the reference's, alternately."""
    tools.archive_programs("argon2")
    settings = settings_of("login")
    cost = (int(settings["PASSWORD_MEMORY_KIB"]), int(settings["PASSWORD_PASSES"]), 1)
    person = Person()
    hashes, references, starts, right, wrong = [], [], [], [], []
    session = {}
    with Invoked(RELEASE_TARGET / "login", settings) as login:

        def sign_in(password: str, expected: int) -> float:
            nonlocal session
            about = {"email": person.email, "password": password}
            answer, cpu_ms = invoke(login, event("POST /auth/login", "/auth/login", body=about), expected)
            session = answer if expected == 200 else session
            return cpu_ms

        for _ in range(WARM_UP_SIGN_INS):
            sign_in(person.password, 200)
        for _ in range(ROUNDS):
            hashes += [taken / 1e6 for taken in measure("hash", *cost, HASHES_A_ROUND)["hash_ns"]]
            for _ in range(HASHES_A_ROUND):
                references.append(reference_ms(*cost))
                # With the least cost, what remains is the start of the process.
                starts.append(reference_ms(8, 1, 1))
                # A right password after each wrong one, so that failures are never in a row.
                wrong.append(sign_in(secrets.token_urlsafe(18), 401))
                right.append(sign_in(person.password, 200))
    own, reference = median(hashes), median(references) - median(starts)
    what = f"Argon2id of m={cost[0] / 1024:g} MiB, t={cost[1]}, p={cost[2]}"
    runs = f"CPU, p50 of {len(hashes)}"
    return [
        (f"{what} by Debian's `argon2`, user {runs}, less its start", f"{reference:.1f} ms", ""),
        (f"{what} by our code alone, {runs}", f"{own:.1f} ms, {own / reference:.2f} × Debian's", "≤ 1.0 × Debian's"),
        (f"`login`, wrong password, {runs}", f"{median(wrong):.1f} ms, {median(wrong) / own:.2f} × the hash", "≤ 1.1 × the hash"),
        (f"`login`, right password, {runs}", f"{median(right):.1f} ms, {median(right) / own:.2f} × the hash", "≤ 1.1 × the hash"),
        refresh_row(session["refresh_token"]),
    ]


def reference_ms(memory_kib: int, passes: int, lanes: int) -> float:
    """User time of a process of the reference implementation that computes one hash: `-r`, because it would otherwise also verify it."""
    command = ["argon2", "saltofsixteenchr", "-id", "-k", str(memory_kib), "-t", str(passes), "-p", str(lanes), "-l", "32", "-r"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        process.stdin.write(secrets.token_urlsafe(24).encode())
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failure(" ".join(command), "exit code 0", str(process.returncode))
    return usage.ru_utime * 1000


def measure(*words: object) -> dict:
    """The results of infra/measure, each in its own processor time."""
    return json.loads(subprocess.run([RELEASE_TARGET / "measure", *map(str, words)], capture_output=True, check=True).stdout)


def refresh_row(token: str) -> Row:
    counted = []
    with Counter() as counter, Invoked(RELEASE_TARGET / "refresh-session", settings_of("refresh-session") | counter.settings) as function:
        about = event("POST /auth/refresh", "/auth/refresh", body={})
        for _ in range(WARM_UP_REFRESHES + REFRESHES):
            body = json.dumps({"refresh_token": token, "attempt": secrets.token_urlsafe(16)})
            answer, _ = invoke(function, about | {"body": body})
            token = answer["refresh_token"]
            counted.append(counter.take())
    calls = sorted(counted[WARM_UP_REFRESHES:], key=len)[REFRESHES // 2]
    names = ", ".join(name.partition(".")[2] for name in calls)
    return (f"calls of DynamoDB of `refresh-session`, warm, p50 of {REFRESHES}", f"{len(calls)} ({names})", "≤ 2")


def token_row() -> Row:
    taken = measure("verification", VERIFICATIONS)
    signature, whole = (median(taken[name]) / 1000 for name in ("verify_ns", "whole_ns"))
    what = f"verification of an access token (ES256, claims), CPU, p50 of {VERIFICATIONS}; with its header"
    return (what, f"{signature:.0f} µs; {whole:.0f} µs", "≤ 100 µs")


def preview_row() -> Row:
    taken = median(measure("preview", PREVIEWS)["preview_ns"]) / 1e6
    return (f"preview of a long post for ten channels, CPU, p50 of {PREVIEWS}", f"{taken:.2f} ms", "≤ 2 ms")


def table() -> list[Row]:
    start_transcript()
    with step("measuring starts and reads"):
        reads = read_rows()
    with step("measuring sign-ins and hashes"):
        sign_ins = sign_in_rows()
    return [*reads, *size_rows(), *sign_ins, token_row(), preview_row()]


def run(_: list[str]) -> None:
    rows = table()
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    machine = f"{os.cpu_count()} cores, {model or platform.machine()}, {platform.system()}; {time.strftime('%Y-%m-%d', time.gmtime())}"
    lines = ["| what | measured | limit |", "|---|---|---|", *(f"| {what} | {value} | {limit} |" for what, value, limit in rows)]
    print("\n".join([f"Measured by `make bench` on {machine}.", "", *lines]))
    text = TABLE.read_text() if TABLE.exists() else "# Benchmarks\n\n<!-- measured -->\n<!-- /measured -->\n"
    head, _, rest = text.partition("<!-- measured -->")
    tail = rest.partition("<!-- /measured -->")[2]
    TABLE.write_text("\n".join([f"{head}<!-- measured -->", f"Measured by `make bench` on {machine}.", "", *lines, f"<!-- /measured -->{tail}"]))


if __name__ == "__main__":
    main(run)

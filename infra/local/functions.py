"""Work on one function of the running stack: push new code, follow its log."""

import base64
import time

import aws
import ledger
import package
from places import OUTPUTS, read_json
from progress import Failure, say, step

ALIAS = "live"
POLL_SECONDS = 0.5
# How far back `logs` begins.
HISTORY_SECONDS = 600
OVERLAP_SECONDS = 10
PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


def push(name: str) -> None:
    """Builds one function and makes it live. The stack's templates stay as deployed."""
    deployed = read_json(OUTPUTS).get("functions", [])
    if name not in deployed:
        raise Failure(f"pushing {name}", "a function of the deployed stack", ", ".join(deployed) or "nothing is deployed")
    package.build(name)
    (item,) = package.package_local([name], name)
    # The next deploy must not consider the stack unchanged, even if the code is the old one again.
    ledger.write(None, sorted({*ledger.read().get("pushed", []), name}))
    with step(f"putting it into {name}"):
        swap(item)


def swap(item: package.Package) -> None:
    physical = physical_name(item.function)
    code = {"ZipFile": base64.b64encode(item.zip.read_bytes()).decode(), "Publish": True}
    version = aws.json_call("lambda", "PUT", f"/2015-03-31/functions/{physical}/code", code)["Version"]
    aws.json_call("lambda", "PUT", f"/2015-03-31/functions/{physical}/aliases/{ALIAS}", {"FunctionVersion": version})
    say(f"{physical}:{ALIAS} is version {version}")


def logs(name: str) -> None:
    """Follows the log of a function until interrupted. A line appears when its invocation has ended."""
    group = f"/aws/lambda/{physical_name(name)}"
    say(f"{group}, from {HISTORY_SECONDS // 60} minutes ago; end with Ctrl-C")
    # The emulator writes each invocation to its own stream at once.
    shown: set[str] = set()
    since = time.time() - HISTORY_SECONDS
    while True:
        now = time.time()
        events = _events(group, since)
        for event in events:
            if event["logStreamName"] not in shown and not event["message"].startswith(PLATFORM_LINES):
                print(event["message"], flush=True)
        shown.update(event["logStreamName"] for event in events)
        # Lines have the time at which their invocation ended, and may be stored slightly later than newer ones.
        since = max(since, now - OVERLAP_SECONDS)
        time.sleep(POLL_SECONDS)


def check_logs() -> None:
    """Fails if any function has panicked since the stack was deployed: bad input must always return a named error."""
    panics = []
    names = read_json(OUTPUTS).get("functions", [])
    with step(f"looking for panics in the logs of {len(names)} functions"):
        for name in names:
            messages = [event["message"].strip() for event in _events(f"/aws/lambda/{physical_name(name)}", 0)]
            panics += [f"{name}: {message[:300]}" for message in messages if "panicked at" in message]
    if panics:
        raise Failure("looking for panics", "none in any function's log", "\n            ".join(panics[:10]))


def invoke(name: str, event: dict) -> dict:
    """Runs an operator's job, and returns its reply."""
    path = f"/2015-03-31/functions/{physical_name(name)}/invocations"
    reply = aws.json_call("lambda", "POST", path, event) or {}
    if "errorMessage" in reply:
        raise Failure(f"running the job {name}", "no error", f"{reply}; `make logs FN={name}` shows its log")
    return reply


def physical_name(name: str) -> str:
    """The name in the cloud: the stack's prefix and the function's name."""
    listed = []
    query = ""
    while True:
        answer = aws.json_call("lambda", "GET", f"/2015-03-31/functions/{query}")
        listed += [item["FunctionName"] for item in answer["Functions"]]
        if not answer.get("NextMarker"):
            break
        query = f"?Marker={answer['NextMarker']}"
    # The shortest: `-get-post` also ends the name of a function `forget-get-post`.
    matching = sorted((item for item in listed if item == name or item.endswith(f"-{name}")), key=len)
    if not matching:
        raise Failure(f"finding the function {name}", "a function of that name in the local cloud", ", ".join(sorted(listed)) or "there are none")
    return matching[0]


def _events(group: str, since: float) -> list[dict]:
    events: list[dict] = []
    request = {"logGroupName": group, "startTime": int(since * 1000)}
    while True:
        try:
            answer = aws.target_call("logs", "Logs_20140328.FilterLogEvents", request)
        except aws.Refused as refused:
            # The log group is created by the first invocation.
            if "ResourceNotFound" in refused.body:
                return events
            raise
        events += answer.get("events", [])
        if not answer.get("nextToken"):
            return events
        request["nextToken"] = answer["nextToken"]

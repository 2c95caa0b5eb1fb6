"""Deploys `template.yaml` to the local cloud with SAM: the same files as on AWS, with local parameters."""

import concurrent.futures
import datetime
import hashlib
import json
import shutil
import time
from pathlib import Path

import aws
import emulator
import functions
import ledger
import package
import places
from places import BUILD, DEPLOY_BUCKET, HERE, LOCAL, OUTPUTS, ROOT, STACK, TEMPLATE, clean_environment, client_environment, write_json
from progress import Failure, run, say, step
from tools import python_tools

PLANES = ROOT / "infra" / "generated" / "planes.json"
MAIL_DOMAIN = "bulkhead.test"
# The prefix of the tables that tests in the emulator use (shared/src/testing).
TEST_NAME = "bht"
SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
SETTLE_SECONDS = 180
UPLOADS = 8


# The default addresses of development servers: Next.js and others, Vite and its preview, Angular, Astro, webpack. To a browser, localhost
# and 127.0.0.1 are two origins.
DEV_ORIGINS = [f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173, 4173, 4200, 4321, 8080)]


def planes() -> list[dict]:
    """The planes, with the names of their API and parameters in the templates."""
    return json.loads(PLANES.read_text())


def api_id(plane: str) -> str:
    """The id of a plane's API, which the emulator reads from a tag, so that its address is known in advance and never changes."""
    return f"{STACK}-{plane}"


def base_url(plane: str = "product") -> str:
    return f"{places.endpoint()}/_aws/execute-api/{api_id(plane)}"


def local_parameters() -> dict[str, str]:
    """Values of the root template's parameters on the local cloud. Those that the template lacks are omitted."""
    addresses = {plane["base_url"]: base_url(plane["name"]) for plane in planes()}
    return addresses | {
        "Architecture": places.MACHINE_ARCHITECTURE,
        "Cell": "local",
        "AppUrl": DEV_ORIGINS[0],
        "AllowedOrigins": ",".join(DEV_ORIGINS),
        "StaffAllowedOrigins": "http://localhost:3001",
        "StaffConsoleUrl": "http://localhost:3001",
        "MailFrom": f"no-reply@{MAIL_DOMAIN}",
        # A new workspace has every entitlement.
        "InitialPlan": "enterprise",
        "LogRetentionDays": "7",
        # The emulator has no CodeDeploy, and a disposable stack needs no protection.
        "Canary": "false",
        "DeploymentPreference": "AllAtOnce",
        "DeletionProtection": "false",
    }


def deploy() -> None:
    if not emulator.is_up():
        raise Failure("deploying", "the local cloud is up", "it is not: `make local` starts it")
    names = package.functions()
    packages = package.package_local(names)
    fingerprint = _fingerprint(packages)
    last = ledger.read()
    if last.get("fingerprint") == fingerprint and _status() in SETTLED:
        say("nothing has changed since the last deploy")
        return
    pushed = last.get("pushed", [])
    ledger.write(None, pushed)
    tools = python_tools("sam")
    _upload(packages)
    code = {item.function: f"s3://{DEPLOY_BUCKET}/{item.key}" for item in packages}
    expand(BUILD, local_parameters(), code, {plane["api"]: {"ms-custom-id": api_id(plane["name"])} for plane in planes()})
    _make_way()
    _sam_deploy(tools, f"sam deploy ({len(packages)} functions)")
    _verify_sender(MAIL_DOMAIN)
    _deploy_test_data()
    for item in packages:
        # CloudFormation does not know a pushed version, and would leave it live if the template has not changed.
        if item.function in pushed:
            functions.swap(item)
    package.forget_pushed()
    run("deleting old versions of functions", [tools / "python", HERE / "prune.py", STACK], "prune", env=clean_environment(**client_environment()))
    addresses = {plane["name"]: base_url(plane["name"]) for plane in planes()}
    write_json(OUTPUTS, {"stack": STACK, "planes": addresses, "functions": names, "outputs": _stack_outputs()})
    ledger.write(fingerprint, [])
    for plane, address in addresses.items():
        say(f"deployed {plane} to {address}")


def expand(output: Path, parameters: dict[str, str], code: dict[str, str], api_tags: dict[str, dict[str, str]]) -> None:
    """Writes the templates as CloudFormation sees them, under `output` with the same relative paths. `api_tags` has the tags
    of each API by its logical id."""
    shutil.rmtree(output, ignore_errors=True)
    job = LOCAL / "run" / f"expand-{output.name}.json"
    write_json(job, {"root": str(TEMPLATE), "output": str(output), "parameters": parameters, "code": code, "api_tags": api_tags})
    run("expanding the templates", [python_tools("sam") / "python", HERE / "expand.py", job], "expand", env=clean_environment())


def templates() -> list[Path]:
    """Every template of the project."""
    return [TEMPLATE, *sorted(ROOT.glob("infra/*.yaml")), *sorted(ROOT.glob("infra/generated/*.yaml"))]


def _fingerprint(packages: list[package.Package]) -> str:
    """The fingerprint of everything that a deploy depends on."""
    seen = hashlib.sha256()
    for source in [*templates(), HERE / "requirements-sam.txt", HERE / "expand.py"]:
        seen.update(source.name.encode() + b"\0" + hashlib.sha256(source.read_bytes()).digest())
    for item in packages:
        seen.update(f"{item.function} {item.digest}\n".encode())
    seen.update(json.dumps(local_parameters(), sort_keys=True).encode())
    return seen.hexdigest()


def _upload(packages: list[package.Package]) -> None:
    _create_unless("BucketAlreadyOwnedByYou", "s3", "PUT", f"/{DEPLOY_BUCKET}")
    missing = [item for item in packages if not aws.has_object(DEPLOY_BUCKET, item.key)]
    with step(f"uploading {len(missing)} of {len(packages)} packages"), concurrent.futures.ThreadPoolExecutor(UPLOADS) as workers:
        list(workers.map(lambda item: aws.call("s3", "PUT", f"/{DEPLOY_BUCKET}/{item.key}", item.zip.read_bytes()), missing))


def _sam_deploy(tools: Path, title: str) -> None:
    began = time.time()
    try:
        run(title, _sam_command(tools), "deploy", cwd=LOCAL, env=_sam_environment())
    except Failure as failure:
        # SAM shows only the events of the root stack, which lack the reason of a failure in a nested one.
        failure.came += "".join(f"\n            {reason}" for reason in _failed_resources(began))
        raise


def _failed_resources(began: float) -> list[str]:
    stacks = [stack.findtext("StackName") for stack in aws.query_call("cloudformation", "DescribeStacks").iterfind(".//Stacks/member")]
    reasons = []
    for stack in stacks:
        for event in aws.query_call("cloudformation", "DescribeStackEvents", StackName=stack).iterfind(".//StackEvents/member"):
            then = datetime.datetime.fromisoformat(event.findtext("Timestamp")).timestamp()
            nested = event.findtext("ResourceType") == "AWS::CloudFormation::Stack"
            if then >= began - 1 and event.findtext("ResourceStatus").endswith("_FAILED") and not nested:
                reasons.append(f"{stack}: {event.findtext('LogicalResourceId')}: {event.findtext('ResourceStatusReason')}")
    return reasons


def _sam_command(tools: Path) -> list:
    declared = json.loads((BUILD / TEMPLATE.name).read_text()).get("Parameters", {})
    overrides = [f"{name}={value}" for name, value in local_parameters().items() if name in declared]
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    command = [tools / "sam", "deploy", "--template-file", BUILD / TEMPLATE.name, "--stack-name", STACK, "--s3-bucket", DEPLOY_BUCKET]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar", "--capabilities", *capabilities]
    return command + (["--parameter-overrides", *overrides] if overrides else [])


def _sam_environment() -> dict[str, str]:
    # SAM has its own folder: keep it with the other files of the local cloud instead of in the home folder.
    return clean_environment(SAM_CLI_TELEMETRY="0", __SAM_CLI_APP_DIR=str(LOCAL / "sam"), **client_environment())


def _status(stack: str = STACK) -> str | None:
    try:
        stacks = aws.query_call("cloudformation", "DescribeStacks", StackName=stack)
    except aws.Refused:
        return None
    return stacks.findtext(".//StackStatus")


def _make_way() -> None:
    """Waits for a running deploy, and deletes the stack of a failed one."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (status := _status()) and status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        if time.monotonic() > deadline:
            raise Failure("waiting for the last deploy", f"an end within {SETTLE_SECONDS} s", status, emulator.CLOUD.log)
        time.sleep(0.5)
    if status is None or status in SETTLED:
        return
    with step(f"removing the stack, which the last deploy left in {status}"):
        aws.query_call("cloudformation", "DeleteStack", StackName=STACK)
        while (status := _status()) not in (None, "DELETE_COMPLETE"):
            if time.monotonic() > deadline:
                raise Failure("removing the stack", "its end", f"{status}; `make reset` starts from an empty cloud", emulator.CLOUD.log)
            time.sleep(0.5)


def _verify_sender(domain: str) -> None:
    """On AWS the owner of the sender's identity verifies it once, outside the stack. Here creating it is enough."""
    _create_unless("AlreadyExistsException", "ses", "POST", "/v2/email/identities", json.dumps({"EmailIdentity": domain}).encode())


def _deploy_test_data() -> None:
    """Deploys a second set of tables, keys and bucket, without functions, for the tests that use the emulator.

    On the first set, the deployed relay would consume their messages.
    """
    parameters = {"Name": TEST_NAME, "WorkspaceKeys": "dedicated", "AllowedOrigins": ",".join(DEV_ORIGINS), "DeletionProtection": "false"}
    form = {"StackName": f"{STACK}-test", "TemplateBody": (BUILD / "infra" / "data.yaml").read_text()}
    for number, (name, value) in enumerate(parameters.items(), 1):
        form |= {f"Parameters.member.{number}.ParameterKey": name, f"Parameters.member.{number}.ParameterValue": value}
    with step("deploying the tables of the tests"):
        there = _status(f"{STACK}-test")
        if there not in (None, *SETTLED):
            aws.query_call("cloudformation", "DeleteStack", StackName=f"{STACK}-test")
            _await_status(f"{STACK}-test", lambda status: status in (None, "DELETE_COMPLETE"))
            there = None
        try:
            aws.query_call("cloudformation", "UpdateStack" if there else "CreateStack", **form)
        except aws.Refused as refused:
            if "No updates" not in refused.body:
                raise
        _await_status(f"{STACK}-test", lambda status: status in SETTLED)


def _await_status(stack: str, wanted) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while not wanted(status := _status(stack)):
        if time.monotonic() > deadline or (status or "").endswith("FAILED"):
            raise Failure(f"waiting for the stack {stack}", "its end", str(status), emulator.CLOUD.log)
        time.sleep(0.2)


def _create_unless(there: str, *call) -> None:
    try:
        aws.call(*call)
    except aws.Refused as refused:
        if there not in refused.body:
            raise


def _stack_outputs() -> dict[str, str]:
    stacks = aws.query_call("cloudformation", "DescribeStacks", StackName=STACK)
    return {item.findtext("OutputKey"): item.findtext("OutputValue") for item in stacks.findall(".//Outputs/member")}

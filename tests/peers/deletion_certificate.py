#!/usr/bin/env python3
"""A verifier of deletion certificates that shares no code with the service: PyPI's PyJWT and cryptography.

`python3 tests/peers/deletion_certificate.py FOLDER` verifies `certificate.jws` with `jwks.json` of a folder, which the test
`a_stranger_verifies_a_certificate_and_no_changed_one` writes if BULKHEAD_CERTIFICATE names one (with BULKHEAD_AT in the past, because a
certificate from the future is refused). No service is needed.
`tell_deletion` is a story of `passkeys.py`: a customer deletes a workspace of the deployed stack, and verifies the certificate of its mail.
"""

import base64
import json
import re
import sys
import time
from pathlib import Path

TYPE = "deletion-certificate+jwt"
COMPACT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
COUNTS = ("memberships", "workspace_tokens", "override_sessions", "messages", "audit_entries", "object_versions", "object_bytes")
INSTANTS = ("deleted_at", "erasure_began_at", "erased_at", "backups_end_at")
# A pass that found something, and one that found nothing.
PASSES = 2
ATTEMPTS = 20


def verify(certificate: str, jwks: dict, issuer: str, workspace: str) -> dict:
    """The claims of a certificate, if one of the published keys signed it for this workspace. Raises otherwise."""
    import jwt

    header = jwt.get_unverified_header(certificate)
    if (header.get("typ"), header.get("alg")) != (TYPE, "ES256"):
        raise jwt.InvalidTokenError(f"another type or algorithm: {header}")
    keys = [key for key in jwks["keys"] if key["kid"] == header["kid"]]
    if len(keys) != 1:
        raise jwt.InvalidKeyError(f"{len(keys)} published keys have the id {header['kid']}")
    required = ["iss", "sub", "jti", "iat"]
    return jwt.decode(certificate, jwt.PyJWK(keys[0]), algorithms=["ES256"], issuer=issuer, subject=workspace, options={"require": required})


def check(certificate: str, jwks: dict, issuer: str, workspace: str) -> dict:
    """Verifies a certificate, its claims, and that neither a changed one nor one of a foreign key is accepted."""
    claims = verify(certificate, jwks, issuer, workspace)
    instants = [claims[name] for name in INSTANTS]
    if instants != sorted(instants) or not all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at) for at in instants):
        raise ValueError(f"instants out of order: {instants}")
    if time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(claims["iat"])) != claims["erased_at"][:19]:
        raise ValueError("it was not issued when the workspace was erased")
    destroyed = claims["destroyed"]
    if not destroyed["items"] or not all(isinstance(count, int) and count > 0 for count in destroyed["items"].values()):
        raise ValueError(f"no count per kind of item: {destroyed}")
    if not all(isinstance(destroyed[name], int) for name in COUNTS):
        raise ValueError(f"a count is missing: {destroyed}")
    for key in claims["keys"]:
        if not key["arn"].startswith("arn:") or key["destroyed_at"] < claims["erasure_began_at"]:
            raise ValueError(f"a key without its destruction: {key}")
    if not claims["statement"]:
        raise ValueError("no statement")
    for changed in changes(certificate):
        refuse(changed, jwks, issuer, workspace)
    refuse(certificate, jwks, issuer, workspace[:-1] + ("1" if workspace[-1] == "0" else "0"))
    refuse(certificate, jwks, "https://other.example", workspace)
    check_foreign_keys(certificate, claims, jwks, issuer, workspace)
    return claims


def changes(certificate: str) -> list[str]:
    """The certificate with each letter replaced, unless the bytes stay the same: the last letter of a part has bits to spare."""
    made = []
    for at, letter in enumerate(certificate):
        changed = certificate[:at] + ("B" if letter == "A" else "A") + certificate[at + 1 :]
        if decoded(changed) != decoded(certificate):
            made.append(changed)
    return made


def decoded(certificate: str) -> list[bytes]:
    # A part of one letter more than a multiple of four has no bytes.
    padded = (part[: len(part) - (len(part) % 4 == 1)] for part in certificate.split("."))
    return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in padded]


def refuse(certificate: str, jwks: dict, issuer: str, workspace: str) -> None:
    import jwt

    try:
        verify(certificate, jwks, issuer, workspace)
    except (jwt.PyJWTError, KeyError, ValueError):
        return
    raise ValueError(f"accepted: {certificate}")


def check_foreign_keys(certificate: str, claims: dict, jwks: dict, issuer: str, workspace: str) -> None:
    """The same claims, signed by another key that claims to be ours, or has an id of its own; and ours, where another key has its id."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    kid = jwt.get_unverified_header(certificate)["kid"]
    foreign = ec.generate_private_key(ec.SECP256R1())
    for claimed in (kid, "foreign"):
        forged = jwt.encode(claims, foreign, algorithm="ES256", headers={"kid": claimed, "typ": TYPE})
        refuse(forged, jwks, issuer, workspace)
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(foreign.public_key()))
    refuse(certificate, {"keys": [public | {"kid": kid}]}, issuer, workspace)
    refuse(certificate, {"keys": [key for key in jwks["keys"] if key["kid"] != kid]}, issuer, workspace)
    # Without a signature, and as a token of a shared secret that everyone can read.
    for algorithm, secret in (("none", None), ("HS256", jwks["keys"][0]["x"])):
        refuse(jwt.encode(claims, secret, algorithm=algorithm, headers={"kid": kid, "typ": TYPE}), jwks, issuer, workspace)


def in_mail(mail: dict) -> str | None:
    """The certificate in the text of a mail: a paragraph of its own, in pieces."""
    paragraphs = ("".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", mail["BodyText"]))
    return next((paragraph for paragraph in paragraphs if COMPACT.fullmatch(paragraph)), None)


def tell_deletion(steps, _origin: str) -> None:
    import deploy
    from demo.client import Client
    from demo.mailbox import read_mail_to
    from people import require
    from staff import Owner

    with steps("deletion: an owner makes a workspace, and deletes it"):
        owner = Owner()
        workspace, at = owner.workspace_id, owner.workspace
        owner.call("create-workspace-token", "POST", f"{at}/tokens", {"name": "Import", "scopes": ["posts:read"]}, expected=201)
        owner.call("rename-workspace", "PATCH", at, {"name": "Southwind"})
        logged = len(owner.audited())
        owner.call("delete-workspace", "DELETE", at)
    with steps("deletion: the workspace is erased, as if 30 days had passed"):
        erase(workspace)
    with steps("deletion: the certificate of the owner's mail is verified with the published keys, and nothing else is"):
        mail = read_mail_to(owner.email, lambda mail: in_mail(mail) is not None)
        jwks = Client().call("get-jwks", "GET", "/.well-known/jwks.json")
        destroyed = check(in_mail(mail), jwks, deploy.base_url("product"), workspace)["destroyed"]
        # With the entry of the deletion.
        require("the entries of the audit log", logged + 1, destroyed["audit_entries"])
        require("the memberships and tokens", (1, 1), (destroyed["memberships"], destroyed["workspace_tokens"]))
        require("the workspace's answer", 404, owner.ask("GET", at).status)


def erase(workspace: str) -> None:
    """Runs the job until nothing is left. The local cloud has the machine's clock: instead of waiting, the instant at which the job
    begins its next pass is set back."""
    import aws
    import functions
    from progress import Failure

    prefix = functions.physical_name("purge-workspaces").removesuffix("-purge-workspaces")
    key = {"pk": {"S": f"W#{workspace}"}, "sk": {"S": "ERASURE#CURRENT"}}
    past = "2020-01-01T00:00:00.000Z"
    due = {
        "TableName": f"{prefix}-tenants",
        "Key": key,
        "UpdateExpression": "SET e.due_at = :at, due_sk = :due",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":at": {"S": past}, ":due": {"S": f"{past}#ERASURE#CURRENT"}},
    }
    for _ in range(ATTEMPTS):
        try:
            aws.target_call("dynamodb", "DynamoDB_20120810.UpdateItem", due)
        except aws.Refused as refused:
            if "ConditionalCheckFailed" not in refused.body:
                raise
            return
        # A run of the schedule may be in progress: then this one does nothing.
        functions.invoke("purge-workspaces", {})
        time.sleep(1)
    raise Failure("erasing the workspace", f"{PASSES} passes within {ATTEMPTS} runs", "its erasure is not finished")


def run(folder: Path) -> None:
    certificate, jwks = (folder / "certificate.jws").read_text(), json.loads((folder / "jwks.json").read_text())
    expected = json.loads((folder / "expected.json").read_text())
    claims = check(certificate, jwks, expected["issuer"], expected["workspace"])
    counted = {name: claims["destroyed"][name] for name in expected["destroyed"]}
    if counted != expected["destroyed"]:
        raise ValueError(f"the counts are {counted}, not {expected['destroyed']}")
    print(f"verified: {json.dumps(claims, indent=2)}")


if __name__ == "__main__":
    run(Path(sys.argv[1]))

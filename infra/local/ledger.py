"""What was deployed last and pushed since, kept inside the local cloud.

Beside it in a file, it would survive a cloud that was killed and fell back to its last stored state: then a deploy would skip
what that cloud no longer has.
"""

import json

import aws

_NAME = "/bulkhead/local/deployed"


def read() -> dict:
    try:
        answer = aws.target_call("ssm", "AmazonSSM.GetParameter", {"Name": _NAME})
    except aws.Refused as refused:
        if "ParameterNotFound" in refused.body:
            return {}
        raise
    return json.loads(answer["Parameter"]["Value"])


def write(fingerprint: str | None, pushed: list[str]) -> None:
    value = json.dumps({"fingerprint": fingerprint, "pushed": pushed})
    aws.target_call("ssm", "AmazonSSM.PutParameter", {"Name": _NAME, "Type": "String", "Value": value, "Overwrite": True})

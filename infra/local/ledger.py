"""The last deploy and the pushes since, recorded inside the local cloud.

A file outside would survive a cloud that was killed and fell back to its last stored state: a deploy would then skip
changes that the cloud no longer has.
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

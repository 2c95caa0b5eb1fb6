"""Deletes old versions of a stack's functions: `prune.py <stack>`. Runs in SAM's virtual environment, after a deploy.

Each deploy publishes a version of every function that it changes, and nothing removes them. An account holds 75 GB of code
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), which 230 functions of 6 MB fill in about 50 deploys. A version
that an alias names, or shifts traffic to, is in use and stays; so do the newest ones, to which a rollback goes.
"""

import sys

import boto3
from botocore.exceptions import ClientError

KEPT = 3


def superfluous(versions: list[str], used: set[str]) -> list[str]:
    """The versions to delete, oldest first."""
    numbered = sorted((int(version) for version in versions if version != "$LATEST"), reverse=True)
    return [str(version) for version in reversed(numbered[KEPT:]) if str(version) not in used]


def functions_of(cloudformation, stack: str) -> list[str]:
    """The names of the functions of a stack and of those nested in it."""
    found = []
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                found.append(resource["PhysicalResourceId"])
            elif resource["ResourceType"] == "AWS::CloudFormation::Stack":
                found += functions_of(cloudformation, resource["PhysicalResourceId"])
    return sorted(found)


def prune(client, function: str) -> int:
    """Deletes the superfluous versions of one function, and returns how many they were."""
    listed = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [version["Version"] for page in listed for version in page["Versions"]]
    aliases = [alias for page in client.get_paginator("list_aliases").paginate(FunctionName=function) for alias in page["Aliases"]]
    used = {alias["FunctionVersion"] for alias in aliases}
    for alias in aliases:
        used |= set(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
    deleted = 0
    for version in superfluous(versions, used):
        try:
            client.delete_function(FunctionName=function, Qualifier=version)
            deleted += 1
        except ClientError as error:
            # An alias took it in the meantime, or another run deleted it: either way it is not ours to delete.
            if error.response["Error"]["Code"] not in ("ResourceConflictException", "ResourceNotFoundException"):
                raise
    return deleted


def main(stack: str) -> None:
    client = boto3.client("lambda")
    names = functions_of(boto3.client("cloudformation"), stack)
    if not names:
        sys.exit(f"pruning: expected functions in the stack {stack}, and found none")
    deleted = 0
    for at, name in enumerate(names, 1):
        deleted += prune(client, name)
        print(f"\rpruning: {at} of {len(names)} functions, {deleted} old versions deleted", end="", flush=True)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])

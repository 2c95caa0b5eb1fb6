"""Expands the SAM templates into plain CloudFormation. Runs in SAM's virtual environment: `expand.py <job.json>`.

The emulator does not apply the transform of a nested stack, so the local deploy applies it first; and checkov reads the
result, as CloudFormation will see it. The job has the root template, the output folder (with the same relative
paths), the parameter values, the place of each function's code, and tags for each API.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

SERVERLESS = "AWS::Serverless-2016-10-31"
NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


class NoManagedPolicies:
    """The functions' policies are inline; none is a managed policy that would need a lookup in the account."""

    def load(self) -> dict:
        return {}


def expand(template: Path, job: dict, values: dict) -> None:
    content = yaml_parse(template.read_text())
    values = {name: parameter["Default"] for name, parameter in content.get("Parameters", {}).items() if "Default" in parameter} | values
    for logical_id, resource in content["Resources"].items():
        properties = resource.setdefault("Properties", {})
        if (place := NESTED.get(resource["Type"])) and isinstance(properties[place], str):
            expand((template.parent / properties[place]).resolve(), job, _known(properties.get("Parameters", {}), values))
        elif resource["Type"] == "AWS::Serverless::Function":
            name = Path(properties["CodeUri"]).stem
            properties["CodeUri"] = job["code"].get(name, f"s3://none/{name}.zip")
        elif resource["Type"] == "AWS::ApiGatewayV2::Api" and (tags := job["api_tags"].get(logical_id)):
            properties["Tags"] = properties.get("Tags", {}) | tags
    if content.get("Transform") == SERVERLESS:
        content = transform(content, values, NoManagedPolicies(), passthrough_metadata=True)
    target = Path(job["output"]) / template.relative_to(Path(job["root"]).parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=1, default=str))


def _known(parameters: dict, values: dict) -> dict:
    """The parameters of a nested stack whose values are known before the deploy. SAM needs those that switch deployment preferences."""
    known = {}
    for name, value in parameters.items():
        if isinstance(value, dict) and set(value) == {"Ref"}:
            value = values.get(value["Ref"])
        if isinstance(value, (str, int, bool)):
            known[name] = value
    return known


if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text())
    expand(Path(job["root"]), job, job["parameters"])

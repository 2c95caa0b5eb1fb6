"""Checks of the templates, as written and as CloudFormation will see them."""

import deploy
import package
from places import LOCAL, REGION, clean_environment
from progress import run
from tools import python_tools

EXPANDED = LOCAL / "check"


def templates() -> None:
    """Runs cfn-lint on the templates, and checkov on their expansion with the parameters for AWS, with skips next to the resources they excuse."""
    package.functions()
    tools = python_tools("check")
    # W3002 says that local paths need packaging, which every deploy does.
    lint = [tools / "cfn-lint", "--non-zero-exit-code", "informational", "--ignore-checks", "W3002", "--template", *deploy.templates()]
    run("cfn-lint", lint, "cfn-lint", env=clean_environment(AWS_DEFAULT_REGION=REGION))
    deploy.expand(EXPANDED, {}, {}, {})
    command = [tools / "checkov", "--directory", EXPANDED, "--framework", "cloudformation", "--quiet", "--compact", "--skip-download"]
    run("checkov", command, "checkov", env=clean_environment())

"""Checks of the templates, as they are written and as CloudFormation will see them."""

import deploy
import package
from places import LOCAL
from progress import run
from tools import python_tools

EXPANDED = LOCAL / "check"


def templates() -> None:
    """cfn-lint on the templates; checkov on their expansion with the parameters that AWS gets, skips beside what they excuse."""
    package.functions()
    tools = python_tools("check")
    run("cfn-lint", [tools / "cfn-lint", "--non-zero-exit-code", "informational", *deploy.templates()], "cfn-lint")
    deploy.expand(EXPANDED, {}, {}, {})
    command = [tools / "checkov", "--directory", EXPANDED, "--framework", "cloudformation", "--quiet", "--compact", "--skip-download"]
    run("checkov", command, "checkov")

"""Starts ministack with the changes that this project needs. Runs in ministack's own virtual environment.

Each change is one function below, with its reason. They patch the exact version that `requirements-cloud.txt` pins:
`rewrite` refuses to start if the source differs from what it expects, so an update of the pin cannot lose one silently.
"""

import inspect
import textwrap
import types
from datetime import UTC, datetime
from uuid import uuid4

from ministack.core import lambda_runtime
from ministack.core.responses import get_request_client_ip
from ministack.services import apigateway, eventbridge, lambda_svc
from ministack.services.cloudformation import provisioners

# ministack waits this long for a function's first log line after it has answered. Ours log one line before they answer, so
# the default of 50 ms is spent only by those that log nothing; what comes later than this is shown with the next invocation.
FIRST_LOG_LINE_SECONDS = 0.010
LAST_LOG_LINE_SECONDS = 0.001
LOG_LIMIT_SECONDS = 0.250


def rewrite(module: types.ModuleType, function: str, old: str, new: str) -> None:
    """Replaces `old`, which must occur in the function exactly once, by `new`."""
    source = textwrap.dedent(inspect.getsource(getattr(module, function)))
    found = source.count(old)
    if found != 1:
        raise SystemExit(f"launch.py does not fit this ministack: `{old}` occurs {found} times in {module.__name__}.{function}")
    exec(compile(source.replace(old, new), f"{module.__file__}:{function} (rewritten)", "exec"), module.__dict__)


def answer_in_milliseconds() -> None:
    """Unchanged, a warm invocation takes 100 ms: the wait for a log line, and Nagle's algorithm on the Runtime API."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (FIRST_LOG_LINE_SECONDS, LAST_LOG_LINE_SECONDS, LOG_LIMIT_SECONDS)
    build = lambda_runtime.ProvidedWorker._build_handler_class

    def without_delay(worker, generation, pending):
        handler = build(worker, generation, pending)
        handler.disable_nagle_algorithm = True
        return handler

    lambda_runtime.ProvidedWorker._build_handler_class = without_delay


def show_the_peer_as_source_ip() -> None:
    """ministack passes 127.0.0.1 for every client. With the real peer, a test that binds to 127.0.0.2 is another client for the rate leases."""
    apigateway.get_request_client_ip = get_request_client_ip
    rewrite(apigateway, "_invoke_lambda_proxy", '"sourceIp": "127.0.0.1"', '"sourceIp": get_request_client_ip()')


def route_preflights() -> None:
    """An HTTP API without CORS settings routes OPTIONS like any method; ministack answers 403 itself. Our API answers preflights in a function."""
    rewrite(apigateway, "_handle_execute_in_scope", 'if method == "OPTIONS":', 'if method == "OPTIONS" and cors_cfg:')


def fill_in_schedule_context() -> None:
    """EventBridge Scheduler replaces these words in a target's input; ministack passes them on unchanged."""
    invoke = eventbridge._invoke_target

    def invoke_with_context(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            words = {
                "scheduled-time": datetime.fromtimestamp(event["Time"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "execution-id": str(uuid4()),
                "attempt-number": "1",
                "schedule-arn": rule.get("Arn", ""),
            }
            filled = target["Input"]
            for word, value in words.items():
                filled = filled.replace(f"<aws.scheduler.{word}>", value)
            target = {**target, "Input": filled}
        return invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_with_context


def read_streams_from_their_start() -> None:
    """Stream records are not stored but the read positions of their mappings are. After a restart a mapping would wait behind
    its old position and never see as many records as there had been before."""
    restore = lambda_svc._restore_esm_positions

    def restore_at_start(store, positions):
        restore(store, positions)
        if store is lambda_svc._dynamodb_stream_positions:
            for mapping in list(store._data):
                store._data[mapping] = 0

    lambda_svc._restore_esm_positions = restore_at_start


def keep_attributes_of_unchanged_resources() -> None:
    """An update of a nested stack forgets the attributes of unchanged resources, and fails at the first Fn::GetAtt of one.
    The update of a root stack passes them; this passes them in the same way."""
    rewrite(
        provisioners,
        "_cfn_nested_stack_deploy",
        "old_tagged, new_tagged, child_name, child_logical_id,",
        'old_tagged, new_tagged, child_name, child_logical_id, old_attrs=prev.get("Attributes"),',
    )


if __name__ == "__main__":
    answer_in_milliseconds()
    show_the_peer_as_source_ip()
    route_preflights()
    fill_in_schedule_context()
    read_streams_from_their_start()
    keep_attributes_of_unchanged_resources()
    # After the changes: importing the server starts nothing, but `main` reads its settings immediately.
    from ministack.app import main

    main()

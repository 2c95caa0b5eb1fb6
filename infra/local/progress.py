"""Progress output: steps with their times, and failures with the expected and actual result and the log."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

from places import LOG, ROOT

# A step that takes longer than this reports that it is still running.
HEARTBEAT_SECONDS = 10
TAIL_LINES = 40


class Failure(Exception):
    """A step that failed."""

    def __init__(self, step: str, expected: str, came: str, log: Path | None = None):
        super().__init__(step)
        self.step, self.expected, self.came, self.log = step, expected, came, log

    def report(self) -> str:
        lines = [f"failed: {self.step}", f"  expected: {self.expected}", f"  came:     {self.came}"]
        if self.log is not None:
            lines.append(f"  log:      {relative(self.log)}")
            lines += [f"    | {line}" for line in tail(self.log)]
        return "\n".join(lines)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def tail(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except FileNotFoundError:
        return []


def say(text: str) -> None:
    print(f"  {text}", flush=True)


@contextlib.contextmanager
def step(title: str, log: Path | None = None):
    """Prints the step when it begins, a heartbeat while it runs, and its time when it is done."""
    began = time.monotonic()
    done = threading.Event()

    def heartbeat() -> None:
        shown = None
        while not done.wait(HEARTBEAT_SECONDS):
            last = (tail(log) or [""])[-1].strip() if log else ""
            # With the title: several steps may run in parallel.
            say(f"    {title}: {time.monotonic() - began:.0f} s, {last[:100] if last and last != shown else 'still running'}")
            shown = last

    say(f"{title} ...")
    threading.Thread(target=heartbeat, daemon=True).start()
    try:
        yield
    finally:
        done.set()
    say(f"{title}: done in {time.monotonic() - began:.1f} s")


def run(title: str, command: list, log_name: str, **options) -> None:
    """Runs a program as one step. Its output goes to a log; a failure shows the end of it."""
    LOG.mkdir(parents=True, exist_ok=True)
    log = LOG / f"{log_name}.log"
    with step(title, log), log.open("w") as output:
        code = _exit_code(command, output, options)
    if code != 0:
        raise Failure(title, f"`{Path(command[0]).name}` ends with exit code 0", f"exit code {code}", log)


def _exit_code(command: list, output, options: dict) -> int | str:
    try:
        return subprocess.run([str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, **options).returncode
    except FileNotFoundError as missing:
        return f"none: {missing}"


def main(commands) -> None:
    """Runs a command line and turns its failures into a report and an exit code."""
    try:
        commands(sys.argv[1:])
    except Failure as failure:
        print(failure.report(), file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

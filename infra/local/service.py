"""A background process of this checkout: started once, identified by its record, stopped gracefully."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from places import LOG, RUN, read_json, write_json
from progress import Failure, step

START_SECONDS = 60
# Longer than the emulator needs to write its state. A process that is killed earlier loses its last writes.
STOP_SECONDS = 30


@dataclass(frozen=True)
class Service:
    """`name` names its record and log; `program` is the file that its command line must contain, so that a process that only
    reuses the id of a dead one is never mistaken for it, and never stopped."""

    name: str
    program: Path

    @property
    def log(self) -> Path:
        return LOG / f"{self.name}.log"

    def process(self) -> int | None:
        """The id of the running process, if it belongs to this checkout."""
        number = read_json(self._record).get("process")
        return number if number and str(self.program) in _command_line(number) else None

    def start(self, command: list, environment: dict[str, str], health: str) -> None:
        """Starts the process and waits until `health` answers 200."""
        for folder in (LOG, RUN, Path(environment["TMPDIR"])):
            folder.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with step(f"starting {self.name}", self.log), self.log.open("w") as output:
            child = subprocess.Popen(
                [str(word) for word in command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Its own process group: an interrupt of this command does not reach it, and stopping it can stop its
                # children.
                start_new_session=True,
            )
            write_json(self._record, {"process": child.pid})
            self._await(child, health)

    def stop(self) -> bool:
        """Stops the process and its children. Returns whether there was one."""
        number = self.process()
        if number is None:
            self._record.unlink(missing_ok=True)
            return False
        with step(f"stopping {self.name}"):
            os.kill(number, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self.process() is not None:
                if time.monotonic() > deadline:
                    os.killpg(number, signal.SIGKILL)
                    raise Failure(f"stopping {self.name}", f"the process ends within {STOP_SECONDS} s", "killed; its last writes are lost", self.log)
                time.sleep(0.05)
            _end_group(number)
        self._record.unlink(missing_ok=True)
        return True

    @property
    def _record(self) -> Path:
        return RUN / f"{self.name}.json"

    def _await(self, child: subprocess.Popen, health: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(health):
            if child.poll() is not None:
                raise Failure(f"starting {self.name}", f"{health} answers", f"the process ended with exit code {child.returncode}", self.log)
            if time.monotonic() > deadline:
                raise Failure(f"starting {self.name}", f"{health} answers within {START_SECONDS} s", "no answer", self.log)
            time.sleep(0.05)


def answers(url: str) -> bool:
    # Its own handler: the machine's proxy settings do not apply to loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


def _command_line(number: int) -> str:
    """The command line of a process, or nothing if it has ended (a zombie has none either)."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        pass
    if Path("/proc/self").exists():
        return ""
    found = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(number)], capture_output=True, text=True)
    return found.stdout


def _end_group(number: int) -> None:
    """Function processes outlive an emulator that was killed; they are in its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)

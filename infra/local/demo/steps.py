"""The output of the demo: numbered steps with their times and notes, and a countdown."""

import contextlib
import sys
import time

from demo.client import TRANSCRIPT
from progress import Failure

TITLE_WIDTH = 66
INDENT = " " * 5
# How often a countdown is printed if the output is not a terminal, such as a CI log.
COUNTDOWN_SECONDS = 15


class Steps:
    """`with steps("title"):` prints one line for a step. Quiet mode prints only steps."""

    def __init__(self, quiet: bool):
        self.quiet = quiet
        self.began = time.monotonic()
        self._number = 0
        self._title_is_open = False
        self._notes: list[str] = []
        self._counted = 0.0

    @contextlib.contextmanager
    def __call__(self, title: str):
        self._number += 1
        began = time.monotonic()
        self._print(f"{self._number:3}  {title:{TITLE_WIDTH}}", end="")
        self._title_is_open = True
        try:
            yield
        except Failure as failure:
            self._close_title()
            failure.step = f"step {self._number}, {title}: {failure.step}"
            raise
        except (LookupError, TypeError, ValueError) as error:
            self._close_title()
            came = f"{error!r}, in line {error.__traceback__.tb_next.tb_lineno} of the demo"
            expected = "a response that matches GET /openapi.json"
            raise Failure(f"step {self._number}, {title}", expected, came, TRANSCRIPT) from error
        indent = "" if self._title_is_open else f"{INDENT}{'':{TITLE_WIDTH}}"
        self._title_is_open = False
        self._print(f"{indent}{time.monotonic() - began:7.2f} s")
        for note in self._notes:
            self._print(f"{INDENT}{note}")
        self._notes.clear()

    def note(self, text: str) -> None:
        """Prints a note below the step when it is done."""
        if not self.quiet:
            self._notes.append(text)

    def show(self, text: str) -> None:
        """Prints a line immediately, below the current step."""
        if not self.quiet:
            self._counted = time.monotonic()
            self._close_title()
            self._print(f"{_line_start()}{INDENT}{text}")

    def count_down(self, text: str) -> None:
        """Prints a countdown immediately, in place of the last one."""
        if self.quiet:
            return
        if sys.stdout.isatty():
            self._close_title()
            self._print(f"{_line_start()}{INDENT}{text}", end="")
        elif time.monotonic() - self._counted >= COUNTDOWN_SECONDS:
            self.show(text)

    def say(self, text: str = "") -> None:
        if not self.quiet:
            print(text, flush=True)

    def _close_title(self) -> None:
        if self._title_is_open:
            self._title_is_open = False
            print(flush=True)

    @staticmethod
    def _print(text: str, end: str = "\n") -> None:
        print(text, end=end, flush=True)


def _line_start() -> str:
    """Removes a countdown from the line."""
    return "\r\x1b[K" if sys.stdout.isatty() else ""

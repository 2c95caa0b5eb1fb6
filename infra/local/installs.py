"""Installs what a target needs, while the functions compile: downloads and compilers wait for different things."""

import concurrent.futures
from collections.abc import Callable

import package
import places
import tools
from progress import Failure, say

# Installations of one chain run in order, because they share a folder or a package manager; the chains run in parallel.
Chain = list[Callable[[], object]]


def prepare(target: str, *, browser: bool) -> None:
    """Compiles all functions and installs what a target of the Makefile needs: local, demo or test."""
    with _running(target, browser):
        package.build()


def install(target: str, *, browser: bool) -> None:
    with _running(target, browser):
        pass


def _chains(target: str, browser: bool) -> list[Chain]:
    python = [lambda: tools.python_tools("cloud"), lambda: tools.python_tools("sam")]
    if target == "local":
        return [python]
    if target == "demo":
        return [python, [tools.bluesky_node], [lambda: tools.python_tools("mastodon")]]
    if target == "test":
        clients = [lambda: tools.client_generators(places.ROOT / "tests" / "peers" / "clients", places.CLIENTS), lambda: tools.python_tools("clients")]
        return [python, [tools.bluesky_node, *clients], [lambda: tools.peers(browser=browser), lambda: tools.python_tools("mastodon")], [lambda: tools.cargo_tool("nextest")]]
    raise Failure("preparing", "local, demo or test", target)


class _running:
    """The installations of a target, in the background of a `with`. Its end waits for them and raises the first failure."""

    def __init__(self, target: str, browser: bool) -> None:
        chains = _chains(target, browser)
        self._workers = concurrent.futures.ThreadPoolExecutor(len(chains))
        self._runs = [self._workers.submit(_run, chain) for chain in chains]

    def __enter__(self) -> None:
        pass

    def __exit__(self, failed: type | None, *_: object) -> None:
        if not all(run.done() for run in self._runs):
            say("waiting for the installations")
        self._workers.shutdown()
        if failed is None:
            for run in self._runs:
                run.result()


def _run(chain: Chain) -> None:
    try:
        for install in chain:
            install()
    except Failure as failure:
        # At once: the report follows only at the end of the build.
        say(f"failed: {failure.step}")
        raise

"""Watches the deliveries of a post from their schedule to their end."""

import time
from datetime import UTC, datetime

from demo.client import Client
from demo.steps import Steps

ENDED = ("published", "failed", "held", "cancelled")
# A later publication came with a sweep, not with the queue.
LATEST_SECONDS = 30
# The limit is 200 requests a minute per address: one a second while waiting, many around the due second.
CALM_SECONDS, BUSY_SECONDS = 1.0, 0.03
# From the due second until this much later.
BUSY_FOR_SECONDS = 2.0


def await_ends(steps: Steps, person: Client, path: str, due: datetime) -> dict[str, dict]:
    """Shows the deliveries' states as they change. Returns them by platform when all have ended, or unfinished if that takes too long."""
    seen = {}
    while True:
        deliveries = person.call("list-deliveries", "GET", path)["items"]
        left = (due - datetime.now(UTC)).total_seconds()
        for delivery in deliveries:
            if (state := (delivery["state"], delivery["attempts"])) != seen.get(delivery["id"]):
                seen[delivery["id"]] = state
                steps.show(f"{_clock(left)}  {delivery['platform']}: {_told(delivery)}")
        if all(delivery["state"] in ENDED for delivery in deliveries) or left < -LATEST_SECONDS:
            return {delivery["platform"]: delivery for delivery in deliveries}
        if left > 0:
            steps.count_down(f"{_clock(left)}  waiting")
        is_busy = -BUSY_FOR_SECONDS < left <= 0
        time.sleep(BUSY_SECONDS if is_busy else min(CALM_SECONDS, left) if left > 0 else CALM_SECONDS)


def _clock(left: float) -> str:
    """The time before or after the due second."""
    return f"T {'-' if left > 0 else '+'} {abs(left):5.2f} s"


def _told(delivery: dict) -> str:
    words = [delivery["state"]]
    if delivery["attempts"]:
        words.append(f"attempt {delivery['attempts']}")
    if delivery["retry_at"]:
        words.append(f"again at {delivery['retry_at']}")
    if error := delivery["last_error"]:
        words.append(f"{error['code']}: {error['text']} {error['remedy']}")
    return ", ".join(words)

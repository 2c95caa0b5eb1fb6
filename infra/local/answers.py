"""Checks that the tests of a run produced every declared problem."""

from places import LOCAL, ROOT, read_json
from progress import Failure, say, step

ANSWERED = LOCAL / "log" / "answered.txt"
DECLARED = ROOT / "infra" / "generated" / "problems.json"
# Each with the reason why no test can produce it. The list may only shrink.
UNPRODUCED = ROOT / "tests" / "unproduced_problems.json"


def check() -> None:
    """Fails if a declared code was produced by no test."""
    with step("looking for problems that no test produces"):
        # A response to HEAD has no body, and so no code.
        answers = [line.split() for line in ANSWERED.read_text().splitlines()]
        produced = {(answer[1], answer[2]) for answer in answers if len(answer) == 3}
        declared = {(str(status), code) for code, page in read_json(DECLARED).items() for status in page["statuses"]}
        excused = read_json(UNPRODUCED)
    named = {code for _, code in declared}
    faults = [f"{status} {code} is produced by no test" for status, code in sorted(declared - produced) if code not in excused]
    faults += [f"{code} is excused but not declared: remove it" for code in sorted(excused) if code not in named]
    # Not a fault: some occur only if two requests of a test happen to overlap.
    for code in sorted(excused.keys() & {code for _, code in produced}):
        say(f"{code} is excused in {UNPRODUCED.name}, but was produced: {excused[code]}")
    if faults:
        raise Failure("looking for problems that no test produces", "each declared problem in some test", "\n            ".join(faults))

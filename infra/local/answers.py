"""Answers: whether the tests of a run produced every declared problem."""

from places import LOCAL, ROOT, read_json
from progress import Failure, say, step

ANSWERED = LOCAL / "log" / "answered.txt"
DECLARED = ROOT / "infra" / "generated" / "problems.json"
# Each with the reason why no request of a test produces it. The list may only shrink.
UNPRODUCED = ROOT / "tests" / "unproduced_problems.json"


def check() -> None:
    """Fails where a declared code was answered in no test."""
    with step("looking for problems that no test produces"):
        # An answer to HEAD has no body, and so no code.
        answers = [line.split() for line in ANSWERED.read_text().splitlines()]
        produced = {(answer[1], answer[2]) for answer in answers if len(answer) == 3}
        declared = {(str(status), code) for code, page in read_json(DECLARED).items() for status in page["statuses"]}
        excused = read_json(UNPRODUCED)
    named = {code for _, code in declared}
    faults = [f"{status} {code} is produced by no test" for status, code in sorted(declared - produced) if code not in excused]
    faults += [f"{code} is excused and no problem" for code in sorted(excused) if code not in named]
    # No fault: some are answered only where two requests of a test happen to meet.
    for code in sorted(excused.keys() & {code for _, code in produced}):
        say(f"{code} is excused in {UNPRODUCED.name}, and was produced: {excused[code]}")
    if faults:
        raise Failure("looking for problems that no test produces", "each declared problem in some test", "\n            ".join(faults))

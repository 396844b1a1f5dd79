"""Registers: one value each, which is read, written, deleted, and replaced on condition.

| kind | asked | answer |
|---|---|---|
| `read` | nothing | the value, `None` for none |
| `write` | the new value, `None` to delete | the value before |
| `replace` | the value that must be there, and the new one | the value before, also if it was refused |

No value is written twice.
"""

from support.histories import REFUSED, UNKNOWN
from support.histories.order import IMPOSSIBLE, first_without_place

KINDS = ("read", "write", "replace")


def faults(calls):
    """What cannot be, of one register that had no value at first."""
    return _dirty_reads(calls) or _without_order(_with_consequences(calls))


def written(call):
    """The value that a call was to leave."""
    return call.asked[1] if call.kind == "replace" else call.asked


def _dirty_reads(calls):
    """Values that somebody saw and nobody wrote. An order would not be found for them either; this says why."""
    writes = [call for call in calls if call.kind != "read"]
    refused = {written(call) for call in writes if call.outcome == REFUSED}
    known = {written(call) for call in writes} | {None}
    found = []
    for call in calls:
        if call.outcome == UNKNOWN:
            continue
        if call.answer not in known:
            found.append(f"{call} saw what was never written")
        elif call.answer in refused:
            found.append(f"{call} saw what was refused")
    return found


def _with_consequences(calls):
    """Without the unanswered calls that nothing shows: where there is an order with one of them, there is one without.
    Every answer names the value before, so a value that no answer names was replaced by another unanswered call."""
    while True:
        seen = {call.answer for call in calls if call.outcome != UNKNOWN}
        seen |= {call.asked[0] for call in calls if (call.kind, call.outcome) == ("replace", UNKNOWN)}
        kept = [call for call in calls if call.outcome != UNKNOWN or (call.kind != "read" and written(call) in seen)]
        if len(kept) == len(calls):
            return calls
        calls = kept


def _without_order(calls):
    call = first_without_place(calls, None, _step)
    return [] if call is None else [f"no order of the calls explains {call}"]


def _step(call, value):
    answered = call.outcome != UNKNOWN
    if answered and call.answer != value:
        return IMPOSSIBLE
    if call.kind == "read":
        return value
    if call.kind == "write":
        return call.asked
    held = call.asked[0] == value
    if call.outcome == REFUSED:
        return IMPOSSIBLE if held else value
    # If nobody answered and the condition does not hold, it has not happened, for which it needs no place.
    return call.asked[1] if held else IMPOSSIBLE

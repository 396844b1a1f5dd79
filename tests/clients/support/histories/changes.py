"""A log of the changes of registers: each change is the value before and the value after, `None` for none."""

from support.histories import DONE, REFUSED
from support.histories.registers import written


def faults(calls, changes):
    """What cannot be, of one register: `changes` are all that its log says, in order."""
    writes = [call for call in calls if call.kind in ("write", "replace")]
    return [*_broken_chain(changes), *_missing(writes, changes), *_nobodys(writes, changes)]


def _broken_chain(changes):
    """Changes that do not begin where the last one ended, or that change nothing."""
    last = None
    for before, after in changes:
        if before != last:
            yield f"from {before} to {after}, though there was {last}"
        if before == after:
            yield f"{after} was there already"
        last = after


def _missing(writes, changes):
    """Acknowledged writes that the log does not have, or has twice. A deletion of what is not there changes nothing."""
    for call in writes:
        change = (call.answer, written(call))
        if call.outcome == DONE and change != (None, None) and changes.count(change) != 1:
            yield f"{changes.count(change)} times in the log: {call}"


def _nobodys(writes, changes):
    """Changes to values that nobody wrote, or whose write was refused."""
    possible = {written(call) for call in writes if call.outcome != REFUSED}
    for before, after in changes:
        if after not in possible:
            yield f"nobody made {after} of {before}"

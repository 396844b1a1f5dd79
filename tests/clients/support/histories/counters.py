"""Counters: each `add` adds one together with a token of its own, and answers with the count; `count` answers with the
count and the tokens. There is nothing at first."""

from support.histories import DONE, REFUSED


def faults(calls):
    """What cannot be, of one counter."""
    return [*_counts(calls), *_tokens(calls), *_going_back(calls)]


def _counts(calls):
    """Two additions with one answer: one of them is lost."""
    seen = {}
    for call in calls:
        if call.kind == "add" and call.outcome == DONE:
            if call.answer in seen:
                yield f"{call} came to the count of {seen[call.answer]}"
            seen[call.answer] = call


def _tokens(calls):
    """Tokens that are missing from a reading, or stand in one too early; and counts that are not the tokens'."""
    additions = {call.asked: call for call in calls if call.kind == "add"}
    for reading in calls:
        if reading.kind != "count" or reading.outcome != DONE:
            continue
        count, tokens = reading.answer
        if count != len(tokens):
            yield f"a count of {count} with {len(tokens)} tokens: {reading}"
        due = {token for token, call in additions.items() if call.outcome == DONE and call.ended < reading.began}
        possible = {
            token for token, call in additions.items() if call.outcome != REFUSED and call.began < reading.ended
        }
        if due - tokens:
            yield f"acknowledged and missing are {sorted(due - tokens)}: {reading}"
        if tokens - possible:
            yield f"nobody has added {sorted(tokens - possible)} yet: {reading}"


def _going_back(calls):
    """Counts that are less than what somebody knew before, or that an addition found unchanged."""
    answered = [call for call in calls if call.outcome == DONE]
    known, ends = 0, sorted(answered, key=lambda call: call.ended)
    place = 0
    for call in sorted(answered, key=lambda call: call.began):
        while ends[place].ended < call.began:
            known = max(known, _count(ends[place]))
            place += 1
        if _count(call) < known + (call.kind == "add"):
            yield f"the count was {known} before {call}"


def _count(call):
    return call.answer[0] if call.kind == "count" else call.answer

"""Whether calls can have happened one after another, each at some moment between its beginning and its end.

The search goes through beginnings and ends in the order of time, and keeps every state the object may be in together
with which of the calls under way have happened by then: a call has to have happened when it ends, and happens no
earlier than something else needs it to. A call without an end may happen at any later moment, or never.
"""

import math

# Calls without an end multiply what there is to keep; a dozen of them on one key still fit into this. A search that
# grows beyond it has no verdict, which must not be taken for a good one.
CONFIGURATIONS_MAX = 20_000


# What `step` gives where a call cannot have had its answer in a state.
IMPOSSIBLE = object()


class NoVerdict(Exception):
    """There are more possible orders than the search may go through."""


def first_without_place(calls, state, step):
    """The call at whose end no order is left, or `None` if there is one. `step` gives the state that a call makes of
    another, or `IMPOSSIBLE`."""
    events = [(call.began, 0, n) for n, call in enumerate(calls)]
    events += [(call.ended, 1, n) for n, call in enumerate(calls) if call.ended < math.inf]
    configurations, under_way = {(state, frozenset())}, set()
    for _, ends, n in sorted(events):
        if not ends:
            under_way.add(n)
            continue
        configurations = _with(n, configurations, under_way, lambda m, state: step(calls[m], state))
        under_way.discard(n)
        if not configurations:
            return calls[n]
    return None


def _with(n, configurations, under_way, step):
    """Every configuration in which call `n` has happened, after as many others as it takes; without mention of `n`."""
    reached, seen, waiting = set(), set(configurations), list(configurations)
    while waiting:
        state, happened = waiting.pop()
        if n in happened:
            reached.add((state, happened - {n}))
            continue
        for m in under_way - happened:
            after = step(m, state)
            following = (after, happened | {m})
            if after is IMPOSSIBLE or following in seen:
                continue
            if len(seen) == CONFIGURATIONS_MAX:
                raise NoVerdict
            seen.add(following)
            waiting.append(following)
    return reached

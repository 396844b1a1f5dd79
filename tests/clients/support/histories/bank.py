"""A bank: transfers between accounts, each one transaction with an entry in a ledger, and snapshots of all accounts.

| kind | key | asked | answer |
|---|---|---|---|
| `transfer` | its token | source, target, amount | nothing |
| `snapshot` | | nothing | for each account its balance and how many transfers have touched it |

A transfer that was not answered, or that was, may be sent again with its token, one at a time. It counts once.
"""

from support.histories import DONE, REFUSED


class Bank:
    """The accounts, all of which hold as much at first."""

    def __init__(self, accounts, balance):
        self.accounts = accounts
        self.balance = balance

    def faults(self, calls, ledger):
        """What cannot be. `ledger` is what stood in it at the end: for each token how often its transfer was done, and
        what was asked."""
        transfers = {}
        for call in calls:
            if call.kind == "transfer":
                transfers.setdefault(call.key, []).append(call)
        snapshots = [call for call in calls if call.kind == "snapshot" and call.outcome == DONE]
        return [
            *self._torn(snapshots),
            *_out_of_order(snapshots),
            *_not_of_their_time(snapshots, transfers),
            *_entries(transfers, ledger),
            *self._not_what_the_ledger_says(max(snapshots, key=lambda call: call.began), ledger),
        ]

    def _torn(self, snapshots):
        """Half of a transfer."""
        total = self.balance * len(self.accounts)
        for snapshot in snapshots:
            found = sum(balance for balance, _ in snapshot.answer.values())
            if found != total:
                yield f"the accounts hold {found} and not {total}: {snapshot}"

    def _not_what_the_ledger_says(self, last, ledger):
        """Transfers with an entry and no effect, or the other way round."""
        expected = {account: (self.balance, 0) for account in self.accounts}
        for times, (source, target, amount) in ledger.values():
            for account, change in ((source, -amount), (target, amount)):
                balance, touched = expected[account]
                expected[account] = (balance + times * change, touched + times)
        if last.answer != expected:
            yield f"by the ledger the accounts are {expected}: {last}"


def _touched(snapshot):
    return {account: times for account, (_, times) in snapshot.answer.items()}


def _out_of_order(snapshots):
    """Two snapshots of which neither can have been before the other."""
    ordered = sorted(snapshots, key=lambda snapshot: sum(_touched(snapshot).values()))
    for one, other in zip(ordered, ordered[1:]):
        before, after = _touched(one), _touched(other)
        if any(before[account] > after[account] for account in before):
            yield f"neither was before the other: {one} and {other}"
        if before == after and one.answer != other.answer:
            yield f"two states of one moment: {one} and {other}"


def _not_of_their_time(snapshots, transfers):
    """Snapshots without a transfer that was acknowledged before, or with one that nobody has asked for yet."""
    for snapshot in snapshots:
        least, most = dict.fromkeys(snapshot.answer, 0), dict.fromkeys(snapshot.answer, 0)
        for calls in transfers.values():
            for account in calls[0].asked[:2]:
                least[account] += any(call.outcome == DONE and call.ended < snapshot.began for call in calls)
                most[account] += any(call.outcome != REFUSED and call.began < snapshot.ended for call in calls)
        for account, times in _touched(snapshot).items():
            if times < least[account]:
                yield f"{least[account]} acknowledged transfers had touched {account}: {snapshot}"
            if times > most[account]:
                yield f"no more than {most[account]} transfers can have touched {account}: {snapshot}"


def _entries(transfers, ledger):
    """Transfers that were lost, done twice, or done and refused; and entries that are nobody's."""
    for token, calls in transfers.items():
        times, asked = ledger.get(token, (0, calls[0].asked))
        outcomes = [call.outcome for call in calls]
        if asked != calls[0].asked:
            yield f"{token} was to be {calls[0].asked} and is {asked}"
        if DONE in outcomes:
            # Whatever a token was refused for comes before its transfer, not after it.
            if REFUSED in outcomes[outcomes.index(DONE) :]:
                yield f"{token} was done, then refused: {calls}"
            allowed = {1}
        else:
            allowed = {0} if outcomes[-1] == REFUSED else {0, 1}
        if times not in allowed:
            yield f"{token} was done {times} times and not {allowed}: {calls}"
    for token in ledger.keys() - transfers.keys():
        yield f"nobody has asked for {token}"

"""Leaving in good order."""

import signal
from contextlib import contextmanager


class Stopping:
    """SIGTERM and Ctrl-C end a wait at once, and let work in hand be finished."""

    def __init__(self):
        self.asked = False
        self._waiting = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_):
        self.asked = True
        if self._waiting:
            raise SystemExit(0)

    @contextmanager
    def waiting(self):
        if self.asked:
            raise SystemExit(0)
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False

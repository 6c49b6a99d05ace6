"""Ctrl-C and SIGTERM end a command in one sentence, with the exit code that shells expect."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SECONDS_TO_END = 5.0
"""How long what goes on may take to end by itself; then, or at a second signal, it is ended."""


class Stop:
    """Listens for the wish to stop while `run` works; `tell` says the sentence.

    The first signal raises `KeyboardInterrupt` in the main thread. Libraries set handlers of their
    own, swallow it, or are in a long call: a thread watches the signals themselves, whoever
    handles them.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self.signal: int | None = None
        self._tell = tell
        self._is_raised = False
        self._lock = Lock()

    def run(self, work: Callable[[], int]) -> int:
        """The exit code of `work`; 130 after Ctrl-C, 143 after SIGTERM."""
        code = 1
        with self._listening():
            try:
                code = work()
            except BaseException:
                if self.signal is None:
                    raise
            if self.signal is not None:
                self._end()
            return code

    def raise_if_asked(self) -> None:
        """Stop here, where a library has swallowed the wish."""
        if self.signal is not None:
            raise KeyboardInterrupt

    def _end(self) -> None:
        """At once: threads of libraries are not waited for."""
        self._lock.acquire()  # and never let go of: one of two threads says it
        with suppress(OSError, ValueError):
            self._tell()
        os._exit(128 + (self.signal or signal.SIGINT))

    @contextmanager
    def _listening(self) -> Iterator[None]:
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        # In the background of a shell Ctrl-C is ignored, and stays so.
        heard = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        before = [(each, signal.signal(each, self._raise)) for each in heard]
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        watcher = Thread(target=self._watch, args=(reader,), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)
            os.close(writer)  # the watcher sees the end of the pipe, and ends
            for number, handler in before:
                signal.signal(number, handler)
            watcher.join(1.0)

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        # The watcher may have noted the signal already; what cleans up is not interrupted again.
        self.signal = self.signal or number
        if not self._is_raised:
            self._is_raised = True
            raise KeyboardInterrupt

    def _watch(self, reader: int) -> None:
        while (found := os.read(reader, 1)) and found[0] not in SIGNALS:
            pass
        if found:
            self.signal = self.signal or found[0]
            ended, _, _ = select.select([reader], [], [], SECONDS_TO_END)
            if not ended or os.read(reader, 1):  # too late, or asked for once more
                self._end()
        os.close(reader)

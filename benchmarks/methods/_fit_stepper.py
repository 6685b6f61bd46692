"""How is public `fit` measured step by step? It runs in a thread that waits at the gate before each batch.

A slice begins in `on_train_batch_begin` and ends in `on_train_batch_end` when the loss has been read, so that it holds
one call of the training function: fetching the batch, the update, and Keras' way of handing over the loss. Both ends
are read in the thread that trains, so the hand-over between threads is not in it. What `fit` does between two batches
is not in it either; epoch time has that. The caller gets its turn back only when `fit` waits at the next batch, so
nothing of this arm's Python runs during the other arm's slice (its prefetching threads may).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.errors import BlockError
from benchmarks.protocols import Clock


class LeaveFit(BaseException):
    """Raised in a callback to leave `fit`, and caught where `fit` was called; no handler of errors may stop it."""


class FitStepper:
    """Public `fit` opened for single steps; satisfies `protocols.Stepper`."""

    def __init__(self, fit: Callable[[Any], None], clock: Clock, wait: Callable[[], None]) -> None:
        """Start `fit` in a thread and return when it waits before its first batch.

        Args:
            fit: trains with the Keras callback it is given, for as many epochs as will be needed.
            clock: nanoseconds.
            wait: waits for the device.
        """
        self._fit = fit
        self._gate = _Gate(clock, wait)
        self._error: BaseException | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="fit", daemon=True)
        self._thread.start()
        self._gate.arrived.acquire()
        self._raise_error()

    def measure_step_ns(self) -> int:
        """Let one batch pass and return how long it took.

        Raises:
            BlockError: when `fit` has ended and makes no more steps.
            BaseException: whatever `fit` raised in its thread.
        """
        if not self._ended:
            self._gate.opened.release()
            self._gate.arrived.acquire()
        self._raise_error()
        step_ns = self._gate.take_step_ns()
        if step_ns is None:
            raise BlockError("stepping: expected fit to train on, but it has ended; give it more samples or epochs")
        return step_ns

    def close(self) -> None:
        """Leave `fit` and wait for its thread; does nothing when `fit` has ended already."""
        self._gate.leaving = True
        self._gate.opened.release()
        self._thread.join()

    def _run(self) -> None:
        """Call `fit`; keep what it raises for the caller."""
        try:
            self._fit(self._gate)
        except LeaveFit:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again in the thread of the caller
            self._error = error
        finally:
            self._ended = True
            self._gate.arrived.release()

    def _raise_error(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self._error is not None:
            raise self._error


class _Gate(tf.keras.callbacks.Callback):
    """Stops `fit` before each batch until it is opened, and measures the batch.

    `arrived` is released when `fit` waits at the gate or has ended, `opened` when a batch may pass.
    """

    def __init__(self, clock: Clock, wait: Callable[[], None]) -> None:
        super().__init__()
        self.arrived = threading.Semaphore(0)
        self.opened = threading.Semaphore(0)
        self.leaving = False
        self._step_ns: int | None = None
        self._clock = clock
        self._wait = wait
        self._begin_ns = 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Wait for the gate to open, then start the slice."""
        del batch, logs
        self.arrived.release()
        self.opened.acquire()
        if self.leaving:
            raise LeaveFit
        self._begin_ns = self._clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Read the loss, then end the slice."""
        del batch
        read_loss(logs)
        self._wait()
        self._step_ns = self._clock() - self._begin_ns

    def take_step_ns(self) -> int | None:
        """Return how long the batch took that has passed since this was last asked, None where none has."""
        step_ns, self._step_ns = self._step_ns, None
        return step_ns


class FirstBatchTimer(tf.keras.callbacks.Callback):
    """Notes when the first batch is done, its loss read, and leaves `fit` with `LeaveFit`."""

    def __init__(self, clock: Clock, wait: Callable[[], None]) -> None:
        super().__init__()
        self.end_ns: int | None = None
        self._clock = clock
        self._wait = wait

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Read the loss, note the time, leave."""
        del batch
        read_loss(logs)
        self._wait()
        self.end_ns = self._clock()
        raise LeaveFit


def read_loss(logs: dict[str, Any] | None) -> float:
    """Return the running mean of the loss from a batch's logs; reading it waits for the batch to be done.

    Raises:
        BlockError: when the logs have no loss.
    """
    if logs is None or "loss" not in logs:
        raise BlockError(f"fit: expected logs with a loss, got {logs!r}; compile the model with a loss")
    return float(logs["loss"])

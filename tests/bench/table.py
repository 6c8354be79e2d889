"""One line of the table of measurements: ours beside the best peer, timed in the same run."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ratio:
    """How many times faster than a peer, and whether that reaches the goal with the right answers.

    `goal` is the least ratio, `limit_seconds` the longest time; None where nothing was promised. `sound`
    tells whether the answers of the timed runs were right and whatever else `note` states was kept.
    """

    name: str
    ours_seconds: float
    peer: str = ""
    peer_seconds: float = 0.0
    goal: float | None = None
    limit_seconds: float | None = None
    sound: bool = True
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.peer_seconds / self.ours_seconds

    @property
    def ok(self) -> bool:
        return (
            self.sound
            and (self.goal is None or self.ratio >= self.goal)
            and (self.limit_seconds is None or self.ours_seconds <= self.limit_seconds)
        )


def medians(runs: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of each work; the works take turns, so that a slow moment of the machine hits all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, seconds in zip(works, times, strict=True):
            begin = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - begin)
    return [statistics.median(seconds) for seconds in times]


def peak_memory(reset: bool = False) -> int:
    """The most bytes that were resident so far, or since the last reset: what no Python object owns included."""
    if reset:
        # What was freed but kept for reuse would hide what is taken next.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024

"""How a service outside is asked: never twice the same, never faster than agreed, never while it is down."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gridmap.providers.provider import Found, NoAnswerError, Provider

# Houses are built and named anew, so an answer is not kept for ever; nor is "nothing found".
KEPT_DAYS: Final = 90
# So many failures in a row, and the service is left alone for a while: a bulk run shall not wait for each.
FAILURES: Final = 5
PAUSE_SECONDS: Final = 60.0

_log = logging.getLogger("gridmap.providers")


class Pace:
    """At most `per_second` turns a second, over all threads."""

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1 / per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next = -math.inf

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        with self._lock:
            now = self._clock()
            turn = max(self._next, now)
            self._next = turn + self._interval
        if turn > now:
            self._sleep(turn - now)


class Answers:
    """Answers on disk, one JSON file each, named by a hash: the folder holds no address in words."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, text: str) -> tuple[bool, Found | None]:
        """Whether there is an answer that is still good, and it; a damaged file is none."""
        try:
            told = json.loads(self._path(text).read_text(encoding="utf-8"))
            if not 0 <= time.time() - told["asked"] < KEPT_DAYS * 86_400:
                return False, None
            return True, Found(**told["found"]) if told["found"] is not None else None
        except (OSError, ValueError, KeyError, TypeError):
            return False, None

    def write(self, text: str, found: Found | None) -> None:
        """Keep an answer; a disk that takes none costs another request, not the answer."""
        path = self._path(text)
        told = {"asked": time.time(), "found": asdict(found) if found else None}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=path.parent, suffix=".part", encoding="utf-8", delete=False
            ) as file:
                json.dump(told, file, ensure_ascii=False)
            Path(file.name).replace(path)
        except OSError:
            return

    def _path(self, text: str) -> Path:
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        return self._folder / digest[:2] / f"{digest}.json"


class Restrained:
    """A provider behind its answers on disk, its pace, and a pause after failures in a row."""

    def __init__(
        self, provider: Provider, answers: Answers, pace: Pace, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider, self._answers, self._pace, self._clock = provider, answers, pace, clock
        self._lock = threading.Lock()
        self._failures = 0
        self._paused_until = -math.inf

    @property
    def name(self) -> str:
        return self._provider.name

    def find(self, text: str) -> Found | None:
        known, found = self._answers.read(text)
        if known:
            return found
        if self._clock() < self._paused_until:
            raise NoAnswerError("paused after failures in a row")
        self._pace.wait()
        try:
            found = self._provider.find(text)
        except NoAnswerError as error:
            self._failed(error)
            raise
        with self._lock:
            self._failures = 0
        self._answers.write(text, found)
        return found

    def _failed(self, error: NoAnswerError) -> None:
        with self._lock:
            self._failures += 1
            first, too_many = self._failures == 1, self._failures >= FAILURES
            if too_many:
                # One request after the pause decides whether there is another.
                self._failures = FAILURES - 1
                self._paused_until = self._clock() + PAUSE_SECONDS
        if first:
            _log.warning("%s does not answer: %s", self.name, error)
        if too_many:
            _log.warning("%s is left alone for %.0f s: %s", self.name, PAUSE_SECONDS, error)

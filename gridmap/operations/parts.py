"""A file that grows chunk by chunk beside its final name, and goes on where it was interrupted.

`NAME.part` holds the chunks; `NAME.part.jsonl` tells in its first line what the file is made of, then, after
each chunk, how long the part is and what its bytes hash to. Whatever ends the process, at most the chunk
that it was writing is lost: bytes behind the last line that fits are cut off.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from gridmap.errors import ConflictError


class Part:
    """The part of one output, held by one process.

    `done` counts what the chunks so far hold. `refused` tells why what stood there could not be gone on
    with; it is None where it could, or where nothing stood there.
    """

    def __init__(self, output: Path, data: BinaryIO, journal: BinaryIO, made_of: Mapping[str, str]) -> None:
        self._output, self._data, self._journal = output, data, journal
        self._hash = hashlib.sha256()
        self.done: Counter[str] = Counter()
        self.refused = self._resume(dict(made_of))

    @classmethod
    @contextmanager
    def held(cls, output: Path, made_of: Mapping[str, str]) -> Iterator[Self]:
        """Open or begin the part of `output`.

        `made_of` names what the file is made of, in words, each with a value that changes when it does: a
        part that was made of anything else is begun anew. Raises ConflictError where another process
        writes the part, or where files that bear its names are not its own.
        """
        part, journal = _beside(output)
        _refuse_foreign(output, made_of)
        with journal.open("a+b") as lines, part.open("a+b") as data:
            try:
                fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise ConflictError(f"another process is writing {output.name}: wait for its end") from None
            yield cls(output, data, lines, made_of)

    @property
    def path(self) -> Path:
        return _beside(self._output)[0]

    @property
    def whole(self) -> Path:
        """Where what is made from the whole part may stand until it gets the final name."""
        return _whole(self._output)

    def add(self, chunk: bytes, counts: Mapping[str, int]) -> None:
        """Append a chunk, on disk before it is told; `counts` are added to `done`."""
        self._data.write(chunk)
        _flush(self._data)
        self._hash.update(chunk)
        self.done.update(counts)
        self._tell({"bytes": self._data.tell(), "sha256": self._hash.hexdigest(), "done": dict(self.done)})

    def publish(self) -> None:
        """Give the part its final name, at once and whole."""
        part, journal = _beside(self._output)
        part.replace(self._output)
        journal.unlink()

    def discard(self) -> None:
        """Remove the part, once what was made from it has its place."""
        for path in _beside(self._output):
            path.unlink()

    def _resume(self, made_of: dict[str, str]) -> str | None:
        self._journal.seek(0)
        lines = self._journal.readlines()
        before = _told(lines[0]) if lines else None
        changed = [name for name in made_of if before is None or before.get(name) != made_of[name]]
        if changed:
            begun = self._data.seek(0, os.SEEK_END) > 0
            self._data.truncate(0)
            self._journal.truncate(0)
            self._tell(made_of)
            return f"the {changed[0]} has changed" if begun else None
        kept, end = len(lines[0]), 0
        self._data.seek(0)
        for line in lines[1:]:
            mark = _told(line)
            if mark is None:
                break
            longer = self._hash.copy()
            longer.update(self._data.read(mark["bytes"] - end))
            if longer.hexdigest() != mark["sha256"]:
                break
            self._hash, self.done = longer, Counter(mark["done"])
            kept, end = kept + len(line), mark["bytes"]
        self._data.truncate(end)
        self._data.seek(end)
        self._journal.truncate(kept)
        return None

    def _tell(self, values: Mapping[str, Any]) -> None:
        self._journal.write(_line(values))
        _flush(self._journal)


def _beside(output: Path) -> tuple[Path, Path]:
    return output.with_name(f"{output.name}.part"), output.with_name(f"{output.name}.part.jsonl")


def _whole(output: Path) -> Path:
    return output.with_name(f"{output.name}.whole")


def _refuse_foreign(output: Path, made_of: Mapping[str, str]) -> None:
    """Raise ConflictError where a file that bears a name of ours was not written here."""
    (part, journal), whole = _beside(output), _whole(output)
    foreign = [path for path in (journal, part, whole) if path.is_symlink() or _is_special(path)]
    if not foreign:
        first = b""
        if journal.exists():
            with journal.open("rb") as lines:
                first = lines.readline()
        told = _told(first)
        if told is None or not told.keys() & made_of.keys():
            # The first line is on disk before anything else is written: only a piece of it may stand alone.
            foreign = [path for path in (part, whole) if path.exists() and path.stat().st_size]
            if not _line(made_of).startswith(first):
                foreign.append(journal)
    if foreign:
        raise ConflictError(
            f"{foreign[0]} exists already and is of no earlier run: move it away, or give another name with -o"
        )


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def _told(line: bytes) -> dict[str, Any] | None:
    """A line of the journal; None for one that was torn while it was written."""
    if not line.endswith(b"\n"):
        return None
    try:
        values = json.loads(line)
    except ValueError:
        return None
    return values if isinstance(values, dict) else None


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())

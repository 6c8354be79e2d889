"""Zip archives from outside: judged by the names of their entries and by the bytes that come out."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Final, Self

from gridmap.errors import InputError
from gridmap.ingest.cells import shown

MAX_ENTRIES: Final = 1_000
MAX_UNPACKED_BYTES: Final = 1 << 30
# Deflate reaches 1,032:1 on a bomb; blank columns of a .dbf stay near 100:1.
MAX_RATIO: Final = 250
RATIO_FROM_BYTES: Final = 64 << 20
_CHUNK: Final = 1 << 20
# The others can ask for gigabytes of dictionary before the first byte comes out.
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An open zip whose entries have safe names; `copy` counts what comes out over all its calls.

    Raises InputError for what is no zip, for too many entries, a path that leaves the archive, a symbolic
    link, an encrypted entry, a claimed or real size above MAX_UNPACKED_BYTES, and a ratio above MAX_RATIO
    once RATIO_FROM_BYTES have come out.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._unpacked = 0
        self._packed = path.stat().st_size
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise InputError(f"is a damaged zip: {shown(str(error))}; pack it again", file=name) from error
        try:
            self.entries = self._judge(self._zip.infolist())
        except InputError:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def copy(self, entry: zipfile.ZipInfo, target: BinaryIO | None) -> None:
        """Unpack one entry into `target`; None only counts its bytes."""
        label = shown(entry.filename)
        out = 0
        try:
            with self._zip.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    out += len(chunk)
                    self._unpacked += len(chunk)
                    if self._unpacked > MAX_UNPACKED_BYTES:
                        raise InputError(
                            f"unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB: cut it into smaller files",
                            file=self.name,
                        )
                    if out > RATIO_FROM_BYTES and out > MAX_RATIO * min(entry.compress_size, self._packed):
                        raise InputError(
                            f"entry {label!r} grows more than {MAX_RATIO}-fold when unpacked: refused as a zip bomb",
                            file=self.name,
                        )
                    if target is not None:
                        target.write(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(
                f"entry {label!r} is damaged: {shown(str(error))}; pack it again", file=self.name
            ) from error

    def _judge(self, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
        if len(entries) > MAX_ENTRIES:
            raise InputError(
                f"holds {len(entries):,} entries; at most {MAX_ENTRIES:,} are taken", file=self.name
            )
        for entry in entries:
            label = shown(entry.filename)
            path = PurePosixPath(entry.filename.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", entry.filename):
                raise InputError(
                    f"entry {label!r} points outside the archive: refused; pack the bare files",
                    file=self.name,
                )
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise InputError(
                    f"entry {label!r} is a symbolic link: refused; pack the files themselves", file=self.name
                )
            if entry.flag_bits & 0x1:
                raise InputError(
                    f"entry {label!r} is encrypted: pack it again without a password", file=self.name
                )
            if entry.compress_type not in _METHODS:
                raise InputError(
                    f"entry {label!r} is packed in an uncommon way: pack it again as a plain zip",
                    file=self.name,
                )
        claimed = sum(entry.file_size for entry in entries)
        if claimed > MAX_UNPACKED_BYTES:
            raise InputError(
                f"claims to unpack to {claimed / (1 << 20):,.0f} MB; at most {MAX_UNPACKED_BYTES >> 20} MB are taken",
                file=self.name,
            )
        return [entry for entry in entries if not entry.is_dir()]

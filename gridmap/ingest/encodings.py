"""The encoding of a text: declared, marked by its first bytes, or recognised as UTF-8 or GB18030."""

from __future__ import annotations

import codecs
from typing import Final

from gridmap.errors import InputError
from gridmap.ingest.cells import shown

_PIECE: Final = 4 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# GB18030 reads whatever GBK and GB2312 write; code page 950 is Microsoft's Big5.
_CODECS: Final = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "cp950": "cp950",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}


class EncodingError(Exception):
    """Bytes that are not of the encoding: the first of them is at `offset`; `reason` says how to mend it."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset, self.reason = offset, reason


def named(encoding: str) -> str:
    """The codec of a declared encoding; raises InputError with the known ones."""
    try:
        return _CODECS[codecs.lookup(encoding).name]
    except (LookupError, ValueError):
        known = "utf-8, gbk, gb18030, big5, utf-16"
        raise InputError(f"unknown encoding {shown(encoding)!r}: use one of {known}") from None


def utf8(data: bytes, declared: str | None) -> tuple[bytes, str]:
    """The same text in UTF-8 without byte order mark, and the codec that read it; raises EncodingError."""
    if (declared is None or named(declared) == "utf-8") and _is_utf8(data):
        return data.removeprefix(codecs.BOM_UTF8), "utf-8"
    text, codec = decode(data, declared)
    return text.encode(), codec


def decode(data: bytes, declared: str | None) -> tuple[str, str]:
    """The text without byte order mark, and the codec that read it; raises EncodingError."""
    if declared is not None:
        codec = named(declared)
        try:
            return data.decode(codec).removeprefix("\ufeff"), codec
        except UnicodeDecodeError as error:
            reason = f"is not {shown(declared)} text: leave the encoding out, or declare the right one"
            raise EncodingError(error.start, reason) from None
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    furthest = 0
    for codec in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            return data.decode(codec).removeprefix("\ufeff"), codec
        except UnicodeDecodeError as error:
            furthest = max(furthest, error.start)
    found = (
        f"begins as {marked} text but does not go on so" if marked else "is neither UTF-8 nor GB18030 text"
    )
    raise EncodingError(furthest, f"{found}: declare its encoding")


def _is_utf8(data: bytes) -> bool:
    # In pieces: the text of a large file would take two to four times its bytes.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _PIECE):
            decoder.decode(data[at : at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

"""One GET that asks for JSON, bounded in time and size, and mute about what it sent."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode

from gridmap import __version__
from gridmap.providers.provider import NoAnswerError

_MOST_BYTES: Final = 64 << 10


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the address to a host that nobody configured."""

    def redirect_request(self, *_: Any) -> None:
        return None


def get_json(url: str, parameters: Mapping[str, str], timeout_seconds: float) -> dict[str, Any]:
    """The JSON object that `url` answers; proxies are those of the environment.

    Raises NoAnswerError in all other cases. Its message names neither the URL nor the parameters: they hold
    the key and the address, and messages end in logs.
    """
    deadline = time.monotonic() + timeout_seconds
    try:
        request = urllib.request.Request(  # noqa: S310 (the settings accept http and https only)
            f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}",
            headers={"Accept": "application/json", "User-Agent": f"GridMap/{__version__}"},
        )
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=timeout_seconds) as answer:
            body = _read(answer, deadline)
    except urllib.error.HTTPError as error:
        error.close()
        raise NoAnswerError(f"HTTP {error.code}") from None
    except TimeoutError:
        raise NoAnswerError("timeout") from None
    except urllib.error.URLError as error:
        timed_out = isinstance(error.reason, TimeoutError)
        raise NoAnswerError("timeout" if timed_out else "no connection") from None
    except (OSError, HTTPException, ValueError):
        raise NoAnswerError("no connection") from None
    try:
        told = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NoAnswerError("not a JSON object")
    return told


def _read(answer: Any, deadline: float) -> bytes:
    """The body; the socket's own timeout starts afresh with each byte that drips in."""
    body = b""
    while piece := answer.read1(_MOST_BYTES):
        body += piece
        if len(body) > _MOST_BYTES:
            raise NoAnswerError("answer too long")
        if time.monotonic() > deadline:
            raise TimeoutError
    return body

"""Answers that are made once for each state of the data and each set of parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Request, Response

from gridmap import __version__


def conditional(request: Request, version: str, make: Callable[[], Response]) -> Response:
    """304 where the caller holds this version of this URL, else a fresh answer with its ETag."""
    tag = hashlib.sha256(f"{__version__} {version} {request.full_path}".encode()).hexdigest()[:32]
    response = Response(status=304) if request.if_none_match.contains_weak(tag) else make()
    response.set_etag(tag)
    # Private: what is shown will depend on who asks. no-cache: ask each time whether it has changed.
    response.headers["Cache-Control"] = "private, no-cache"
    return response

"""Loops compiled by numba, kept on disk between processes where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """The function compiled for the types it is called with; it runs without the interpreter's lock."""
    try:
        return cast("_Function", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        # Neither the package's directory nor the user's cache can be written: compile in each process.
        return cast("_Function", numba.njit(nogil=True)(function))

"""天地图's geocoding service: GET <url>?ds={"keyWord": text}&tk=key.

An answer is `{"status": "0", "msg": "ok", "location": {"lon", "lat", "level", "score", "keyWord"}}`, with
numbers as numbers or as text. Nothing found is status 101, or 404 with 无结果; every other status is a
failure, as is `{"code", "msg"}` for a key that is refused. The key must be one for servers (服务端).
Documented at lbs.tianditu.gov.cn/server/geocodinginterface.html.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.providers.http import get_json
from gridmap.providers.provider import Found, NoAnswerError
from gridmap.types import Crs, Point

# What the service declares its coordinates to be in.
DECLARED: Final = Crs.CGCS2000
# 门址 is a door plate, 兴趣点 one named place. 地名地址 covers both doors and villages, roads are lines.
PRECISE_LEVELS: Final = frozenset({"门址", "兴趣点"})

_TIMEOUT_SECONDS: Final = 5.0
_NOTHING: Final = "101"
_NOTHING_OR_ERROR: Final = "404"


@dataclass(frozen=True)
class Tianditu:
    """One request for each call of `find`; see `restraint.Restrained` for what should stand before it."""

    url: str
    key: str = field(repr=False)
    timeout_seconds: float = _TIMEOUT_SECONDS

    @property
    def name(self) -> str:
        return "天地图"

    def find(self, text: str) -> Found | None:
        """The place of an address, None where nothing was found; raises NoAnswerError."""
        asked = json.dumps({"keyWord": text}, ensure_ascii=False)
        told = get_json(self.url, {"ds": asked, "tk": self.key}, self.timeout_seconds)
        status = str(told.get("status", ""))
        if status == _NOTHING or (status == _NOTHING_OR_ERROR and "无结果" in str(told.get("msg"))):
            return None
        location = told.get("location")
        if status != "0" or not isinstance(location, dict):
            raise NoAnswerError(f"status {_code(told)}")
        return _found(location)


def _found(location: dict[str, Any]) -> Found:
    try:
        point = Point(float(location["lon"]), float(location["lat"]))
        score = float(location.get("score") or 0)
    except (KeyError, TypeError, ValueError, OverflowError, InputError):
        raise NoAnswerError("no coordinates") from None
    x, y = crs.to_storage(np.array([[point.lng, point.lat]]), DECLARED)[0]
    level = "".join(c for c in str(location.get("level") or "") if c.isprintable())[:20]
    return Found(
        x=float(x),
        y=float(y),
        level=level,
        score=min(max(score, 0.0), 100.0) if math.isfinite(score) else 0.0,
        precise=level in PRECISE_LEVELS,
    )


def _code(told: dict[str, Any]) -> str:
    """The number of a failure, and nothing else of what came: it may echo the request."""
    code = str(told.get("code") or told.get("status") or "")
    return code if code.isascii() and code.isdigit() and len(code) <= 8 else "unknown"

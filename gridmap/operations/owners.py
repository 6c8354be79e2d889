"""Who owns each of many points: the owner rule of `store.areas.find_owner`, by an index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from gridmap.geo.locate import AreaIndex
from gridmap.store import areas


@dataclass(frozen=True)
class Owners:
    """For each point the code and the row id of the area version that owns it; None and -1 outside."""

    code: NDArray[np.object_]
    id: NDArray[np.int64]

    @property
    def found(self) -> NDArray[np.bool_]:
        return self.id >= 0


class Locator:
    """The owner rule for many points: the finest level that covers a point, as `areas.find_owner`."""

    def __init__(self, everything: gpd.GeoDataFrame) -> None:
        """`everything`: areas in force with id, code, level, kind; EPSG:4490."""
        self._levels = [
            (rows, AreaIndex(rows, kind="kind"))
            for level in areas.OWNING_LEVELS
            if len(rows := everything[everything["level"] == level].reset_index(drop=True))
        ]
        self.ids: dict[str, int] = dict(zip(everything["code"], everything["id"].tolist(), strict=True))

    @classmethod
    def load(cls, session: Session) -> Locator:
        return cls(areas.list_areas(session, *areas.OWNING_LEVELS))

    def __bool__(self) -> bool:
        return bool(self._levels)

    def locate(self, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> Owners:
        """x, y in EPSG:4490; NaN is outside."""
        code = np.full(len(x), None, dtype=object)
        identity = np.full(len(x), -1, dtype=np.int64)
        open_rows = np.arange(len(x))
        for rows, index in self._levels:
            row = index.locate(x[open_rows], y[open_rows])
            hit = row >= 0
            code[open_rows[hit]] = rows["code"].to_numpy(dtype=object)[row[hit]]
            identity[open_rows[hit]] = rows["id"].to_numpy()[row[hit]]
            open_rows = open_rows[~hit]
        return Owners(code, identity)

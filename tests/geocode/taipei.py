"""Real addresses of Taipei: does the area found agree with the 里 that the text names, and can an address be
placed by those of others? The files lie beside the project and are never copied into it."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from gridmap.geo.locate import AreaIndex
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import geocode_many
from tests.geocode.town import Owner

FOLDS = 10
_VILLAGE = re.compile(r"(..區)(..?.?里)")
_GEOD = Geod(ellps="GRS80")


class Taipei:
    """`villages`: the 456 里 with code, name, district; `points`: welfare organisations with name, address and
    the code of the 里 that they lie in; `addresses`: texts without coordinates. EPSG:4490 throughout: it is
    within centimetres of WGS 84."""

    def __init__(self, folder: Path) -> None:
        villages = gpd.read_file(folder / "taipei_village.geojson")
        self.villages = gpd.GeoDataFrame(
            {
                "code": villages["CPTVID"].astype(str),
                "name": villages["VNAME"],
                "district": villages["TNAME"],
            },
            geometry=villages.geometry.to_numpy(),
            crs="EPSG:4490",
        )
        points = gpd.read_file(folder / "socl_welfare_organization_plc.geojson")
        x, y = (np.asarray(axis, dtype=np.float64) for axis in (points.geometry.x, points.geometry.y))
        self.points = pd.DataFrame(
            {"name": points["name"], "address": points["address"], "x": x, "y": y, "area": self.owner(x, y)}
        )
        self.addresses = pd.read_csv(folder / "addr.csv", dtype=str, keep_default_na=False)["addr"]

    @property
    def owner(self) -> Owner:
        index = AreaIndex(self.villages)
        codes = np.array([*self.villages["code"], None], dtype=object)
        return lambda x, y: codes[index.locate(x, y)]

    def villages_named(self) -> dict[str, float]:
        """Of the addresses that name a district and a 里 of it: how many were answered, right and wrong."""
        codes = dict(
            zip(self.villages["district"] + self.villages["name"], self.villages["code"], strict=True)
        )
        found = [_VILLAGE.search(text) for text in self.addresses]
        gold = pd.Series([codes.get("".join(match.groups())) if match else None for match in found])
        texts = self.addresses[gold.notna()]
        answers = geocode_many(list(texts), Gazetteer(self._entries(self.points, villages=True)), self.owner)
        return _counts(answers, gold[gold.notna()].to_numpy(dtype=object))

    def left_out(self) -> dict[str, float]:
        """Each organisation's address by those of the others, in ten parts; the same address hides together."""
        part = np.array([zlib.crc32(text.encode()) % FOLDS for text in self.points["address"]])
        answers = []
        for fold in range(FOLDS):
            hidden = self.points[part == fold]
            gazetteer = Gazetteer(self._entries(self.points[part != fold], villages=False))
            found = geocode_many(list(hidden["address"]), gazetteer, self.owner)
            answers.append(found.set_index(hidden.index))
        joined = pd.concat(answers).sort_index()
        told = _counts(joined, self.points["area"].to_numpy(dtype=object))
        found_x, found_y = joined["x"].to_numpy(float), joined["y"].to_numpy(float)
        metres = _GEOD.inv(found_x, found_y, self.points["x"].to_numpy(), self.points["y"].to_numpy())[2]
        answered = joined["status"].to_numpy() == "answered"
        return told | {"median_m": float(np.median(metres[answered])) if answered.any() else np.nan}

    def _entries(self, points: pd.DataFrame, villages: bool) -> pd.DataFrame:
        """Names and addresses of the points, and the 里 as villages of their districts."""
        organisations = points.assign(kind="company", parent=None)
        rows = [organisations, organisations.assign(name=points["address"], kind="address")]
        if villages:
            at = shapely.point_on_surface(self.villages.geometry.to_numpy())
            named = pd.DataFrame({"name": self.villages["name"], "parent": self.villages["district"]})
            named = named.assign(kind="village", area=self.villages["code"])
            rows.append(named.assign(x=shapely.get_x(at), y=shapely.get_y(at)))
        columns = ["name", "aliases", "kind", "parent", "x", "y", "area"]
        frames = [frame.assign(aliases=None)[columns].astype({"parent": object}) for frame in rows]
        return pd.concat(frames, ignore_index=True)


def _counts(answers: pd.DataFrame, gold: NDArray[np.object_]) -> dict[str, float]:
    answered = answers["status"].to_numpy() == "answered"
    right = answered & (answers["area"].to_numpy() == gold)
    return {
        "n": len(answers),
        "answered": int(answered.sum()),
        "right": int(right.sum()),
        "wrong": int((answered & ~right).sum()),
    }

"""The geocoder over made-up towns: addresses a second, one address, and a million places."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import opencc
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gridmap.config import Settings
from gridmap.geo.locate import AreaIndex
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.geocode.match import geocode, geocode_many
from gridmap.operations import serving
from tests.bench.table import Ratio, medians, peak_memory

PER_SECOND_TOWN, PER_SECOND_CITY = 20_000, 10_000
ONE_SECONDS, LOAD_SECONDS, LOAD_MB = 0.003, 15.0, 1500
# Of all answers, as the issue of the geocoder allows.
MOST_WRONG = 0.01

_ASKED = 20_000
# One text takes the peer many times longer than it takes us.
_ASKED_OF_PEER = 400
_WEST, _SOUTH, _STEP = 107.6, 30.9, 0.002
_COUNTY, _STREET = "淙溪县", "淙溪街道"

_SYLLABLES = "春华秋实明德文昌安康永和金玉龙凤云锦星辰紫荆翠竹松涛梅兰海棠桂林枫丹泉清源荣盛世丰泰嘉瑞祥福禄寿喜恒信义礼智仁勇景秀彩虹晨曦霞光宏图远航博雅静逸"
_UNKNOWN = "鹤鹭鲲鹏麒麟狮豹骏驰鹿鸣雁燕莺鸿"
_ROADS, _ESTATES = ("路", "街", "大道"), ("小区", "花园", "家园", "公寓")
_SHOPS = ("大药房", "便利店", "面馆", "理发店", "幼儿园", "诊所", "五金店", "水果店")
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Town:
    """`places` for a Gazetteer, `areas` for the answers, and doors that are there but not among the places."""

    places: pd.DataFrame
    areas: gpd.GeoDataFrame
    missing: pd.DataFrame


def make(generator: np.random.Generator, roads: int, estates: int, shops: int, side: int) -> Town:
    """A town on side² square grids: 60 doors a road and 40 buildings an estate."""
    step, extent = _STEP, _STEP * side
    names = _names(generator, roads + estates + shops)
    x, y = generator.uniform(0.02 * extent, 0.98 * extent, (2, roads + estates + shops))
    rows: list[pd.DataFrame] = []
    # A door every 12 m on alternating sides, along a street of any direction.
    turn = generator.uniform(0, 2 * np.pi, roads)[:, None]
    along, across = np.arange(60) * 1.2e-4, np.where(np.arange(60) % 2, 8e-5, -8e-5)
    road = [f"{name}{_ROADS[k % len(_ROADS)]}" for k, name in enumerate(names[:roads])]
    rows.append(
        _rows(
            "address",
            [f"{name}{number}号" for name in road for number in range(1, 61)],
            x[:roads, None] + along * np.cos(turn) - across * np.sin(turn),
            y[:roads, None] + along * np.sin(turn) + across * np.cos(turn),
            road,
        )
    )
    here = slice(roads, roads + estates)
    estate = [f"{name}{_ESTATES[k % len(_ESTATES)]}" for k, name in enumerate(names[here])]
    rows.append(
        _rows("estate", estate, x[here], y[here]).assign(aliases=[[name] for name in names[here]])
    )
    rows.append(
        _rows(
            "building",
            [f"{name}{number}栋" for name in estate for number in range(1, 41)],
            x[here, None] + (np.arange(40) % 8 - 3.5) * 4e-4,
            y[here, None] + (np.arange(40) // 8 - 2) * 4e-4,
            estate,
        )
    )
    here = slice(roads + estates, None)
    shop = [f"{name}{_SHOPS[k % len(_SHOPS)]}" for k, name in enumerate(names[here])]
    rows.append(_rows("shop", shop, x[here], y[here]))
    i, j = (axis.ravel() for axis in np.meshgrid(range(side), range(side)))
    areas = gpd.GeoDataFrame(
        {"code": [f"519900001001{number:05d}" for number in range(side * side)]},
        geometry=shapely.box(i * step, j * step, (i + 1) * step, (j + 1) * step),
        crs="EPSG:4490",
    ).set_geometry(
        shapely.box(
            _WEST + i * step, _SOUTH + j * step, _WEST + (i + 1) * step, _SOUTH + (j + 1) * step
        ),
        crs="EPSG:4490",
    )
    everything = pd.concat(rows, ignore_index=True)
    owner = AreaIndex(areas).locate(everything["x"].to_numpy(), everything["y"].to_numpy())
    everything["area"] = np.array([*areas["code"], None], dtype=object)[owner]
    gone = (everything["kind"] == "address").to_numpy() & (generator.random(len(everything)) < 0.1)
    return Town(everything[~gone].reset_index(drop=True), areas, everything[gone].reset_index(drop=True))

"""The geocoder over made-up towns: addresses a second, one address, and a million places."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import opencc
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Connection, NullPool, create_engine, make_url, text

from gridmap.config import Settings
from gridmap.geo.locate import AreaIndex
from gridmap.geocode.gazetteer import AREA_KINDS, Gazetteer
from gridmap.geocode.match import geocode, geocode_many
from gridmap.store.cluster import ADMIN, Cluster
from gridmap.store.db import drop
from tests.bench.table import Ratio, medians, peak_memory

ASKED = 20_000
PER_SECOND, PER_SECOND_CITY = 20_000, 10_000
ONE_SECONDS, LOAD_SECONDS, LOAD_MB = 0.003, 15.0, 1500
# Of all texts, those that are put into a wrong area.
MOST_WRONG = 0.01

_ASKED_OF_PEER = 4_000
_WEST, _SOUTH, _CELL = 107.6, 30.9, 0.002
_DOORS, _BUILDINGS = 60, 40
_SYLLABLES = np.array(
    list(
        "春华秋实明德文昌安康永和金玉龙凤云锦星辰紫荆翠竹松涛梅兰海棠桂枫丹泉清源荣盛丰泰嘉瑞祥福禄寿喜恒信义礼智仁勇景秀彩虹晨曦霞光宏远航博雅静逸"
    )
)
# In no name of a town: what is made of these is not known.
_STRANGE = np.array(list("鹤鹭鲲鹏麒麟狮豹骏驰鹿鸣雁燕莺鸿"))
_ROADS, _ESTATES = ("路", "街", "大道"), ("小区", "花园", "家园", "公寓")
_SHOPS = ("大药房", "便利店", "面馆", "理发店", "幼儿园", "诊所", "五金店", "水果店")
_TENS = "零一二三四五六七八九"


@dataclass(frozen=True)
class Town:
    """`places` for a Gazetteer, `areas` for the answers, and doors that exist but are not among the places."""

    places: pd.DataFrame
    areas: gpd.GeoDataFrame
    missing: pd.DataFrame


def make(generator: np.random.Generator, roads: int, estates: int, shops: int, side: int) -> Town:
    """Roads with `_DOORS` doors, a tenth of them not known, and estates with `_BUILDINGS`, on side² square grids."""
    i, j = (axis.ravel() for axis in np.meshgrid(range(side), range(side)))
    west, south = _WEST + i * _CELL, _SOUTH + j * _CELL
    areas = gpd.GeoDataFrame(
        {"code": [f"519900001001{number:05d}" for number in range(side * side)]},
        geometry=shapely.box(west, south, west + _CELL, south + _CELL),
        crs="EPSG:4490",
    )
    count = roads + estates + shops
    stems = _stems(generator, _SYLLABLES, count)
    x = generator.uniform(_WEST + 0.01, _WEST + side * _CELL - 0.01, count)
    y = generator.uniform(_SOUTH + 0.01, _SOUTH + side * _CELL - 0.01, count)
    road = [stem + _ROADS[k % len(_ROADS)] for k, stem in enumerate(stems[:roads])]
    estate = [stem + _ESTATES[k % len(_ESTATES)] for k, stem in enumerate(stems[roads:-shops])]
    shop = [stem + _SHOPS[k % len(_SHOPS)] for k, stem in enumerate(stems[-shops:])]
    # A door every 13 m, the odd ones on the other side, along a street of any direction; buildings in five rows.
    turn = generator.uniform(0, 2 * np.pi, (roads, 1))
    along, across = np.arange(_DOORS) * 1.2e-4, np.where(np.arange(_DOORS) % 2, 8e-5, -8e-5)
    door_x = x[:roads, None] + along * np.cos(turn) - across * np.sin(turn)
    door_y = y[:roads, None] + along * np.sin(turn) + across * np.cos(turn)
    column, row = np.arange(_BUILDINGS) % 8 - 3.5, np.arange(_BUILDINGS) // 8 - 2
    doors = [f"{name}{number}号" for name in road for number in range(1, _DOORS + 1)]
    buildings = [f"{name}{number}栋" for name in estate for number in range(1, _BUILDINGS + 1)]
    inner = slice(roads, roads + estates)
    everything: pd.DataFrame = pd.concat(
        [
            _rows("address", doors, door_x, door_y),
            _rows("estate", estate, x[inner], y[inner]).assign(aliases=[[stem] for stem in stems[inner]]),
            _rows("building", buildings, x[inner, None] + column * 4e-4, y[inner, None] + row * 4e-4),
            _rows("shop", shop, x[-shops:], y[-shops:]),
            _rows("county", ["淙溪县"], np.median(x), np.median(y)),
            _rows("street", ["淙溪街道"], np.median(x), np.median(y)),
        ],
        ignore_index=True,
    )
    owner = AreaIndex(areas).locate(everything["x"].to_numpy(), everything["y"].to_numpy())
    everything["area"] = areas["code"].to_numpy(dtype=object)[owner]
    everything.loc[everything["kind"].isin(AREA_KINDS), "area"] = ["519900", "519900001"]
    gone = (everything["kind"] == "address").to_numpy() & (generator.random(len(everything)) < 0.1)
    return Town(everything[~gone].reset_index(drop=True), areas, everything[gone])


def utterances(generator: np.random.Generator, town: Town, count: int) -> pd.DataFrame:
    """`count` different texts with the area that each means, None where it means none that is known.

    Half are doors, a tenth of them unknown ones between known; then buildings, estates, shops, names that
    nobody knows, and what is no address. Nearly half name a room or something beside; a tenth is traditional.
    """
    kinds = dict(list(town.places.groupby("kind")))

    def some(rows: pd.DataFrame, share: float) -> pd.DataFrame:
        wanted = round(share * count)
        picked = rows.iloc[generator.choice(len(rows), wanted, replace=wanted > len(rows))]
        return picked[["name", "kind", "area"]]

    doors = pd.concat([some(kinds["address"], 0.45), some(town.missing, 0.05)])
    doors["name"] = _varied(
        generator, doors["name"], ("{}", "淙溪县{}", "{}{u}单元{r}室", "{}{u}楼", "{}附{u}号", "位于{}旁边")
    )
    buildings = some(kinds["building"], 0.27)
    parts = buildings["name"].str.extract(r"(.+?)(\d+)栋")
    spelled = [stem + _said(generator, int(number)) for stem, number in parts.itertuples(index=False)]
    buildings["name"] = _varied(
        generator, spelled, ("{}", "{}{u}单元", "{}{u}单元{r}", "{}-{u}-{r}室", "{}门口")
    )
    estates = some(kinds["estate"], 0.05)
    estates["name"] = _varied(generator, estates["name"], ("{}", "{}门口", "淙溪街道{}", "{}{r}室", "{}里面"))
    shops = some(kinds["shop"], 0.08)
    shops["name"] = _varied(generator, shops["name"], ("{}", "{}旁边", "{}对面", "{}门口"))
    strangers = [
        f"{stem}路{number}号" for number, stem in enumerate(_stems(generator, _STRANGE, count // 20), 1)
    ]
    silly = [f"1{generator.integers(3 * 10**9, 10**10)}" for _ in range(count // 20)]
    told = pd.concat(
        [doors, buildings, estates, shops, pd.DataFrame({"name": strangers + silly, "area": None})],
        ignore_index=True,
    ).rename(columns={"name": "text"})
    traditional = opencc.OpenCC("s2t")
    which = generator.random(len(told)) < 0.1
    told.loc[which, "text"] = [traditional.convert(each) for each in told.loc[which, "text"]]
    told = told.drop_duplicates("text")
    return told.iloc[generator.permutation(len(told))].reset_index(drop=True)


def town() -> list[Ratio]:
    """35,000 places, beside pg_trgm: the name most similar to a text, found by its index."""
    generator = np.random.default_rng(20261122)
    made = make(generator, roads=320, estates=250, shops=7_500, side=45)
    asked = utterances(generator, made, ASKED)
    texts = asked["text"].tolist()
    gazetteer = Gazetteer(made.places)
    for each in texts[:200]:
        geocode(each, gazetteer, made.areas)  # loads what numba has compiled, and the tables of characters
    (many,) = medians(3, lambda: geocode_many(texts, gazetteer, made.areas))
    answers = geocode_many(texts, gazetteer, made.areas)
    one = _each(texts[:2_000], gazetteer, made.areas)
    sample = asked.iloc[:_ASKED_OF_PEER]
    with _trigrams(Settings.load()) as connection:
        _index(connection, made.places)
        began = time.perf_counter()
        theirs = _most_similar(connection, sample["text"].tolist())
        peer = time.perf_counter() - began
    scaled = peer / len(sample) * len(texts)
    wrong, answered = _judge(asked["area"], answers["area"])
    their_wrong, their_answered = _judge(sample["area"], theirs)
    told = f"{len(made.places):,} places"
    note = (
        f"{len(texts) / many:,.0f} addresses/s beside {len(texts) / scaled:,.0f}; answered {answered:.1%}, "
        f"wrong {wrong:.2%} of all, beside {their_answered:.0%} and {their_wrong:.0%}"
    )
    return [
        Ratio(
            f"geocode {len(texts):,} addresses, {told}",
            many,
            f"pg_trgm with a GIN index, {len(sample):,} texts scaled up",
            scaled,
            limit_seconds=len(texts) / PER_SECOND,
            sound=wrong <= MOST_WRONG,
            note=note,
        ),
        Ratio(
            f"geocode one address, {told}",
            statistics.median(one),
            limit_seconds=ONE_SECONDS,
            note=f"99 of 100 within {np.quantile(one, 0.99) * 1000:.1f} ms",
        ),
    ]


def city() -> list[Ratio]:
    """1,000,000 places: what the index takes to build and to hold, and what it is worth then."""
    generator = np.random.default_rng(20261123)
    made = make(generator, roads=9_000, estates=7_000, shops=227_000, side=220)
    asked = utterances(generator, made, ASKED)
    texts = asked["text"].tolist()
    before = peak_memory(reset=True)
    began = time.perf_counter()
    gazetteer = Gazetteer(made.places)
    load = time.perf_counter() - began
    geocode_many(texts[:200], gazetteer, made.areas)
    memory = (peak_memory() - before) / 1e6
    (many,) = medians(3, lambda: geocode_many(texts, gazetteer, made.areas))
    wrong, answered = _judge(asked["area"], geocode_many(texts, gazetteer, made.areas)["area"])
    told = f"{len(made.places):,} places"
    return [
        Ratio(
            f"load a gazetteer of {told}",
            load,
            limit_seconds=LOAD_SECONDS,
            sound=memory <= LOAD_MB,
            note=f"{memory:,.0f} MB above the input, at most {LOAD_MB:,}",
        ),
        Ratio(
            f"geocode {len(texts):,} addresses, {told}",
            many,
            limit_seconds=len(texts) / PER_SECOND_CITY,
            sound=wrong <= MOST_WRONG,
            note=f"{len(texts) / many:,.0f} addresses/s; answered {answered:.1%}, wrong {wrong:.2%} of all",
        ),
    ]


def _stems(generator: np.random.Generator, syllables: NDArray[np.str_], count: int) -> list[str]:
    """Different names, of two syllables as far as a fifth of these goes, then of three and of four."""
    found: dict[str, None] = {}
    for length in (2, 3, 4):
        wanted = min(count, len(found) + len(syllables) ** length // 5)
        while len(found) < wanted:
            drawn = syllables[generator.integers(0, len(syllables), (wanted - len(found), length))]
            found |= dict.fromkeys(map("".join, drawn))
    return [str(stem) for stem in generator.permutation(list(found))]


def _rows(kind: str, names: list[str], x: ArrayLike, y: ArrayLike) -> pd.DataFrame:
    return pd.DataFrame({"name": names, "aliases": None, "kind": kind, "x": np.ravel(x), "y": np.ravel(y)})


def _said(generator: np.random.Generator, number: int) -> str:
    """A building's number as people write it."""
    tens, ones = divmod(number, 10)
    spoken = ("", "十")[tens > 0] + ("" if tens and not ones else _TENS[ones])
    if tens > 1:
        spoken = _TENS[tens] + spoken
    return str(generator.choice([f"{number}栋", f"{number}号楼", f"{number}幢", f"{spoken}栋"]))


def _varied(
    generator: np.random.Generator, names: pd.Series | list[str], forms: tuple[str, ...]
) -> list[str]:
    """Half of the names in the first form, half in any; {u} is a unit or floor, {r} a room."""
    chosen = generator.integers(0, len(forms), len(names)) * generator.integers(0, 2, len(names))
    unit, floor, room = generator.integers((1, 1, 1), (6, 30, 7), (len(names), 3)).T
    return [
        forms[form].format(name, u=u, r=f"{storey}0{door}")
        for name, form, u, storey, door in zip(names, chosen, unit, floor, room, strict=True)
    ]


def _each(texts: list[str], gazetteer: Gazetteer, areas: gpd.GeoDataFrame) -> list[float]:
    """Seconds for each text."""
    taken = []
    for each in texts:
        began = time.perf_counter()
        geocode(each, gazetteer, areas)
        taken.append(time.perf_counter() - began)
    return taken


def _judge(meant: pd.Series, found: pd.Series) -> tuple[float, float]:
    """Shares of all texts: put into a wrong area, and answered at all."""
    answered = found.notna().to_numpy()
    wrong = answered & (found.to_numpy(dtype=object) != meant.to_numpy(dtype=object))
    return float(wrong.mean()), float(answered.mean())


@contextmanager
def _trigrams(settings: Settings) -> Iterator[Connection]:
    """A transaction in a database of its own, with pg_trgm and its letters: in the C locale, which ours are
    made in, that extension takes no Chinese character for a letter, and would find by numbers alone."""
    name = f"gridmap_trigrams_{os.getpid()}"
    started = not settings.database_url and Cluster.of(settings).start()
    url = make_url(settings.database_url or Cluster.of(settings).url(ADMIN)).set(
        drivername="postgresql+psycopg"
    )
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    engine = create_engine(url.set(database=name), poolclass=NullPool)
    try:
        with server.connect() as connection:
            connection.execute(
                text(
                    f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
                )
            )
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION pg_trgm"))
            yield connection
    finally:
        drop(settings, name)
        if started:
            Cluster.of(settings).stop()


def _index(connection: Connection, places: pd.DataFrame) -> None:
    connection.execute(text("CREATE TABLE names (name text, area text)"))
    connection.execute(
        text("INSERT INTO names SELECT * FROM unnest(CAST(:names AS text[]), CAST(:areas AS text[]))"),
        {"names": places["name"].tolist(), "areas": places["area"].tolist()},
    )
    connection.execute(text("CREATE INDEX ON names USING gin (name gin_trgm_ops)"))
    connection.execute(text("ANALYZE names"))


def _most_similar(connection: Connection, texts: list[str]) -> pd.Series:
    """The area of the name that is most similar to each text, None where none is similar."""
    rows = connection.execute(
        text(
            "SELECT best.area FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS asked(said, place) "
            "LEFT JOIN LATERAL (SELECT area FROM names WHERE name % said "
            "ORDER BY similarity(name, said) DESC LIMIT 1) AS best ON true ORDER BY place"
        ),
        {"texts": texts},
    )
    return pd.Series([row[0] for row in rows], dtype=object)

"""Utterances made from records: some that the gazetteer lacks altogether, some that it has in other forms.

`python -m tests.geocode.generate` writes labels/removed.csv and labels/generated.csv anew; a test holds that
they are what this makes.

**Removed** from the gazetteer of the evaluation: a share each of the estates (with gates, buildings, aliases),
of the numbered buildings of the other estates, of the houses with a number in streets and villages, of the
door plates, and of the shops and other places.

**Gold.** `area` is always the grid where the removed thing really is. `gold` says whether a careful person
with what is left could know it:

- a building of a known estate, a house of a known village group: answer, where the whole estate, or every
  known house of the group, lies in one grid;
- a door, removed or never listed (these stand where the town's own numbering puts them): answer, where the
  nearest known numbers below and above it on its side of the road (odd or even) are at most `GAP` apart and
  lie in one grid with the straight line between them; or where a known number of its side is at most `NEAR`
  away and all that it could mean at `STEP_M` a number lies in one grid; or where the whole road does. Abstain
  in every other case, and where that would be the wrong grid;
- an estate or a place that is removed: answer, where a door plate that is still known stands beside the name,
  and lies in the same grid; abstain, where there is nothing but the name.

Who abstains on a row of gold `abstain`, or answers it with its `area`, is right. Of what is still known, in
another form, the gold is the answer. Names that two places share, and slips that sound like the name of
another place, are not used here: what to do with them is among the rows written by hand.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.affinity
from pypinyin import lazy_pinyin
from shapely.geometry.base import BaseGeometry

from gridmap.demo import names
from gridmap.geo import crs
from tests.geocode import town
from tests.geocode.evaluation import LABELS, split_of
from tests.geocode.town import Town

SEED = 20250308
ESTATES, BUILDINGS, HOUSES, DOORS, PLACES = 0.12, 0.20, 0.20, 0.20, 0.15
# The widest step between two known door numbers on one side that may be filled in: 40 are about 180 m.
GAP = 40
# A number that stands beside a known one, and the metres of road that one number takes (two are a door).
NEAR, STEP_M = 6, 10.0
# How the town counts: a number for so much road, from the start of its parts; doors stand so far off the middle.
DOOR_M, OFF_M = 9.0, 15.0
# Half the width of a road with its footways, in degrees: about 12 m.
ROADSIDE_DEG = 0.00012
METRES_PER_DEGREE = 111_320.0

HEADER = ("text", "stratum", "gold", "place", "lng", "lat", "area", "estate", "split", "note")
_NUMBERED = re.compile(r"(.+?)(\d+)(栋|号)")
_KINDS = ("shop", "company", "market", "school", "park", "hospital")
_COMMON = "路街巷弄"

# How names are misheard: the same sound, or one that dialects confuse with it.
SLIPS = dict(
    zip(
        "状元府里锦绣花园苑景丽滨江明珠幸福翰林书香粮食阳桂湾昌时代华橘桃榭岛荷庭泽秋月澜悦洲嘉尚祥瑞润盛丹竹清"
        "泰晟佳和顺宏图富康馨皇新名都学教供电农机厂宿舍兰亭雅绿城凤凰碧水柏天鹅百合镜湖银杏松涛云顶致",
        "壮圆付理紧秀华圆院井利宾姜名朱兴富汉临疏乡良十杨贵弯常石带花菊陶谢到何廷择丘越兰月州加上详锐闰胜单竺轻"
        "太圣加合舜红屠付慷欣黄心明嘟雪较共店浓几场素社南庭亚录成风黄必谁白添额佰和静胡吟信淞淘运订智",
        strict=True,
    )
)
_CONFUSED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))


@dataclass(frozen=True)
class Label:
    """One row of generated.csv, its position as (lng, lat)."""

    text: str
    stratum: str
    gold: str
    place: str
    at: tuple[float, float]
    area: str
    estate: str
    note: str = ""

    def row(self) -> tuple[str, ...]:
        text, stratum, gold, place, (lng, lat), area, estate, note = astuple(self)
        place = place if gold == "answer" else ""
        return text, stratum, gold, place, f"{lng:.6f}", f"{lat:.6f}", area, estate, split_of(estate), note


def group(name: str) -> str:
    """The key by which rows are kept together: an estate without its phase or half."""
    return re.sub("(一期|二期|东区|西区)$", "", name)


class Knowledge:
    """What is known of the town, as a person with the gazetteer and the map knows it."""

    def __init__(self, known: Town) -> None:
        self.town = known
        self.owner = known.owner

    def grid(self, at: BaseGeometry) -> str:
        point = shapely.point_on_surface(at)
        found = self.owner(np.array([point.x]), np.array([point.y]))[0]
        return str(found) if found else ""

    def only_grid(self, land: BaseGeometry) -> str:
        """The grid that holds all of a geometry, but for slivers of 0.5 % of an area; or nothing."""
        grids = self.town.grids
        for row in grids.sindex.query(land, predicate="intersects"):
            shape = grids.geometry.iloc[row]
            if land.within(shape) or (land.area and land.intersection(shape).area > 0.995 * land.area):
                return str(grids["code"].iloc[row])
        return ""

    @cached_property
    def doors(self) -> dict[str, dict[int, shapely.Point]]:
        """Road → number → where, of plates and of houses in streets."""
        found: dict[str, dict[int, shapely.Point]] = {}
        plates = self.town.places[self.town.places["kind"] == "address"]
        for name, at in [*_points(plates), *_points(self.town.buildings)]:
            match = _NUMBERED.fullmatch(name)
            if match and match[3] == "号" and "组" not in match[1]:
                found.setdefault(match[1], {})[int(match[2])] = at
        return found

    @cached_property
    def roads(self) -> dict[str, str]:
        """Road → the one grid that it lies in with both roadsides, or nothing."""
        streets = self.town.streets
        return {
            str(name): self.only_grid(part.geometry.union_all().buffer(ROADSIDE_DEG))
            for name, part in streets[streets["name"].notna()].groupby("name", sort=False)
        }

    def door(self, road: str, number: int) -> str:
        """The grid of a door that is not known, by its neighbours or by its road; or nothing."""
        at = self.doors.get(road, {})
        side = sorted(n for n in at if n % 2 == number % 2)
        below, above = [n for n in side if n < number][-1:], [n for n in side if n > number][:1]
        if below and above and above[0] - below[0] <= GAP:
            lands: list[BaseGeometry] = [shapely.LineString([at[below[0]], at[above[0]]])]
        else:
            reach = [(n, abs(n - number) * STEP_M) for n in below + above if abs(n - number) <= NEAR]
            lands = [_disc(at[n], metres) for n, metres in reach]
        found = {self.only_grid(land) for land in lands} - {""}
        return found.pop() if len(found) == 1 else self.roads.get(road, "")

    @cached_property
    def lines(self) -> dict[str, list[shapely.LineString]]:
        """Road → its parts as the town counts them, in metres."""
        metric = crs.project(self.town.streets)
        named = metric[metric["name"].notna()]
        return {str(name): list(part.geometry) for name, part in named.groupby("name", sort=False)}

    def stand(self, road: str, number: int) -> shapely.Point | None:
        """Where the town's numbering puts a door: odd numbers on the left; None beyond the end of the road."""
        chain = 2 * DOOR_M * ((number - 1) // 2 + 0.5)
        for line in self.lines[road]:
            if chain < line.length:
                here, ahead = line.interpolate(chain), line.interpolate(chain + 1)
                off = OFF_M / here.distance(ahead) * (1 if number % 2 else -1)
                at = shapely.Point(here.x - (ahead.y - here.y) * off, here.y + (ahead.x - here.x) * off)
                metric = crs.require(crs.project(self.town.streets))
                stored = gpd.GeoSeries([at], crs=metric).to_crs(crs.STORAGE)
                return shapely.Point(stored.x.iloc[0], stored.y.iloc[0])
            chain -= line.length
        return None


def _disc(at: shapely.Point, metres: float) -> shapely.Polygon:
    """A disc about a point lon/lat."""
    narrower = np.cos(np.radians(at.y))
    disc = shapely.Point(0, 0).buffer(metres / METRES_PER_DEGREE)
    return shapely.affinity.translate(shapely.affinity.scale(disc, 1 / narrower, 1), at.x, at.y)


def _points(frame: gpd.GeoDataFrame) -> Iterator[tuple[str, shapely.Point]]:
    return zip(frame["name"], shapely.centroid(frame.geometry.to_numpy()), strict=True)


@cache
def shared() -> frozenset[str]:
    """Names and aliases that more than one place bears, and names that sound like another's."""
    places = town.read().places
    places = places[~places["kind"].isin(("address", "road"))]
    borne = Counter(
        word
        for name, aliases in zip(places["name"], places["aliases"], strict=True)
        for word in {name, short(name), *aliases}
    )
    sounds = Counter(sound(word) for word in borne)
    return frozenset(word for word, times in borne.items() if times > 1 or sounds[sound(word)] > 1)


def sound(name: str) -> str:
    """Pinyin without tones, and without the differences that dialects do not hear."""
    heard = []
    for syllable in lazy_pinyin(name):
        for one, other in _CONFUSED:
            if syllable.startswith(one):
                syllable = other + syllable.removeprefix(one)
                break
        heard.append(re.sub("(?<=[aei])ng$", "n", syllable))
    return " ".join(heard)


def short(name: str) -> str:
    bare = name.removesuffix("小区")
    return bare if len(bare) > 2 else name


def slip(rng: np.random.Generator, name: str) -> str:
    """The name with one character misheard, or nothing where that is another place's name."""
    places = [k for k, character in enumerate(name) if character in SLIPS]
    if not places or name in shared():
        return ""
    k = places[int(rng.integers(len(places)))]
    slipped = name[:k] + SLIPS[name[k]] + name[k + 1 :]
    return "" if slipped in shared() else slipped


@cache
def removed() -> pd.DataFrame:
    """kind, name, parent of every record that the gazetteer of the evaluation lacks."""
    rng = np.random.default_rng(SEED)
    whole = town.read()
    estates = whole.places[whole.places["kind"] == "estate"]
    twins = set(estates.loc[estates["name"].duplicated(), "name"])
    rows: list[tuple[str, str, str]] = []
    families = [family for family in dict.fromkeys(map(group, estates["name"])) if family not in twins]
    lost = set(_some(rng, families, ESTATES))
    for name, parent in zip(estates["name"], estates["parent"], strict=True):
        if group(name) in lost:
            rows.append(("estate", name, parent))
    gates = whole.places[whole.places["kind"] == "gate"]
    for name, parent in zip(gates["name"], gates["parent"], strict=True):
        if group(parent) in lost:
            rows.append(("gate", name, parent))
    others = whole.places[whole.places["kind"].isin(_KINDS)]
    shut = set(_some(rng, list(others["name"]), PLACES))
    buildings, houses = [], []
    for name in whole.buildings["name"]:
        match = _NUMBERED.fullmatch(name)
        if not match:
            # A house on the premises of a company, a school and so on is called after them.
            if re.sub(r"\d*号?楼$", "", name) in shut:
                rows.append(("premises", name, ""))
        elif match[3] == "号":
            houses.append(name)
        elif group(match[1]) in lost:
            rows.append(("building", name, ""))
        elif match[1] not in twins:
            buildings.append(name)
    rows += [("building", name, "") for name in _some(rng, buildings, BUILDINGS)]
    rows += [("house", name, "") for name in _some(rng, houses, HOUSES)]
    plates = whole.places[whole.places["kind"] == "address"]
    rows += [("address", name, "") for name in _some(rng, list(plates["name"]), DOORS)]
    rows += [("place", name, "") for name in others["name"] if name in shut]
    return pd.DataFrame(rows, columns=["kind", "name", "parent"])


def _some(rng: np.random.Generator, options: list[str], share: float) -> list[str]:
    """A share of the options, in their order."""
    return [options[k] for k in sorted(rng.permutation(len(options))[: round(share * len(options))])]


@cache
def known() -> Town:
    """The town without what is removed."""
    return town.read().without(removed())


class Writer:
    """Makes labels; every text once."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(SEED + 1)
        self.whole, self.known = Knowledge(town.read()), Knowledge(known())
        self.labels: dict[str, Label] = {}
        places = self.whole.town.places
        self.places = places[places["kind"] != "road"].drop_duplicates("name").set_index("name")
        estates = places[places["kind"] == "estate"]
        twins = estates["name"].duplicated(keep=False)
        self.estates = estates[~twins].set_index("name")
        buildings = self.whole.town.buildings
        self.at = dict(_points(buildings.drop_duplicates("name", keep=False))) | dict(_points(places))
        gates = places[places["kind"] == "gate"]
        self.plate_of = dict(zip(gates["parent"], gates["address"], strict=True))

    def pick(self, *forms: str) -> str:
        return forms[int(self.rng.integers(len(forms)))]

    def some(self, options: list[str], most: int) -> list[str]:
        return [options[k] for k in self.rng.permutation(len(options))[:most]]

    def add(self, text: str, stratum: str, gold: str, place: str, key: str, note: str = "") -> None:
        at = self.at[place]
        lng, lat = round(at.x, 6), round(at.y, 6)
        area = self.whole.grid(shapely.Point(lng, lat))
        self.labels.setdefault(text, Label(text, stratum, gold, place, (lng, lat), area, key, note))

    def home(self, building: str) -> dict[str, str]:
        """Words for texts about a building of an estate."""
        match = _NUMBERED.fullmatch(building)
        assert match, building
        name, number = match[1], int(match[2])
        aliases = [a for a in self.estates["aliases"][name] if len(a) > 2 and a not in shared()]
        storey, unit, door = (int(self.rng.integers(1, most)) for most in (7, 4, 5))
        return {
            "name": name,
            "short": short(name),
            "alias": self.pick(*aliases) if aliases else name,
            "community": self.estates["parent"][name],
            "plate": self.plate_of[name],
            "n": str(number),
            "cn": names.numeral(number),
            "wn": str(number).translate(names.FULL_WIDTH),
            "u": str(unit),
            "wu": str(unit).translate(names.FULL_WIDTH),
            "d": f"{storey}0{door}",
            "wd": f"{storey}0{door}".translate(names.FULL_WIDTH),
            "storey": names.numeral(storey),
        }


BUILDING_FORMS = (
    "{short}{n}栋{u}单元{d}", "{short}{n}-{u}-{d}", "{name}{n}号楼", "{short}{cn}栋", "{alias}{n}幢",
    "{community}{name}{n}栋", "淙溪街道{community}{plate}{name}{n}栋{u}单元", "{name}{wn}栋{wu}单元",
    "{name}{n}栋楼下", "{short}{n}座{d}室", "住{short}{n}栋{storey}楼", "{alias}{n}栋{u}单元{d}室",
)  # fmt: skip
# Of what the gazetteer has, in other words than it has.
FORMS: dict[str, tuple[str, ...]] = {
    "form-hyphenated": ("{short}{n}-{u}-{d}", "{name}{n}-{d}", "{short} {n}-{u}-{d}室", "{short}{wn}－{wu}－{wd}"),
    "form-full-width": ("{short}{wn}栋{wu}单元{wd}", "{name}　{wn}号楼", "{name}{wn}幢", "{short}{wn}＃楼{wd}"),
    "form-swapped": (
        "{n}栋{u}单元，{name}，{community}", "{name}（{plate}）{n}栋", "{n}号楼，{short}",
        "{community}，{n}栋，{name}", "{name}{u}单元{n}栋",
    ),
    "form-prefixed": (
        "四川省溪源县淙溪街道{community}{name}{n}栋", "地址：溪源县淙溪街道办{community}居委会{plate}{name}{n}号楼",
        "（淙溪街道）{plate}，{name}{n}幢{u}单元", "我家在{community}的{short}{n}栋", "溪源县{name}{n}栋",
    ),
    "form-tailed": (
        "{name}{n}栋{u}单元{storey}楼左户", "{short}{n}栋{d}室阳台漏水", "{short}{n}栋{u}单元门禁坏了",
        "{name}{n}栋底楼车库，电话13800001234", "{short}{n}栋顶楼天台有人养鸡",
    ),
}  # fmt: skip
DOOR_FORMS = (
    "{road}{n}号", "淙溪街道{road}{n}号", "{road}{wn}号", "{road}{n}号{storey}楼", "{road}{n}號",
    "溪源县淙溪街道{road}{n}号门面", "{road}{n}号附1号", "{road}{n}-1号", "{road}{dn}号",
)  # fmt: skip
TAIWAN_FORMS = (
    "{road}{dn}號{storey}樓",
    "{road}{n}號之2",
    "{road}{on}號{storey}樓之1",
    "淙溪街道{road}{wn}號",
)


def generate() -> list[Label]:
    """Every label, in a fixed order."""
    writer = Writer()
    for step in (_buildings, _houses, _doors, _unlisted, _estates, _places, _forms, _taiwan):
        step(writer)
    return list(writer.labels.values())


def _lost(kind: str) -> list[str]:
    rows = removed()
    return list(rows.loc[rows["kind"] == kind, "name"])


def _buildings(w: Writer) -> None:
    lost = set(_lost("estate"))
    options = [
        b for b in _lost("building") if (estate := _numbered(b)[0]) not in lost and estate not in shared()
    ]
    for building in w.some(options, 150):
        estate = _numbered(building)[0]
        gold = "answer" if w.known.only_grid(w.estates.geometry[estate]) else "abstain"
        text = w.pick(*BUILDING_FORMS).format(**w.home(building))
        w.add(text, "removed-building", gold, building, group(estate))


def _houses(w: Writer) -> None:
    """Houses of village groups; those of streets are doors."""
    standing = w.known.town.buildings
    for house in w.some([house for house in _lost("house") if "组" in house], 45):
        hamlet, number = _numbered(house)
        village, turn = re.fullmatch(r"(.+村)(\d+)组", hamlet).groups()  # type: ignore[union-attr]
        houses = standing[standing["name"].str.startswith(hamlet)]
        one = len({w.known.grid(at) for at in houses.geometry}) == 1
        numeral = names.numeral(int(turn))
        text = w.pick(
            f"{hamlet}{number}号", f"{village}{numeral}组{number}号", f"{village}{turn}社{number}号",
            f"溪源县淙溪街道{hamlet}{number}号", f"{village}{numeral}社{number}号院坝",
        )  # fmt: skip
        w.add(text, "removed-house", "answer" if one else "abstain", house, hamlet)


def _doors(w: Writer) -> None:
    options = _lost("address") + [house for house in _lost("house") if "组" not in house]
    for plate in w.some(options, 160):
        road, number = _numbered(plate)
        found = w.known.door(road, number)
        gold = "answer" if found and found == w.whole.grid(w.at[plate]) else "abstain"
        note = "the neighbours lie in another grid" if found and gold == "abstain" else ""
        text = w.pick(*DOOR_FORMS).format(**_plate_words(w, road, number))
        w.add(text, "removed-door", gold, plate, road, note)


def _unlisted(w: Writer) -> None:
    """Doors that no list has ever had, between those that are known."""
    options = []
    for road, listed in w.known.doors.items():
        for side in (0, 1):
            numbers = sorted(n for n in listed if n % 2 == side)
            for below, above in pairwise(numbers):
                free = [n for n in range(below + 2, above, 2) if n not in w.whole.doors[road]]
                if free and above - below <= 2 * GAP:
                    options.append(f"{road}{free[int(w.rng.integers(len(free)))]}号")
    for plate in w.some(options, 130):
        road, number = _numbered(plate)
        at = w.whole.stand(road, number)
        if at is None:
            continue
        w.at[plate] = at
        found = w.known.door(road, number)
        gold = "answer" if found and found == w.whole.grid(at) else "abstain"
        note = "the neighbours lie in another grid" if found and gold == "abstain" else ""
        text = w.pick(*DOOR_FORMS).format(**_plate_words(w, road, number))
        w.add(text, "unlisted-door", gold, plate, road, note)


def _estates(w: Writer) -> None:
    """Estates of which nothing is left: their buildings, with and without a plate that is still known."""
    plates = set(w.known.town.places.loc[w.known.town.places["kind"] == "address", "name"])
    for estate in _lost("estate"):
        if estate in shared():
            continue
        mine = [b for b in _lost("building") if _numbered(b)[0] == estate]
        for building in w.some(mine, 4):
            words = w.home(building)
            bare = w.pick("{short}{n}栋{u}单元", "{name}{n}号楼", "{short}{n}-{u}-{d}", "{community}{name}{n}栋",
                          "{short}{cn}栋", "{name}")  # fmt: skip
            w.add(bare.format(**words), "removed-estate", "abstain", building, group(estate))
        plate = w.plate_of[estate]
        same = plate in plates and w.known.grid(w.at[plate]) == w.whole.grid(w.estates.geometry[estate])
        full = w.pick(
            "{plate}{name}{n}栋", "溪源县淙溪街道{community}{plate}{name}{n}栋", "{name}（{plate}）"
        )
        text = full.format(**w.home(mine[0]))
        w.add(text, "removed-estate", "answer" if same else "abstain", plate, group(estate))


def _places(w: Writer) -> None:
    plates = set(w.known.town.places.loc[w.known.town.places["kind"] == "address", "name"])
    for name in _lost("place"):
        if name in shared():
            continue
        bare = w.pick("{0}", "{0}门口", "{0}里面", "溪源县淙溪街道{0}").format(name)
        w.add(bare, "removed-place", "abstain", name, name)
        plate = w.places["address"][name]
        same = plate in plates and w.known.grid(w.at[plate]) == w.whole.grid(w.at[name])
        full = w.pick("{0}{1}", "淙溪街道{0}{1}", "{1}（{0}）", "{0}的{1}").format(plate, name)
        w.add(full, "removed-place", "answer" if same else "abstain", name, name)


def _forms(w: Writer) -> None:
    """Buildings that are known, in other words."""
    options = [
        name
        for name in w.known.town.buildings["name"]
        if name.endswith("栋")
        and (estate := _numbered(name)[0]) in w.estates.index
        and estate not in shared()
    ]
    for stratum, forms in FORMS.items():
        for building in w.some(options, 34):
            text = w.pick(*forms).format(**w.home(building))
            w.add(text, stratum, "answer", building, group(_numbered(building)[0]))
    for building in w.some(options, 45):
        words = w.home(building)
        text = w.pick("{short}{n}棟{u}單元", "{name}{cn}棟", "淙溪街道{community}{name}{n}號樓").format(
            **words
        )
        key = group(words["name"])
        w.add(text.translate(names.TRADITIONAL), "form-traditional", "answer", building, key)
    for building in w.some(options, 60):
        words = w.home(building)
        slipped = slip(w.rng, words["short"])
        if slipped:
            text = slipped + w.pick("{n}栋", "{n}栋{u}单元{d}", "{cn}栋", "{n}-{u}-{d}").format(**words)
            w.add(text, "form-homophone", "answer", building, group(words["name"]))


def _taiwan(w: Writer) -> None:
    """Doors that are known, as Taiwan writes them."""
    plates = w.known.town.places
    for plate in w.some(list(plates.loc[plates["kind"] == "address", "name"]), 34):
        road, number = _numbered(plate)
        text = w.pick(*TAIWAN_FORMS).format(**_plate_words(w, road, number))
        w.add(text.translate(names.TRADITIONAL), "form-taiwan", "answer", plate, road)


def _plate_words(w: Writer, road: str, number: int) -> dict[str, str]:
    """Words for texts about a door: `dn` digit by digit in Chinese, `on` with the letter O for zero."""
    digits = str(number).translate(str.maketrans("0123456789", "〇一二三四五六七八九"))
    return {
        "road": road,
        "n": str(number),
        "wn": str(number).translate(names.FULL_WIDTH),
        "dn": digits,
        "on": digits.replace("〇", "Ｏ"),
        "storey": names.numeral(int(w.rng.integers(1, 7))),
    }


def _numbered(name: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(name)
    assert match, name
    return match[1], int(match[2])


def write(folder: Path) -> None:
    """removed.csv and generated.csv."""
    tables: tuple[tuple[str, tuple[str, ...], Callable[[], Iterator[tuple[str, ...]]]], ...] = (
        ("removed.csv", ("kind", "name", "parent"), lambda: removed().itertuples(index=False, name=None)),
        ("generated.csv", HEADER, lambda: (label.row() for label in generate())),
    )
    for name, header, rows in tables:
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows())


if __name__ == "__main__":
    write(LABELS)

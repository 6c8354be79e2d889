"""Service stations: where each kind stands, when it is open, what it offers and how it was used."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from shapely import Point

from gridmap.demo.areas import Community
from gridmap.demo.places import Estate, Place
from gridmap.demo.shares import apportion
from gridmap.demo.terrain import Floats, Terrain
from gridmap.demo.ways import Directory

MONTH = "2026-10"
WATERS_PER_GRID = 23_000 / 150
MEDICINES_PER_GRID = 600 / 150
ALL_DAY = "24/7"
OFFICE = "Mo-Fr 09:00-12:00,14:00-18:00"
BASICS = ("water", "rest")
NINE = ("heating", "cooling", "water", "hot_meal", "rest", "toilet", "medicine", "charging", "shelter")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of station in a town of 150 grids.

    `apart_m`: how far its stations keep from each other where they can. `reach`: how fast they grow rare
    from the centre (0) to the outline (1). `hours`: texts to choose from, one empty where nobody wrote them
    down. `amenities`: what most of them offer. `seats`: least and most capacity.
    """

    title: str
    count: int
    apart_m: float
    reach: float
    hours: tuple[str, ...]
    amenities: tuple[str, ...]
    seats: tuple[int, int]


KINDS = {
    "jiuke": Kind(
        "九可驿站",
        27,
        120,
        0.22,
        (ALL_DAY, ALL_DAY, "07:00-22:00", "08:00-21:00", "06:30-23:30", "08:00-02:00"),
        NINE,
        (8, 30),
    ),
    "red": Kind(
        "红色驿站",
        12,
        420,
        0.8,
        ("08:30-20:30", "Mo-Fr 08:30-18:00; Sa-Su 09:00-17:00"),
        ("heating", "cooling", "water", "rest", "toilet", "charging", "medicine"),
        (10, 30),
    ),
    "family_school": Kind(
        "家校矛盾调解站",
        13,
        250,
        1.4,
        ("Mo-Fr 09:00-12:00,14:00-17:30", "We,Fr 14:00-17:30"),
        BASICS,
        (6, 12),
    ),
    "tutoring": Kind(
        "校外辅导站",
        8,
        350,
        0.7,
        ("Mo-Fr 16:30-20:30; Sa-Su 09:00-17:30", "11:00-21:00"),
        (*BASICS, "shelter"),
        (10, 30),
    ),
    "industry": Kind("调解中心", 6, 200, 0.7, ("Mo-Fr 09:00-17:00",), (*BASICS, "toilet"), (8, 16)),
    "canteen": Kind(
        "长者食堂助餐点",
        3,
        700,
        0.6,
        ("10:30-13:00,16:30-18:30",),
        ("hot_meal", *BASICS, "heating", "cooling"),
        (40, 90),
    ),
    "children": Kind(
        "童伴之家",
        15,
        420,
        1.4,
        ("Mo-Fr 16:30-19:00; Sa-Su 09:00-17:30", "Sa-Su 09:00-17:30"),
        (*BASICS, "toilet", "heating", "cooling"),
        (15, 40),
    ),
    "cogovernance": Kind(
        "小区共治中心", 6, 600, 0.8, ("09:00-12:00,14:00-20:00",), (*BASICS, "charging"), (12, 24)
    ),
    "steward": Kind(
        "红管家议事坊",
        23,
        300,
        0.9,
        ("Tu,Th 19:00-21:00", "Sa 09:00-11:30", "Mo-Fr 19:00-21:00"),
        ("rest",),
        (10, 20),
    ),
    "service": Kind(
        "综治服务点", 64, 260, 1.6, (OFFICE, "Mo-Sa 09:00-17:00", ""), (*BASICS, "shelter"), (4, 10)
    ),
    "centre": Kind(
        "综治中心",
        0,
        0,
        1,
        (OFFICE,),
        (*BASICS, "toilet", "heating", "cooling", "shelter"),
        (30, 80),
    ),
    "mobile": Kind(
        "调解流动车",
        4,
        0,
        1,
        ("Mo,We,Fr 09:00-11:30", "Tu 14:00-17:00; Sa 08:30-11:30", "Th 09:00-16:00", "Sa-Su 08:00-12:00"),
        ("water", "shelter"),
        (4, 6),
    ),
}
TRADES = ("个体私营", "美容美发", "餐饮", "建材", "汽修", "物流快递")


@dataclass(frozen=True, slots=True)
class Station:
    """One station; `at` in metres."""

    kind: str
    name: str
    address: str
    at: Point


def place(
    rng: np.random.Generator,
    terrain: Terrain,
    communities: list[Community],
    estates: list[Estate],
    spots: list[Place],
    directory: Directory,
    grids: int,
) -> list[Station]:
    """Sites for every kind. The 九可驿站 keep to the centre, so that the rim is honestly not covered."""

    def of(*kinds: str) -> list[Place]:
        return [spot for spot in spots if spot.kind in kinds]

    homes = [Place(home.name, "", "estate", home.gate, home.address) for home in estates]
    villages, shops, schools = of("village"), of("shop"), of("school")
    halls = [_hall(community, [*homes, *villages, *shops], directory) for community in communities]
    sites = {
        "jiuke": of("market", "stop", "hospital", "landmark", "park", "company"),
        "red": of("company", "market", "park"),
        "family_school": [*schools, *schools, *halls],
        "tutoring": shops,
        "industry": of("company", "market"),
        "canteen": homes,
        "children": [*homes, *villages, *villages],
        "cogovernance": homes,
        "steward": homes,
        "service": [*homes, *shops, *villages],
    }
    found = []
    for code, options in sites.items():
        wanted = max(1, round(KINDS[code].count * grids / 150))
        for n, site in enumerate(_spread(rng, terrain, options, KINDS[code], wanted)):
            base = site.name.removesuffix("站") if site.kind == "stop" else site.name
            title = KINDS[code].title
            name = base + (title.removeprefix("小区") if base.endswith("小区") else title)
            if code == "industry":
                name = f"{TRADES[n % len(TRADES)]}协会{title}" + ("" if n < len(TRADES) else f"（{base}）")
            settled = site.address.endswith(("号", "组"))
            address = site.address if settled else f"{directory.nearest(site.at).name}{base}旁"
            found.append(Station(code, name, address, site.at))
    office = next((spot for spot in spots if spot.name == "淙溪街道办事处"), halls[0])
    found.append(Station("centre", "淙溪街道综治中心", office.address, office.at))
    found += [Station("centre", f"{hall.name}综治中心", hall.address, hall.at) for hall in halls]
    rounds = [*villages, *of("market")]
    for n in range(max(1, round(KINDS["mobile"].count * grids / 150))):
        stop = rounds[int(rng.integers(len(rounds)))]
        found.append(Station("mobile", f"调解流动车{n + 1}号（{stop.name}）", stop.address, stop.at))
    return found


def _spread(
    rng: np.random.Generator, terrain: Terrain, options: list[Place], kind: Kind, wanted: int
) -> list[Place]:
    """Sites for `wanted` stations; the distance between them shrinks until all find one."""
    order = [options[i] for i in rng.permutation(len(options))]
    likely = [math.exp(-((terrain.remoteness(p.at.x, p.at.y) / kind.reach) ** 2)) for p in order]
    xy = np.array([[site.at.x, site.at.y] for site in order])
    chosen: list[int] = []
    apart = kind.apart_m
    while len(chosen) < min(wanted, len(order)):
        for i in range(len(order)):
            lonely = not chosen or np.hypot(*(xy[chosen] - xy[i]).T).min() > apart
            if len(chosen) < wanted and i not in chosen and lonely and rng.random() < likely[i]:
                chosen.append(i)
        apart = apart * 0.8 if apart > 1 else -1.0
    return [order[i] for i in chosen]


def _hall(community: Community, sites: list[Place], directory: Directory) -> Place:
    """The community's own building, beside the place nearest to its middle."""
    middle = community.polygon.representative_point()
    inside = [site for site in sites if community.polygon.contains(site.at)]
    near = min(inside, key=lambda site: site.at.distance(middle), default=Place("", "", "", middle))
    address = near.address or directory.nearest(near.at).name
    return Place(f"{community.name}社区", "", "company", Point(near.at.x + 6, near.at.y - 4), address)


def frame(rng: np.random.Generator, found: list[Station], lnglat: Floats, grids: int) -> pd.DataFrame:
    """The table of stations.csv; lnglat (n, 2) in degrees."""
    codes = list(KINDS)
    jiuke = np.array([station.kind == "jiuke" for station in found])
    busy = np.where(jiuke, rng.lognormal(0, 0.45, len(found)), 0)
    waters = apportion(round(WATERS_PER_GRID * grids), busy)
    medicines = apportion(round(MEDICINES_PER_GRID * grids), busy * rng.lognormal(0, 0.3, len(found)))
    visits = np.where(jiuke, waters * rng.uniform(1.05, 1.5, len(found)), rng.lognormal(5, 0.6, len(found)))
    waters = np.where(jiuke, waters, (visits * rng.uniform(0, 0.2, len(found))).astype(np.int64))
    serial = dict.fromkeys(codes, 0)
    rows = []
    for k, station in enumerate(found):
        kind = KINDS[station.kind]
        serial[station.kind] += 1
        lacking = rng.permutation(len(kind.amenities))[: rng.integers(0, 1 + len(kind.amenities) // 3)]
        kept = [a for i, a in enumerate(kind.amenities) if i not in lacking or a in (*BASICS, "hot_meal")]
        rows.append(
            {
                "reference": f"{codes.index(station.kind) + 1:02d}-{serial[station.kind]:03d}",
                "kind": station.kind,
                "name": station.name,
                "address": station.address,
                "phone": f"1000000{9000 + k % 1000}",
                "lng": lnglat[k, 0],
                "lat": lnglat[k, 1],
                "opening_hours": kind.hours[int(rng.integers(len(kind.hours)))],
                "amenities": ";".join(kept),
                "capacity": int(rng.integers(kind.seats[0], kind.seats[1] + 1)),
                "use_month": MONTH,
                "visits": int(visits[k]),
                "waters": int(waters[k]),
                "medicines": int(medicines[k]),
            }
        )
    return pd.DataFrame(rows)

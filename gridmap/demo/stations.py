"""Service stations: where each kind stands, when it is open, what it offers and how it was used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from shapely import Point

from gridmap.demo.areas import Community
from gridmap.demo.shares import apportion
from gridmap.demo.places import Directory, Estate, Place
from gridmap.demo.terrain import Floats, Terrain

MONTH = "2026-10"
WATERS = 23_000
MEDICINES = 600
NINE = ("heating", "cooling", "water", "hot_meal", "rest", "toilet", "medicine", "charging", "shelter")
COUNTS = {
    "jiuke": 27,
    "red": 12,
    "family_school": 13,
    "tutoring": 8,
    "industry": 6,
    "canteen": 3,
    "children": 15,
    "cogovernance": 6,
    "steward": 23,
    "service": 64,
    "mobile": 4,
}
TITLES = {
    "jiuke": "九可驿站",
    "red": "红色驿站",
    "family_school": "家校矛盾调解站",
    "tutoring": "校外辅导站",
    "industry": "调解中心",
    "canteen": "长者食堂助餐点",
    "children": "童伴之家",
    "cogovernance": "小区共治中心",
    "steward": "红管家议事坊",
    "service": "综治服务点",
    "centre": "综治中心",
    "mobile": "调解流动车",
}
TRADES = ("个体私营协会", "美容美发协会", "餐饮协会", "建材协会", "汽修协会", "物流快递协会")
HOURS = {
    "red": ("Mo-Su 08:30-20:30", "Mo-Fr 08:30-18:00; Sa-Su 09:00-17:00"),
    "family_school": ("Mo-Fr 09:00-12:00,14:00-17:30", "We 14:00-17:30; Fr 14:00-17:30"),
    "tutoring": ("Mo-Fr 16:30-20:30; Sa-Su 09:00-17:30", "Mo-Su 11:00-21:00"),
    "industry": ("Mo-Fr 09:00-17:00",),
    "canteen": ("Mo-Su 10:30-13:00,16:30-18:30",),
    "children": ("Mo-Fr 16:30-19:00; Sa-Su 09:00-17:30", "Sa-Su 09:00-17:30"),
    "cogovernance": ("Mo-Su 09:00-12:00,14:00-20:00",),
    "steward": ("Tu,Th 19:00-21:00", "Sa 09:00-11:30", "Mo-Fr 19:00-21:00"),
    "service": ("Mo-Fr 09:00-12:00,14:00-18:00", "Mo-Sa 09:00-17:00", ""),
    "centre": ("Mo-Fr 09:00-12:00,14:00-18:00",),
    "mobile": (
        "Mo,We,Fr 09:00-11:30",
        "Tu 14:00-17:00; Sa 08:30-11:30",
        "Th 09:00-16:00",
        "Sa-Su 08:00-12:00",
    ),
}
JIUKE_HOURS = (
    "24/7",
    "24/7",
    "Mo-Su 07:00-22:00",
    "Mo-Su 08:00-21:00",
    "Mo-Su 06:30-23:30",
    "Mo-Su 08:00-02:00",
)
AMENITIES = {
    "red": ("heating", "cooling", "water", "rest", "toilet", "charging", "medicine"),
    "family_school": ("water", "rest"),
    "tutoring": ("water", "rest", "shelter"),
    "industry": ("water", "rest", "toilet"),
    "canteen": ("hot_meal", "water", "rest", "heating", "cooling"),
    "children": ("water", "rest", "toilet", "heating", "cooling"),
    "cogovernance": ("water", "rest", "charging"),
    "steward": ("rest",),
    "service": ("water", "rest", "shelter"),
    "centre": ("water", "rest", "toilet", "heating", "cooling", "shelter"),
    "mobile": ("water", "shelter"),
}
CAPACITY = {
    "jiuke": (8, 30),
    "red": (10, 30),
    "family_school": (6, 12),
    "tutoring": (10, 30),
    "industry": (8, 16),
    "canteen": (40, 90),
    "children": (15, 40),
    "cogovernance": (12, 24),
    "steward": (10, 20),
    "service": (4, 10),
    "centre": (30, 80),
    "mobile": (4, 6),
}


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
    scale: float,
) -> list[Station]:
    """Sites for every kind. The 九可驿站 keep to the centre, so that the edge is honestly not covered."""
    wanted = {kind: max(1, round(count * scale)) for kind, count in COUNTS.items()}

    def remote(at: Point) -> float:
        return float(terrain.remoteness(np.array(at.x), np.array(at.y)))

    streetside = [
        p for p in spots if p.kind in ("market", "stop", "stop", "hospital", "landmark", "park", "company")
    ]
    schools = [p for p in spots if p.kind == "school"]
    villages = [p for p in spots if p.kind == "village"]
    works = [p for p in spots if p.kind in ("company", "market", "park")]
    homes = [Place(e.name, "", "estate", e.gate, e.address) for e in estates]
    shops = [p for p in spots if p.kind == "shop"]
    halls = [_hall(community, [*homes, *villages, *shops], directory) for community in communities]
    found: list[Station] = []

    def add(kind: str, sites: list[Place], apart: float, reach: float) -> None:
        chosen: list[Place] = []
        order = [sites[i] for i in rng.permutation(len(sites))]
        while len(chosen) < wanted[kind] and apart > 1:
            for site in order:
                if len(chosen) == wanted[kind]:
                    break
                lonely = all(site.at.distance(other.at) > apart for other in chosen)
                if site not in chosen and lonely and rng.random() < np.exp(-((remote(site.at) / reach) ** 2)):
                    chosen.append(site)
            apart *= 0.8
        for site in chosen:
            base = site.name.removesuffix("站") if site.kind == "stop" else site.name
            title = TITLES[kind].removeprefix("小区") if base.endswith("小区") else TITLES[kind]
            settled = site.address.endswith(("号", "组"))
            address = site.address if settled else f"{directory.nearest(site.at).name}{base}旁"
            found.append(Station(kind, f"{base}{title}", address, site.at))

    add("jiuke", streetside, 330, 0.42)
    add("red", works, 420, 0.8)
    add("family_school", [*schools, *schools, *halls], 250, 1.4)
    add("tutoring", shops, 350, 0.7)
    trades = [site for site in works if site.kind in ("company", "market")]
    add("industry", trades, 200, 0.7)
    add("canteen", homes, 700, 0.6)
    add("children", [*homes, *villages, *villages], 420, 1.4)
    add("cogovernance", homes, 600, 0.8)
    add("steward", homes, 300, 0.9)
    add("service", [*homes, *shops, *villages], 260, 1.6)
    industry = 0
    for k, station in enumerate(found):
        if station.kind == "industry":
            found[k] = Station(
                "industry", f"{TRADES[industry % len(TRADES)]}调解中心", station.address, station.at
            )
            industry += 1
    office = next((p for p in spots if p.name == "淙溪街道办事处"), spots[0])
    found.append(Station("centre", "淙溪街道综治中心", office.address, office.at))
    found += [Station("centre", f"{hall.name}综治中心", hall.address, hall.at) for hall in halls]
    rounds = [*villages, *[p for p in spots if p.kind == "market"]]
    for n in range(wanted["mobile"]):
        site = rounds[int(rng.integers(len(rounds)))]
        found.append(Station("mobile", f"调解流动车{n + 1}号（{site.name}）", site.address, site.at))
    return found


def _hall(community: Community, sites: list[Place], directory: Directory) -> Place:
    """The community's own building, beside the place nearest to its middle."""
    middle = community.polygon.representative_point()
    inside = [site for site in sites if community.polygon.contains(site.at)]
    near = min(inside, key=lambda site: site.at.distance(middle), default=Place("", "", "", middle))
    address = near.address or directory.nearest(near.at).name
    return Place(f"{community.name}社区", "", "company", Point(near.at.x + 6, near.at.y - 4), address)


def frame(rng: np.random.Generator, found: list[Station], xy: Floats, scale: float) -> pd.DataFrame:
    """The stations.csv of the demo; xy (n, 2) in degrees."""
    kinds = list(TITLES)
    jiuke = np.array([station.kind == "jiuke" for station in found])
    busy = np.where(jiuke, rng.lognormal(0, 0.45, len(found)), 0)
    serial: dict[str, int] = {}
    rows = []
    for station, (lng, lat) in zip(found, xy, strict=True):
        kind = station.kind
        serial[kind] = serial.get(kind, 0) + 1
        hours = JIUKE_HOURS if kind == "jiuke" else HOURS[kind]
        if kind == "jiuke":
            lacking = rng.permutation(9)[: rng.integers(0, 4)]
            offered = [code for i, code in enumerate(NINE) if i not in lacking or code in ("water", "rest")]
        else:
            offered = [code for code in AMENITIES[kind] if rng.random() < 0.8 or code in ("rest", "hot_meal")]
        low, high = CAPACITY[kind]
        rows.append(
            {
                "reference": f"{kinds.index(kind) + 1:02d}-{serial[kind]:03d}",
                "kind": kind,
                "name": station.name,
                "address": station.address,
                "phone": f"1000000{9000 + len(rows) % 1000:04d}",
                "lng": lng,
                "lat": lat,
                "opening_hours": hours[int(rng.integers(len(hours)))],
                "amenities": ";".join(offered),
                "capacity": int(rng.integers(low, high + 1)),
                "use_month": MONTH,
            }
        )
    table = pd.DataFrame(rows)
    waters = apportion(round(WATERS * scale), busy)
    medicines = apportion(round(MEDICINES * scale), busy * rng.lognormal(0, 0.3, len(found)))
    visits = np.where(
        jiuke, np.round(waters * rng.uniform(1.05, 1.5, len(found))), rng.lognormal(5, 0.6, len(found))
    )
    table["visits"] = visits.astype(int)
    table["waters"] = np.where(jiuke, waters, np.round(rng.uniform(0, 0.2, len(found)) * visits)).astype(int)
    table["medicines"] = medicines
    return table

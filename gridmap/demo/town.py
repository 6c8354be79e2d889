"""The whole town: built in metres, numbered, counted, and turned into frames in degrees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely import Point

from gridmap.demo import (
    areas,
    blocks,
    estates,
    files,
    grids,
    landscape,
    people,
    places,
    sites,
    stations,
    streets,
)
from gridmap.demo import reports as reports_
from gridmap.demo import terrain as terrain_
from gridmap.demo.areas import Community
from gridmap.demo.terrain import Floats
from gridmap.errors import InputError
from gridmap.geo import crs

CENTRE = (107.86, 31.08)
DECIMALS = 6


@dataclass(frozen=True)
class Town:
    """The fictional town; frames in EPSG:4490 with coordinates rounded to 6 decimals.

    Columns are those of the files in geodata/demo, which geodata/README.md explains.
    """

    street: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    grids: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    estates: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    landscape: gpd.GeoDataFrame
    stations: pd.DataFrame
    demand: pd.DataFrame
    workers: pd.DataFrame
    reports: pd.DataFrame
    truth: pd.DataFrame
    hotspots: list[dict[str, Any]]

    def write(self, directory: Path) -> None:
        """Write every file of the town into `directory`, which is made if it does not exist."""
        files.write(self, directory)


class Frame:
    """Metres around the town's centre to degrees of EPSG:4490, rounded."""

    def __init__(self) -> None:
        metric = crs.metric(*CENTRE)
        geographic = CRS.from_user_input(crs.STORAGE)
        self.origin = Transformer.from_crs(geographic, metric, always_xy=True).transform(*CENTRE)
        self.back = Transformer.from_crs(metric, geographic, always_xy=True)

    def degrees(self, xy: Floats) -> Floats:
        """Points (n, 2) in metres to longitude, latitude."""
        lng, lat = self.back.transform(xy[:, 0] + self.origin[0], xy[:, 1] + self.origin[1])
        return np.round(np.column_stack([lng, lat]), DECIMALS)

    def layer(self, columns: dict[str, Any], geometries: Any) -> gpd.GeoDataFrame:
        """A frame of geometries in metres; outer rings run counter-clockwise as RFC 7946 asks."""
        shapes = shapely.transform(np.asarray(geometries, dtype=object), self.degrees)
        return gpd.GeoDataFrame(
            columns, geometry=shapely.orient_polygons(shapes, exterior_cw=False), crs=crs.STORAGE
        )


def build(seed: int = 20261122, grids: int = 150, reports: int = 20_000) -> Town:
    """Make the town of that many grids with reports over two years; the same arguments, the same town.

    The area, estates, people, stations and workers grow with `grids`. Raises InputError for fewer than
    20 grids or a negative number of reports.
    """
    if grids < 20 or reports < 0:
        raise InputError("the demo town needs at least 20 grids and no fewer than 0 reports")
    return _assemble(
        [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(10)], grids, reports
    )


def _assemble(rngs: list[np.random.Generator], count: int, incidents: int) -> Town:
    frame, scale = Frame(), count / 150
    land = terrain_.shape(rngs[0], count)
    network = streets.build(rngs[1], land)
    town = blocks.classify(rngs[2], land, network, count)
    near, every = blocks.neighbours(town, network)
    network = blocks.rural_ways(town, network)
    premises = estates.lay_out(rngs[3], town, network)
    divided = grids.divide(rngs[4], town, premises, near, every, count)
    communities = areas.communities(divided, town, land, _second_bridge(network))
    community = _community_of(communities)
    directory = places.Directory(rngs[5], network)
    homes = places.estates(rngs[5], town, premises, directory)
    for home in homes:
        home.parent = community(premises[home.premises].polygon.representative_point())
    spots, called = places.points(rngs[5], premises, directory, homes, land, community, scale)
    codes = areas.number(divided, communities, premises, called)
    table = areas.buildings(divided, codes, town, premises, homes, called, directory)
    grid_layer = _grids(frame, divided, codes, table)
    posts = stations.place(rngs[6], land, communities, homes, spots, directory, scale)
    gathered = sites.gather(rngs[7], table, premises, homes, spots, town, directory, land, community)
    logged, truth, hotspots = reports_.simulate(
        rngs[8], gathered, incidents, frame.degrees, _owner_of(grid_layer)
    )
    at = frame.degrees(areas.centroids(table))
    ages = people.ages(rngs[9], table, count)
    riders = np.bincount([divided[g].community for g in table.grid], ages["riders"], len(communities))
    return Town(
        street=_street(frame, communities, table),
        communities=_communities(frame, communities, divided, table),
        grids=grid_layer,
        buildings=frame.layer(
            {key: table[key] for key in ("code", "name", "kind", "households", "population")}, table["shape"]
        ),
        estates=_estates(frame, homes, premises),
        places=_places(frame, spots, directory, community),
        streets=_streets(frame, directory),
        landscape=landscape.layer(frame.layer, rngs[9], land, town, premises, called),
        stations=stations.frame(
            rngs[6], posts, frame.degrees(np.array([[p.at.x, p.at.y] for p in posts])), scale
        ),
        demand=pd.DataFrame(
            {
                "lng": at[:, 0],
                "lat": at[:, 1],
                "building": table["code"],
                "households": table["households"],
                "people": table["population"],
                **ages,
            }
        ),
        workers=people.workers(rngs[9], divided, codes, communities, riders),
        reports=logged,
        truth=truth,
        hotspots=hotspots,
    )


def _second_bridge(network: streets.Network) -> Point:
    """The middle of the lesser of the two road bridges."""
    bridges = [edge for edge in network.edges if edge.bridge]
    return max(bridges, key=lambda edge: streets.RANKS.index(edge.rank)).line.centroid


def _community_of(communities: list[Community]) -> Callable[[Point], str]:
    tree = shapely.STRtree([community.polygon for community in communities])
    return lambda at: f"{communities[int(tree.nearest(at))].name}社区"


def _owner_of(layer: gpd.GeoDataFrame) -> Callable[[Floats], NDArray[np.object_]]:
    """Points (n, 2) in degrees to the smallest code among the grids that cover them, or an empty text."""
    ordered = layer.sort_values("code", ignore_index=True)
    tree = shapely.STRtree(ordered.geometry.to_numpy())

    def owner(lnglat: Floats) -> NDArray[np.object_]:
        point, grid = tree.query(shapely.points(lnglat), predicate="intersects")
        first = np.full(len(lnglat), len(ordered))
        np.minimum.at(first, point, grid)
        return np.append(ordered["code"].to_numpy(dtype=object), "")[first]

    return owner


def _sums(keys: list[int], table: pd.DataFrame, size: int) -> dict[str, NDArray[np.int64]]:
    return {
        column: np.bincount(keys, table[column], size).astype(np.int64)
        for column in ("households", "population")
    }


def _street(frame: Frame, communities: list[Community], table: pd.DataFrame) -> gpd.GeoDataFrame:
    whole = shapely.coverage_union_all([community.polygon for community in communities])
    columns = {"code": [areas.STREET_CODE], "name": ["淙溪街道"], "kind": ["general"]}
    return frame.layer({**columns, **_sums([0] * len(table), table, 1)}, [whole])


def _communities(
    frame: Frame, communities: list[Community], divided: list[grids.Grid], table: pd.DataFrame
) -> gpd.GeoDataFrame:
    columns = {
        "code": [community.code for community in communities],
        "name": [f"{community.name}社区" for community in communities],
        "kind": ["general"] * len(communities),
    }
    sums = _sums([divided[g].community for g in table.grid], table, len(communities))
    return frame.layer({**columns, **sums}, [community.polygon for community in communities])


def _grids(
    frame: Frame, divided: list[grids.Grid], codes: list[str], table: pd.DataFrame
) -> gpd.GeoDataFrame:
    columns = {
        "code": codes,
        "name": [grid.name for grid in divided],
        "kind": ["dedicated" if grid.dedicated else "general" for grid in divided],
    }
    sums = _sums(table["grid"].tolist(), table, len(divided))
    layer = frame.layer({**columns, **sums}, [grid.polygon for grid in divided])
    return layer.sort_values("code", ignore_index=True)


def _estates(frame: Frame, homes: list[places.Estate], premises: list[estates.Premises]) -> gpd.GeoDataFrame:
    columns = {
        "name": [home.name for home in homes],
        "aliases": [home.aliases for home in homes],
        "kind": ["estate"] * len(homes),
        "parent": [home.parent for home in homes],
        "managed": ["yes" if home.managed else "no" for home in homes],
        "committee": ["yes" if home.committee else "no" for home in homes],
    }
    return frame.layer(columns, [premises[home.premises].polygon for home in homes])


def _places(
    frame: Frame, spots: list[places.Place], directory: places.Directory, community: Callable[[Point], str]
) -> gpd.GeoDataFrame:
    """Points, then one line for each named street."""
    rows = [(p.name, p.aliases, p.kind, p.parent, p.address, p.at) for p in spots]
    for street in directory.named:
        line = max(street.parts, key=lambda part: part.length).simplify(12)
        rows.append(
            (street.name, street.alias, "road", community(line.interpolate(0.5, normalized=True)), "", line)
        )
    columns = dict(
        zip(
            ("name", "aliases", "kind", "parent", "address"),
            zip(*(r[:5] for r in rows), strict=True),
            strict=True,
        )
    )
    return frame.layer({key: list(values) for key, values in columns.items()}, [row[5] for row in rows])


def _streets(frame: Frame, directory: places.Directory) -> gpd.GeoDataFrame:
    rows = [
        (s.name, s.rank, "yes" if s.bridge else "no", part) for s in directory.streets for part in s.parts
    ]
    columns = {"name": [r[0] for r in rows], "class": [r[1] for r in rows], "bridge": [r[2] for r in rows]}
    return frame.layer(columns, [r[3] for r in rows])

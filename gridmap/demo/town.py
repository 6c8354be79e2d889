"""The whole town: built in metres, numbered, counted, and turned into frames in degrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    reports,
    sites,
    stations,
    streets,
    terrain,
)
from gridmap.demo.areas import Community
from gridmap.demo.grids import Grid
from gridmap.demo.places import Estate, Place
from gridmap.demo.terrain import Floats
from gridmap.demo.ways import Directory
from gridmap.errors import InputError
from gridmap.geo import crs
from gridmap.geo.locate import AreaIndex

CENTRE = (107.86, 31.08)
# Of a degree: 0.1 m, a fifth of the lattice on which streets and blocks are drawn.
DECIMALS = 6
LEAST_GRIDS = 40
# Straightens the gazetteer's lines of roads, in metres; the street network keeps all its vertices.
ROAD_TOLERANCE_M = 12.0


@dataclass(frozen=True)
class Town:
    """The fictional town. Layers are in EPSG:4490 with coordinates rounded to 6 decimals.

    The columns are those of the files in geodata/demo, which geodata/README.md explains.
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
    """Metres around the town's centre to degrees of EPSG:4490, rounded to 6 decimals."""

    def __init__(self) -> None:
        metric = crs.metric(*CENTRE)
        geographic = CRS.from_user_input(crs.STORAGE)
        self.origin = Transformer.from_crs(geographic, metric, always_xy=True).transform(*CENTRE)
        self.back = Transformer.from_crs(metric, geographic, always_xy=True)

    def degrees(self, xy: Floats) -> Floats:
        """Points (n, 2) in metres to longitude, latitude."""
        lng, lat = self.back.transform(xy[:, 0] + self.origin[0], xy[:, 1] + self.origin[1])
        return np.round(np.column_stack([lng, lat]), DECIMALS)

    def layer(self, columns: dict[str, Any], geometries: Sequence[Any]) -> gpd.GeoDataFrame:
        """A frame of geometries given in metres; outer rings run counter-clockwise (RFC 7946)."""
        shapes = shapely.transform(np.array(geometries, dtype=object), self.degrees)
        shapes = shapely.orient_polygons(shapes, exterior_cw=False)
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs.STORAGE)


def build(seed: int = 20261122, grids: int = 150, reports: int = 20_000) -> Town:
    """Make the town of that many grids with reports over two years; the same arguments, the same town.

    Area, estates, people, stations and workers grow with `grids`. Raises InputError for fewer than 40 grids
    or a negative number of reports.
    """
    if grids < LEAST_GRIDS or reports < 0:
        raise InputError(f"the demo town needs at least {LEAST_GRIDS} grids and no fewer than 0 reports")
    children = np.random.SeedSequence(seed).spawn(11)
    return _assemble([np.random.default_rng(child) for child in children], grids, reports)


def _assemble(rngs: list[np.random.Generator], count: int, incidents: int) -> Town:
    frame = Frame()
    land = terrain.shape(rngs[0], count)
    network = streets.build(rngs[1], land)
    tiles = blocks.classify(rngs[2], land, network, count)
    near, every = blocks.neighbours(tiles, network)
    network = blocks.rural_ways(tiles, network)
    premises = estates.lay_out(rngs[3], tiles, network)
    divided = grids.divide(rngs[4], tiles, premises, near, every, count)
    bridges = sorted((e for e in network.edges if e.bridge), key=lambda e: streets.RANKS.index(e.rank))
    communities = areas.communities(divided, tiles, land, bridges[-1].line.centroid)
    community = _community_of(communities)
    directory = Directory(rngs[5], network)
    homes = places.estates(rngs[5], tiles, premises, directory, community)
    spots, called = places.points(rngs[5], premises, directory, homes, land, community, count)
    areas.number(divided, communities, premises, called)
    table = areas.buildings(divided, tiles, premises, homes, called, directory)
    grid_layer = _grids(frame, divided, table)
    posts = stations.place(rngs[6], land, communities, homes, spots, directory, count)
    gathered = sites.gather(rngs[7], table, premises, homes, spots, tiles, directory, land, community)
    logged, truth, hotspots = reports.simulate(
        rngs[8], gathered, incidents, frame.degrees, _owner_of(grid_layer)
    )
    ages = people.ages(rngs[9], table, count)
    riders = np.bincount([divided[g].community for g in table["grid"]], ages["riders"], len(communities))
    features = landscape.features(rngs[10], land, tiles, premises, called)
    return Town(
        street=_street(frame, communities, table),
        communities=_communities(frame, communities, divided, table),
        grids=grid_layer,
        buildings=_buildings(frame, table),
        estates=_estates(frame, homes, premises),
        places=_places(frame, spots, directory, community),
        streets=_streets(frame, directory),
        landscape=frame.layer(
            {"kind": [kind for kind, _, _ in features], "name": [name for _, name, _ in features]},
            [geometry for _, _, geometry in features],
        ),
        stations=stations.frame(
            rngs[6], posts, frame.degrees(np.array([[post.at.x, post.at.y] for post in posts])), count
        ),
        demand=_demand(frame, table, ages),
        workers=people.workers(rngs[9], divided, communities, riders),
        reports=logged,
        truth=truth,
        hotspots=hotspots,
    )


def _community_of(communities: list[Community]) -> Callable[[Point], str]:
    """The name of the community at, or nearest to, a point in metres."""
    tree = shapely.STRtree([community.polygon for community in communities])
    return lambda at: f"{communities[int(tree.nearest(at))].name}社区"


def _owner_of(layer: gpd.GeoDataFrame) -> Callable[[Floats], NDArray[np.object_]]:
    """Points (n, 2) in degrees to the codes of the grids that own them, or an empty text."""
    codes = np.append(layer["code"].to_numpy(dtype=object), "")
    index = AreaIndex(layer, kind="kind")

    def owner(lnglat: Floats) -> NDArray[np.object_]:
        owners: NDArray[np.object_] = codes[index.locate(*lnglat.T)]
        return owners

    return owner


def _counts(table: pd.DataFrame, owner: Sequence[int], size: int) -> dict[str, NDArray[np.int64]]:
    """Households and population of the buildings by the position of their owner."""
    return {
        key: np.bincount(owner, table[key], size).astype(np.int64) for key in ("households", "population")
    }


def _street(frame: Frame, communities: list[Community], table: pd.DataFrame) -> gpd.GeoDataFrame:
    whole = shapely.coverage_union_all([community.polygon for community in communities])
    columns = {"code": [areas.STREET_CODE], "name": ["淙溪街道"], "kind": ["general"]}
    return frame.layer({**columns, **_counts(table, [0] * len(table), 1)}, [terrain.largest(whole)])


def _communities(
    frame: Frame, communities: list[Community], divided: list[Grid], table: pd.DataFrame
) -> gpd.GeoDataFrame:
    columns = {
        "code": [community.code for community in communities],
        "name": [f"{community.name}社区" for community in communities],
        "kind": "general",
    }
    counts = _counts(table, [divided[g].community for g in table["grid"]], len(communities))
    return frame.layer({**columns, **counts}, [community.polygon for community in communities])


def _grids(frame: Frame, divided: list[Grid], table: pd.DataFrame) -> gpd.GeoDataFrame:
    columns = {
        "code": [grid.code for grid in divided],
        "name": [grid.name for grid in divided],
        "kind": ["dedicated" if grid.dedicated else "general" for grid in divided],
    }
    counts = _counts(table, table["grid"].tolist(), len(divided))
    layer = frame.layer({**columns, **counts}, [grid.polygon for grid in divided])
    return layer.sort_values("code", ignore_index=True)


def _buildings(frame: Frame, table: pd.DataFrame) -> gpd.GeoDataFrame:
    columns = ("code", "name", "kind", "households", "population")
    return frame.layer({key: table[key] for key in columns}, table["shape"].tolist())


def _estates(frame: Frame, homes: list[Estate], premises: list[estates.Premises]) -> gpd.GeoDataFrame:
    columns = {
        "name": [home.name for home in homes],
        "aliases": [home.aliases for home in homes],
        "kind": "estate",
        "parent": [home.parent for home in homes],
        "managed": ["yes" if home.managed else "no" for home in homes],
        "committee": ["yes" if home.committee else "no" for home in homes],
    }
    return frame.layer(columns, [premises[home.premises].polygon for home in homes])


def _places(
    frame: Frame, spots: list[Place], directory: Directory, community: Callable[[Point], str]
) -> gpd.GeoDataFrame:
    """The named points, then the longest part of each named street as a line."""
    roads = [max((p.line for p in street.parts), key=lambda line: line.length) for street in directory.named]
    middles = [line.interpolate(0.5, normalized=True) for line in roads]
    columns = {
        "name": [p.name for p in spots] + [street.name for street in directory.named],
        "aliases": [p.aliases for p in spots] + [street.alias for street in directory.named],
        "kind": [p.kind for p in spots] + ["road"] * len(roads),
        "parent": [p.parent for p in spots] + [community(middle) for middle in middles],
        "address": [p.address for p in spots] + [""] * len(roads),
    }
    lines = [line.simplify(ROAD_TOLERANCE_M) for line in roads]
    return frame.layer(columns, [*(p.at for p in spots), *lines])


def _streets(frame: Frame, directory: Directory) -> gpd.GeoDataFrame:
    rows = [(street.name, part) for street in directory.streets for part in street.parts]
    columns = {
        "name": [name for name, _ in rows],
        "class": [part.rank for _, part in rows],
        "bridge": ["yes" if part.bridge else "no" for _, part in rows],
    }
    return frame.layer(columns, [part.line for _, part in rows])


def _demand(frame: Frame, table: pd.DataFrame, ages: dict[str, NDArray[np.int64]]) -> pd.DataFrame:
    at = frame.degrees(areas.centroids(table))
    columns = {
        "lng": at[:, 0],
        "lat": at[:, 1],
        "building": table["code"],
        "households": table["households"],
        "people": table["population"],
    }
    return pd.DataFrame({**columns, **ages})

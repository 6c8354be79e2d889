"""Vector tiles, made by PostGIS. Every query filters on the stored Web Mercator column."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.errors import InputError, NotFoundError

# Which tables a tileset draws on; its ETag changes with them.
TOPICS = {"base": ("ground", "areas"), "areas": ("areas",)}
_MAX_ZOOM = 22

_SHAPE = "ST_AsMVTGeom(geom_3857, tile.bounds, 4096, 64) AS geom"
_LABEL = "ST_AsMVTGeom(ST_PointOnSurface(geom_3857), tile.bounds, 4096, 256) AS geom"
_SEEN = "geom_3857 && tile.around"
_AREAS = (
    "level IN ('county', 'street', 'community', 'grid') AND valid_to IS NULL AND (level <> 'grid' OR :z >= 11 "
    "OR NOT EXISTS (SELECT FROM areas broader WHERE broader.level IN ('street', 'community') "
    "AND broader.valid_to IS NULL))"
)

# layer → (first zoom, its rows). The pages draw tiles 512 px wide, so that a tile of zoom z is seen at
# zoom z + 1. Streets come fine to broad, so that a broad one is drawn on top,
# and each class only from the zoom at which it can be seen.
_LAYERS = {
    "base": {
        "landscape": (0, f"SELECT kind, name, {_SHAPE} FROM landscape, tile WHERE {_SEEN}"),
        "streets": (
            7,
            f"""
SELECT class, name, bridge, {_SHAPE} FROM streets, tile
WHERE {_SEEN} AND :z >= CASE class
    WHEN 'primary' THEN 0 WHEN 'secondary' THEN 9
    WHEN 'tertiary' THEN 11 WHEN 'residential' THEN 12 ELSE 13 END
ORDER BY array_position(
    ARRAY['path', 'alley', 'residential', 'tertiary', 'secondary', 'primary'], class) NULLS FIRST
""",
        ),
        "buildings": (
            13,
            f"SELECT name, {_SHAPE} FROM areas, tile "
            f"WHERE {_SEEN} AND level = 'building' AND valid_to IS NULL",
        ),
        "places": (
            13,
            f"SELECT kind, name, {_LABEL} FROM places, tile "
            f"WHERE {_SEEN} AND kind NOT IN ('road', 'address')",
        ),
    },
    "areas": {
        "areas": (0, f"SELECT code, name, level, kind, {_SHAPE} FROM areas, tile WHERE {_SEEN} AND {_AREAS}"),
        "area_labels": (0, f"SELECT code, name, level, {_LABEL} FROM areas, tile WHERE {_SEEN} AND {_AREAS}"),
    },
}


def get_tile(session: Session, tileset: str, z: int, x: int, y: int) -> bytes:
    """One tile of EPSG:3857 (x from the west, y from the north); empty where there is nothing.

    Raises NotFoundError for an unknown tileset, InputError for a tile outside the pyramid.
    """
    if tileset not in _LAYERS:
        raise NotFoundError(f"no tileset is called {tileset!r}; there are {', '.join(_LAYERS)}")
    if not (0 <= z <= _MAX_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise InputError(f"tile {z}/{x}/{y} is outside the pyramid of zoom 0 to {_MAX_ZOOM}")
    layers = [
        f"coalesce((SELECT ST_AsMVT(f, '{name}', 4096, 'geom') FROM ({rows}) f), ''::bytea)"
        for name, (first_zoom, rows) in _LAYERS[tileset].items()
        if z >= first_zoom
    ]
    statement = (
        "WITH tile AS (SELECT ST_TileEnvelope(:z, :x, :y) AS bounds, "
        "ST_TileEnvelope(:z, :x, :y, margin => 0.0625) AS around) SELECT " + " || ".join(layers)
    )
    return bytes(session.execute(text(statement), {"z": z, "x": x, "y": y}).scalar_one())

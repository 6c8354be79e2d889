"""What the tables share: naming of constraints, and the two geometry columns of a mapped thing."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import Computed, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

SRID = 4490
TILE_SRID = 3857


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def geometry(kind: str, srid: int = SRID) -> Geometry:
    """A column type; indexes are named by hand, since GeoAlchemy's own are unknown to Alembic."""
    return Geometry(kind, srid=srid, spatial_index=False)


class Mapped3857:
    """A geometry in lon/lat EPSG:4490, and its generated copy in Web Mercator for tiles.

    Tiles filter on the copy: transforming the column in the query would defeat its index.
    """

    @declared_attr
    def geom_3857(cls) -> Mapped[WKBElement | None]:  # noqa: N805
        return mapped_column(
            geometry("GEOMETRY", TILE_SRID),
            Computed(f"ST_Transform(geom, {TILE_SRID})", persisted=True),
            deferred=True,
        )


def tile_index(table: str) -> Index:
    return Index(f"ix_{table}_geom_3857", "geom_3857", postgresql_using="gist")


def place_index(table: str) -> Index:
    return Index(f"ix_{table}_geom", "geom", postgresql_using="gist")


def prefix_index(table: str, column: str = "area") -> Index:
    """Serves `LIKE 'prefix%'` whatever the database's collation: scopes and drill-down are prefix tests."""
    return Index(f"ix_{table}_{column}_prefix", column, postgresql_ops={column: "text_pattern_ops"})

"""What lies on the ground: named places, streets, landscape, and the people who live there."""

from __future__ import annotations

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, Mapped3857, geometry, place_index, prefix_index, tile_index


class Place(Mapped3857, Base):
    """A row of the gazetteer: estate, village, road, gate, school … `managed` tells of a 物业."""

    __tablename__ = "places"
    __table_args__ = (prefix_index("places"), place_index("places"), tile_index("places"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(ForeignKey("place_kinds.code"), index=True)
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text))
    parent: Mapped[str | None]
    address: Mapped[str | None]
    managed: Mapped[bool | None]
    committee: Mapped[bool | None]
    area: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))


class Street(Mapped3857, Base):
    """One stretch of street between junctions."""

    __tablename__ = "streets"
    __table_args__ = (place_index("streets"), tile_index("streets"))

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str | None]
    class_: Mapped[str] = mapped_column("class")
    bridge: Mapped[bool]
    geom: Mapped[WKBElement] = mapped_column(geometry("LINESTRING"))


class Landscape(Mapped3857, Base):
    """Water, green, squares and railways: the ground of the town's own base map."""

    __tablename__ = "landscape"
    __table_args__ = (
        CheckConstraint("kind IN ('water', 'green', 'railway', 'square')", name="kind"),
        tile_index("landscape"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("GEOMETRY"))


class Demand(Base):
    """Who lives or works at one point; `building` is the code of an area of that level."""

    __tablename__ = "demand"
    __table_args__ = (
        CheckConstraint(
            "people >= 0 AND households >= 0 AND elderly >= 0 AND children >= 0 AND riders >= 0",
            name="counts",
        ),
        prefix_index("demand"),
        place_index("demand"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    building: Mapped[str | None]
    people: Mapped[float]
    households: Mapped[float | None]
    elderly: Mapped[float | None]
    children: Mapped[float | None]
    riders: Mapped[float | None]
    area: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))

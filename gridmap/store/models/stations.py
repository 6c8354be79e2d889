"""Service points, what they offer, and how much they are used."""

from __future__ import annotations

from datetime import date

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, Mapped3857, geometry, place_index, prefix_index, tile_index


class Station(Mapped3857, Base):
    """A service point. `raw_x`, `raw_y` are the coordinates as received, in the system `raw_crs`."""

    __tablename__ = "stations"
    __table_args__ = (
        CheckConstraint("capacity >= 0", name="capacity"),
        prefix_index("stations"),
        place_index("stations"),
        tile_index("stations"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(ForeignKey("station_kinds.code"), index=True)
    name: Mapped[str]
    address: Mapped[str | None]
    phone: Mapped[str | None]
    opening_hours: Mapped[str | None]
    capacity: Mapped[int | None]
    raw_x: Mapped[float]
    raw_y: Mapped[float]
    raw_crs: Mapped[str]
    area: Mapped[str | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class StationAmenity(Base):
    __tablename__ = "station_amenities"

    station_id: Mapped[int] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    amenity: Mapped[str] = mapped_column(ForeignKey("amenities.code"), primary_key=True)


class StationUse(Base):
    """How often a station was used in a month; `month` is its first day."""

    __tablename__ = "station_use"
    __table_args__ = (CheckConstraint("visits >= 0 AND waters >= 0 AND medicines >= 0", name="counts"),)

    station_id: Mapped[int] = mapped_column(ForeignKey("stations.id", ondelete="CASCADE"), primary_key=True)
    month: Mapped[date] = mapped_column(primary_key=True)
    visits: Mapped[int | None]
    waters: Mapped[int | None]
    medicines: Mapped[int | None]

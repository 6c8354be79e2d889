"""Lists that an administrator edits; geodata/dictionaries holds what a new installation starts with."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base


class StationKind(Base):
    """A kind of service point, with the sign it bears on the map."""

    __tablename__ = "station_kinds"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    character: Mapped[str]
    shape: Mapped[str]
    color: Mapped[str]
    mobile: Mapped[bool]
    position: Mapped[int]


class Amenity(Base):
    """Something a station offers."""

    __tablename__ = "amenities"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class Category(Base):
    """What a report is about, in two levels; `national` is the class of the 17-way list in use."""

    __tablename__ = "categories"

    code: Mapped[str] = mapped_column(primary_key=True)
    parent: Mapped[str | None] = mapped_column(ForeignKey("categories.code"))
    name: Mapped[str] = mapped_column(unique=True)
    sensitive: Mapped[bool]
    national: Mapped[str | None]
    position: Mapped[int]


class ReportSource(Base):
    """How a report came in."""

    __tablename__ = "report_sources"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class PlaceKind(Base):
    """A kind of place in the gazetteer."""

    __tablename__ = "place_kinds"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]


class Workday(Base):
    """A day that departs from Monday to Friday: a holiday, or a make-up workday (调休)."""

    __tablename__ = "workdays"
    __table_args__ = (CheckConstraint("kind IN ('holiday', 'workday')", name="kind"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]

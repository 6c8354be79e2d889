"""What citizens and workers reported."""

from __future__ import annotations

from datetime import datetime

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, Mapped3857, geometry, prefix_index, tile_index


class Report(Mapped3857, Base):
    """One report.

    `area` is the code of its owner and `area_id` the version in force when it was placed, so an old
    report keeps its old boundary. `raw_x`, `raw_y` are the coordinates as received; a report without
    them may still be placed, by its address or by a person, as `location_method` tells.

    `waiting` tells why a person has to look: no_address (neither coordinates nor a usable address),
    unsure (the address could not be placed), outside (coordinates in no area), or contradiction
    (declared coordinates and address tell of different places: it keeps its declared area meanwhile).
    `location_confidence` and `location_reasons` are the last geocode's, of what it placed or doubted.
    `category_given` is the sender's own word where it is not ours.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint("raw_x IS NULL OR geom IS NOT NULL", name="coordinates"),
        CheckConstraint("area IS NULL OR geom IS NOT NULL", name="placed"),
        CheckConstraint("location_confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("location_method IN ('declared', 'geocoded', 'confirmed')", name="method"),
        # NULL is told apart by coalesce, since a check that yields NULL passes.
        CheckConstraint(
            "CASE coalesce(waiting, 'no') WHEN 'no' THEN area IS NOT NULL "
            "WHEN 'contradiction' THEN area IS NOT NULL AND raw_x IS NOT NULL "
            "WHEN 'outside' THEN area IS NULL AND geom IS NOT NULL "
            "WHEN 'unsure' THEN geom IS NULL AND address IS NOT NULL "
            "WHEN 'no_address' THEN geom IS NULL ELSE false END",
            name="waiting",
        ),
        Index("ix_reports_queue", "reported_at", "id", postgresql_where=text("waiting IS NOT NULL")),
        prefix_index("reports"),
        tile_index("reports"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    reference: Mapped[str]
    source: Mapped[str] = mapped_column(ForeignKey("report_sources.code"))
    category: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    category_given: Mapped[str | None]
    text: Mapped[str | None]
    address: Mapped[str | None]
    raw_x: Mapped[float | None]
    raw_y: Mapped[float | None]
    raw_crs: Mapped[str | None]
    accuracy_m: Mapped[float | None]
    area: Mapped[str | None]
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    location_method: Mapped[str | None]
    location_confidence: Mapped[float | None]
    location_reasons: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    waiting: Mapped[str | None]
    occurred_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))


class TaughtAlias(Base):
    """What people call a place, taught by a person who confirmed a report there.

    It means the gazetteer's `place`, or, without one, the spot itself under this name. Teaching is
    undone by `withdrawn_at`; nothing else of a row ever changes.
    """

    __tablename__ = "taught_aliases"
    __table_args__ = (
        CheckConstraint("alias <> ''", name="alias"),
        Index("ix_taught_aliases_current", "id", postgresql_where=text("withdrawn_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    alias: Mapped[str]
    place: Mapped[str | None]
    area: Mapped[str]
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("reports.id"), index=True)
    taught_by: Mapped[str]
    taught_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    geom: Mapped[WKBElement] = mapped_column(geometry("POINT"))


class Placement(Base):
    """One line of the log of placements: how a report came to its place, or lost it again.

    Append-only: a trigger refuses UPDATE, DELETE and TRUNCATE, to the owner as well. The columns
    `…_before` hold all that is needed to put the report back; `undoes` names the line that a
    withdrawal takes back. `done_by` is free text, `gridmap` where the program itself acted.
    """

    __tablename__ = "placements"
    __table_args__ = (
        CheckConstraint("action IN ('geocoded', 'adopted', 'confirmed', 'withdrawn')", name="action"),
        CheckConstraint("(action = 'withdrawn') = (undoes IS NOT NULL)", name="undoes"),
        Index("ix_placements_report", "report_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("reports.id"))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    done_by: Mapped[str]
    action: Mapped[str]
    area: Mapped[str | None]
    area_id: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    method: Mapped[str | None]
    confidence: Mapped[float | None]
    waiting: Mapped[str | None]
    area_before: Mapped[str | None]
    area_id_before: Mapped[int | None] = mapped_column(ForeignKey("areas.id"))
    method_before: Mapped[str | None]
    confidence_before: Mapped[float | None]
    waiting_before: Mapped[str | None]
    reasons: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    alias_id: Mapped[int | None] = mapped_column(ForeignKey("taught_aliases.id"))
    undoes: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("placements.id"), unique=True)
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))
    geom_before: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

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
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, Mapped3857, geometry, prefix_index, tile_index


class Report(Mapped3857, Base):
    """One report.

    `area` is the code of its owner and `area_id` the version in force when it was placed, so an old
    report keeps its old boundary. A report without `area` is in the queue: it has no coordinates,
    or they lie outside all areas. `category_given` is the sender's own word where it is not ours.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("source", "reference"),
        CheckConstraint("(raw_x IS NULL) = (geom IS NULL)", name="coordinates"),
        CheckConstraint("area IS NULL OR geom IS NOT NULL", name="placed"),
        CheckConstraint("location_confidence BETWEEN 0 AND 1", name="confidence"),
        CheckConstraint("location_method IN ('declared', 'geocoded', 'confirmed')", name="method"),
        Index("ix_reports_queue", "id", postgresql_where=text("area IS NULL")),
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
    occurred_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    stored_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    geom: Mapped[WKBElement | None] = mapped_column(geometry("POINT"))

"""Areas of five levels, in dated versions that are never edited."""

from __future__ import annotations

from datetime import date

from geoalchemy2 import WKBElement
from sqlalchemy import CheckConstraint, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, Mapped3857, geometry, place_index, prefix_index, tile_index


class Area(Mapped3857, Base):
    """One version of one area. The version in force has no `valid_to`; codes are never recycled."""

    __tablename__ = "areas"
    __table_args__ = (
        Index("uq_areas_code_current", "code", unique=True, postgresql_where=text("valid_to IS NULL")),
        CheckConstraint("level IN ('county', 'street', 'community', 'grid', 'building')", name="level"),
        CheckConstraint("kind IN ('general', 'dedicated')", name="kind"),
        CheckConstraint("valid_to >= valid_from", name="validity"),
        CheckConstraint("households >= 0 AND population >= 0", name="counts"),
        Index("ix_areas_level_current", "level", postgresql_where=text("valid_to IS NULL")),
        prefix_index("areas", "code"),
        place_index("areas"),
        tile_index("areas"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    code: Mapped[str]
    level: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    parent: Mapped[str | None]
    households: Mapped[int | None]
    population: Mapped[int | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    geom: Mapped[WKBElement] = mapped_column(geometry("MULTIPOLYGON"))

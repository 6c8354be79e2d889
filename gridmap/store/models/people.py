"""Grid workers and the areas they answer for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base, prefix_index


class Worker(Base):
    """A 网格员. `role` is 网格长 (lead), 专职 (full) or 兼职 (part)."""

    __tablename__ = "workers"
    __table_args__ = (CheckConstraint("role IN ('lead', 'full', 'part')", name="role"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    role: Mapped[str]


class WorkerArea(Base):
    """That a worker answers for an area, from a day on; without `valid_to` he still does."""

    __tablename__ = "worker_areas"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="validity"),
        prefix_index("worker_areas"),
    )

    worker_id: Mapped[int] = mapped_column(ForeignKey("workers.id", ondelete="CASCADE"), primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True, server_default=func.current_date())
    valid_to: Mapped[date | None]

"""What the store keeps about itself: versions of its data, and what was imported."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from gridmap.store.models.base import Base


class DataVersion(Base):
    """A counter of changes by topic; a topic's version is the sum over its rows.

    Triggers count each changing statement on any free row (SKIP LOCKED), so that a long import and
    an intake at the same moment do not wait for each other, and a version is seen exactly when the
    change that caused it is.
    """

    __tablename__ = "data_versions"
    __table_args__ = (Index("ix_data_versions_topic", "topic"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    topic: Mapped[str]
    version: Mapped[int] = mapped_column(BigInteger)


class Import(Base):
    """One committed import of a file."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    kind: Mapped[str]
    file: Mapped[str]
    sha256: Mapped[str]
    crs: Mapped[str | None]
    added: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]

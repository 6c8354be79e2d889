"""Alembic's environment: always on a connection that the caller opened and will commit."""

from __future__ import annotations

from typing import Any

from alembic import context
from geoalchemy2 import alembic_helpers

from gridmap.store.models import Base


def include_object(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Leave PostGIS's own tables alone; everything else must be in the models."""
    return bool(alembic_helpers.include_object(item, name, kind, reflected, compare_to))  # type: ignore[no-untyped-call]


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=include_object,
    render_item=alembic_helpers.render_item,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()

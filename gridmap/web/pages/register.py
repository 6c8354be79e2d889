"""/grids: who answers for each grid, and what became of boundaries that changed."""

from __future__ import annotations

from flask import Blueprint, render_template

from gridmap.operations import briefing
from gridmap.web.context import database

blueprint = Blueprint("register", __name__)


@blueprint.get("/grids")
def register() -> str:
    """Vacant and doubly staffed grids first; then reports by their old and by today's boundaries."""
    with database().session() as session:
        grids = briefing.roster(session)
        changes = briefing.then_and_now(session)
    return render_template(
        "grids.html",
        grids=grids,
        vacant=sum(grid["workers"] == 0 for grid in grids),
        doubled=sum(grid["workers"] > 1 for grid in grids),
        changes=changes,
    )

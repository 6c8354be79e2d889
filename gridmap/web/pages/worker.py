"""/my-grid: where am I, whose grid is it, where is the nearest station. Made for a phone."""

from __future__ import annotations

from flask import Blueprint, render_template

from gridmap.store import areas
from gridmap.web.context import database

blueprint = Blueprint("worker", __name__)


@blueprint.get("/my-grid")
def my_grid() -> str:
    with database().session() as session:
        if areas.extent(session) is None:
            return render_template("empty.html")
    return render_template("my-grid.html")

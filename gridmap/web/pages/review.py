"""/review: reports that have no grid yet, with the reason."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gridmap.store import reports
from gridmap.types import CHINA_TIME
from gridmap.web import params
from gridmap.web.context import database

blueprint = Blueprint("review", __name__)

_PAGE_SIZE = 50
_REASONS = {"outside": "坐标不在任何网格内", "no_coordinates": "只有文字，没有坐标"}


@blueprint.get("/review")
def queue() -> str:
    """The newest first, a page at a time (`?page=`, from 1)."""
    limit, offset = params.page(request, _PAGE_SIZE)
    with database().session() as session:
        frame, total = reports.list_unplaced(session, limit, offset)
        placed = reports.count(session, reports.ReportFilter()).placed
    rows = frame.to_dict("records")
    for row in rows:
        row["reported_at"] = f"{row['reported_at'].astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        row["reason"] = _REASONS[row["reason"]]
    return render_template(
        "review.html",
        rows=rows,
        total=total,
        known=placed + total > 0,
        first=offset + 1,
        page=offset // limit + 1,
        pages=max(1, -(-total // limit)),
    )

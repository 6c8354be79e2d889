"""/review: reports that wait for a person to say where they are."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from gridmap.store import areas, placements, reports
from gridmap.types import CHINA_TIME
from gridmap.web import params
from gridmap.web.context import database

blueprint = Blueprint("review", __name__)

_PAGE_SIZE = 50
REASONS = {
    "unsure": "地址不确定",
    "contradiction": "坐标与地址不符",
    "outside": "坐标在网格外",
    "no_address": "没有地址",
}
# Where nothing has been said about a report yet: it came before its address was read.
_WORDS = {
    "unsure": "地址还没有读过：下次导入地名后自动再试",
    "contradiction": "坐标与地址指向不同的网格",
    "outside": "坐标不在任何网格内",
    "no_address": "没有坐标，也没有可用的地址",
}


@blueprint.get("/review")
def queue() -> str:
    """The newest first, a page at a time (`?page=`, from 1), all or by `?reason=`."""
    (limit, offset), reason = params.page(request, _PAGE_SIZE), params.reason(request)
    with database().session() as session:
        counts = placements.count_waiting(session)
        rows = placements.list_waiting(session, reason, limit, offset)
        known = any(counts.values()) or reports.latest(session) is not None
        mapped = areas.extent(session) is not None
    for row in rows:
        row["reported_at"] = f"{row['reported_at'].astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        row["why"] = "；".join(row["reasons"]) or _WORDS[row["waiting"]]
    everything = sum(counts.values())
    total = counts[reason] if reason else everything
    return render_template(
        "review.html",
        rows=rows,
        total=total,
        everything=everything,
        counts=counts,
        labels=REASONS,
        reason=reason,
        known=known,
        mapped=mapped,
        first=offset + 1,
        page=offset // limit + 1,
        pages=max(1, -(-total // limit)),
    )

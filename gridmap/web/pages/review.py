"""/review: reports that wait for a person to say where they are, and any other by its number."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from gridmap.store import areas, placements, reports
from gridmap.types import CHINA_TIME
from gridmap.web import params
from gridmap.web.context import database

blueprint = Blueprint("review", __name__)

_PAGE_SIZE = 50
_LONGEST_NUMBER = 100
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
METHODS = {"declared": "按坐标", "geocoded": "按地址", "confirmed": "人工确认"}


@blueprint.get("/review")
def queue() -> str:
    """The newest first, a page at a time (`?page=`, from 1), all or by `?reason=`; or those of a `?reference=`."""
    (limit, offset), reason = params.page(request, _PAGE_SIZE), params.reason(request)
    reference = request.args.get("reference", "").strip()[:_LONGEST_NUMBER]
    with database().session() as session:
        counts = placements.count_waiting(session)
        rows = (
            placements.list_numbered(session, reference)
            if reference
            else placements.list_waiting(session, reason, limit, offset)
        )
        known = any(counts.values()) or reports.latest(session) is not None
        mapped = areas.extent(session) is not None
    for row in rows:
        row["reported_at"] = f"{row['reported_at'].astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
        row["why"] = _why(row)
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
        reference=reference,
        known=known,
        mapped=mapped,
        first=offset + 1,
        page=offset // limit + 1,
        pages=max(1, -(-total // limit)),
    )


def _why(row: dict[str, Any]) -> str:
    """Why a report waits, or where it lies."""
    if row["waiting"] is None:
        return f"已落到{row['area_name']}（{METHODS[row['method']]}）"
    return f"{REASONS[row['waiting']]}：{'；'.join(row['reasons']) or _WORDS[row['waiting']]}"

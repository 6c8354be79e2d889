"""/map: the whole situation on one screen."""

from __future__ import annotations

from typing import Any

import pandas as pd
from flask import Blueprint, render_template

from gridmap.store import areas, dictionaries, reports
from gridmap.types import CHINA_TIME
from gridmap.web.context import database

blueprint = Blueprint("commander", __name__)


@blueprint.get("/map")
def situation() -> str:
    """Map and panel; without areas, what to do first."""
    with database().session() as session:
        if areas.extent(session) is None:
            return render_template("empty.html")
        newest = reports.latest(session)
        return render_template(
            "map.html",
            groups=category_groups(dictionaries.categories(session)),
            latest=newest.astimezone(CHINA_TIME).date().isoformat() if newest else "",
        )


def category_groups(categories: pd.DataFrame) -> list[dict[str, Any]]:
    """The two-level dictionary as [{code, name, children: [{code, name}]}], in its own order."""
    rows = categories.to_dict("records")
    return [
        {
            "code": group["code"],
            "name": group["name"],
            "children": [
                {"code": row["code"], "name": row["name"]} for row in rows if row["parent"] == group["code"]
            ],
        }
        for group in rows
        if pd.isna(group["parent"])
    ]

"""/api and /healthz: answers for programs and for the pages' own scripts."""

from __future__ import annotations

import shutil
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gridmap import __version__
from gridmap.operations import briefing, locating
from gridmap.store import dictionaries
from gridmap.web import params
from gridmap.web.context import database, settings

blueprint = Blueprint("api", __name__)


@blueprint.get("/healthz")
def health() -> tuple[Response, int]:
    """State of database and disk; 503 when the database does not answer."""
    state: dict[str, Any] = {"version": __version__}
    try:
        with database().session() as session:
            state["database"] = "ok"
            state["postgis"] = session.scalar(text("SELECT postgis_lib_version()"))
    except SQLAlchemyError:
        state["database"] = "unreachable"
    home = settings().data
    free = shutil.disk_usage(home if home.exists() else home.parent).free
    state["disk_free_mb"] = free // 2**20
    ok = state["database"] == "ok"
    state["status"] = "ok" if ok else "failing"
    return jsonify(state), 200 if ok else 503


@blueprint.get("/api/locate")
def locate() -> Response:
    """The area of a point (`lng`, `lat`, `crs`), or of what an `address` names."""
    if "address" in request.args and "lng" not in request.args:
        with database().session() as session:
            return jsonify(locating.locate_address(session, settings(), request.args["address"]))
    point, declared = params.point(request)
    with database().session() as session:
        return jsonify(locating.locate_point(session, settings(), point, declared))


@blueprint.get("/api/areas/<code>")
def area(code: str) -> Response:
    with database().session() as session:
        return jsonify(briefing.area_card(session, code))


@blueprint.get("/api/roster")
def roster() -> Response:
    """Every grid with its workers; vacancies and doubles are those whose count is not one."""
    with database().session() as session:
        return jsonify(briefing.roster(session))


@blueprint.get("/api/dictionaries")
def all_dictionaries() -> Response:
    with database().session() as session:
        return jsonify(
            {
                name: frame.astype(object).where(frame.notna(), None).to_dict("records")
                for name, frame in (
                    ("kinds", dictionaries.station_kinds(session)),
                    ("categories", dictionaries.categories(session)),
                    ("sources", dictionaries.report_sources(session)),
                    ("amenities", dictionaries.amenities(session)),
                )
            }
        )

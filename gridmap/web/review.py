"""/api/review: one report and its place, the confirmation of another, and the taking back of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import Forbidden

from gridmap.operations import reviewing
from gridmap.store import placements
from gridmap.types import CHINA_TIME
from gridmap.web import params
from gridmap.web.context import database

blueprint = Blueprint("review_api", __name__, url_prefix="/api/review")

# Who acted, until there are accounts to tell.
_DESK = "受理台"


@blueprint.before_request
def refuse_other_sites() -> None:
    """A page of another site may not confirm anything through its reader's browser.

    Browsers say where a request comes from; programs that are no browser say nothing and are let in.
    """
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    told, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    # The scheme may differ behind a proxy that ends TLS; the host may not.
    elsewhere = (
        told != "same-origin" if told else origin is not None and urlsplit(origin).netloc != request.host
    )
    if elsewhere:
        raise Forbidden("这个操作只能在本站页面上进行。")


@blueprint.get("/<int:identity>")
def show(identity: int) -> Response:
    with database().session() as session:
        report = reviewing.review(session, identity)
    return jsonify(_with_times(report) | {"log": [_with_times(line) for line in report["log"]]})


@blueprint.post("/<int:identity>/confirm")
def confirm(identity: int) -> Response:
    """`{lng, lat, version?, alias?, place?}` in WGS-84, which is the storage CRS to the last digit that matters.

    `version` is the one that GET told; without it only a report that waits is placed.
    """
    body = params.body(request)
    point = params.point_of(body)
    with database().session() as session:
        done = reviewing.confirm(
            session,
            identity,
            point,
            seen=params.text_of(body, "version"),
            alias=params.text_of(body, "alias"),
            place=params.text_of(body, "place"),
            done_by=params.text_of(body, "by") or _DESK,
        )
    return jsonify(done | {"counts": _after()})


@blueprint.post("/<int:identity>/withdraw")
def withdraw(identity: int) -> Response:
    """`{placement}`: the line of the log that the confirmation answered."""
    body = params.body(request)
    line = params.whole_number_of(body, "placement")
    with database().session() as session:
        done = reviewing.withdraw(session, identity, line, params.text_of(body, "by") or _DESK)
    return jsonify(done | {"counts": _after()})


def _after() -> dict[str, int]:
    """The queue's counts once a change is committed."""
    with database().session() as session:
        return placements.count_waiting(session)


def _with_times(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: f"{value.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}" if name in ("at", "reported_at") else value
        for name, value in row.items()
    }

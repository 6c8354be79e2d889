"""/tiles: vector tiles with an ETag of the data they show."""

from __future__ import annotations

from flask import Blueprint, Response, request

from gridmap.store import tiles
from gridmap.store.db import data_version
from gridmap.web.caching import conditional
from gridmap.web.context import database

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


@blueprint.get("/<tileset>/<int:z>/<int:x>/<int:y>.mvt")
def get_tile(tileset: str, z: int, x: int, y: int) -> Response:
    with database().session() as session:
        version = data_version(session, *tiles.TOPICS.get(tileset, ()))
        return conditional(
            request,
            version,
            lambda: Response(
                tiles.get_tile(session, tileset, z, x, y), mimetype="application/vnd.mapbox-vector-tile"
            ),
        )

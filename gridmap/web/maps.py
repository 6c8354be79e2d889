"""/maps/<name>: whole Folium documents, composed once for each state of the data."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from gridmap.config import Settings
from gridmap.errors import NotFoundError
from gridmap.maps import base, compose
from gridmap.maps.base import Basemap
from gridmap.maps.legend import StationKind
from gridmap.store import areas, dictionaries, stations
from gridmap.store.db import data_version
from gridmap.web.caching import conditional
from gridmap.web.context import database, settings

blueprint = Blueprint("maps", __name__, url_prefix="/maps")

_WITH_STATIONS = {"overview": compose.overview, "mygrid": compose.mygrid}
_NAMES = (*_WITH_STATIONS, "review")
_TOPICS = ("areas", "stations")


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered map and the policy that lets only its own inline scripts and styles run."""

    version: str
    html: bytes
    policy: str


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    base.use_local_assets(Path(state.app.static_folder or ""))
    # One document for each name, replaced when the data change.
    state.app.extensions["gridmap.documents"] = {}


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """The document called `name`: the same for every reader and every filter, which its scripts apply."""
    if name not in _NAMES:
        raise NotFoundError(f"没有名为“{name[:40]}”的地图；现有：{'、'.join(_NAMES)}。")
    with database().session() as session:
        version = f"{data_version(session, *_TOPICS)} {_look()}"
        return conditional(request, version, lambda: _respond(_document(session, name, version)))


def _respond(document: Document) -> Response:
    response = Response(document.html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = document.policy
    return response


def _document(session: Session, name: str, version: str) -> Document:
    documents: dict[str, Document] = current_app.extensions["gridmap.documents"]
    found = documents.get(name)
    if found is None or found.version != version:
        # Two threads may both compose; they compose the same.
        found = documents[name] = _compose(session, name, version)
    return found


def _compose(session: Session, name: str, version: str) -> Document:
    bounds = areas.extent(session)
    if bounds is None:
        raise NotFoundError(
            "还没有网格数据：请先用 gridmap import areas 导入网格，或用 gridmap up --demo 载入示例城区。"
        )
    grounds, levels = basemaps(settings()), areas.count_by_level(session)
    if name in _WITH_STATIONS:
        kinds = [
            StationKind(row["code"], row["name"], row["character"], row["shape"], row["color"])
            for row in dictionaries.station_kinds(session).to_dict("records")
        ]
        amenities = dictionaries.amenities(session)
        document = _WITH_STATIONS[name](
            stations.list_stations(session),
            bounds,
            levels,
            kinds,
            dict(zip(amenities["code"], amenities["name"], strict=True)),
            grounds,
        )
    else:
        document = compose.review(bounds, levels, grounds)
    html = base.render(document)
    return Document(
        version, html.encode(), policy(html, [host for ground in grounds for host in ground.hosts])
    )


def basemaps(chosen: Settings) -> list[Basemap]:
    """Every base map that the settings make possible; the one to show first comes first."""
    grounds = [base.TOWN]
    if chosen.tianditu_key:
        grounds.append(base.tianditu(chosen.tianditu_key, chosen.basemap_approval))
    if chosen.basemap_url:
        grounds.append(base.xyz(chosen.basemap_url, chosen.basemap_attribution, chosen.basemap_approval))
    grounds.append(base.BLANK)
    return sorted(grounds, key=lambda ground: ground.code != chosen.basemap)


def policy(html: str, image_hosts: list[str]) -> str:
    """A Content-Security-Policy by the hashes of the document's inline scripts and styles."""
    scripts, styles = (
        " ".join(_hash(body) for body in re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL))
        for tag in ("script", "style")
    )
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {scripts}".rstrip(),
            f"style-src 'self' {styles}".rstrip(),
            " ".join(("img-src 'self' data:", *image_hosts)),
            "connect-src 'self'",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    )


def _hash(body: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"


def _look() -> str:
    """What the documents depend on besides the data: the settings of the base map, the assets' addresses."""
    chosen = settings()
    assets = sorted(
        url for owner in base.asset_owners() for _, url in (*owner.default_js, *owner.default_css)
    )
    parts = (
        chosen.basemap,
        chosen.basemap_url,
        chosen.basemap_attribution,
        chosen.basemap_approval,
        chosen.tianditu_key,
        *assets,
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

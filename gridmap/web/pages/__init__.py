"""The pages that people open. Their scripts and styles are files: no page carries one inline."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from flask import Blueprint, redirect
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response

from gridmap.maps.base import asset_url
from gridmap.web.pages import commander, register, review, worker

blueprint = Blueprint("pages", __name__)
for _page in (commander, worker, review, register):
    blueprint.register_blueprint(_page.blueprint)


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    """`asset("css/gridmap.css")` in a template is the file's address, read once for each application."""
    state.app.jinja_env.globals["asset"] = cache(partial(asset_url, Path(state.app.static_folder or "")))


@blueprint.get("/")
def home() -> Response:
    return redirect("/map")

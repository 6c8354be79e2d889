"""The web application: wiring only."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

from gridmap.config import ROOT, Settings
from gridmap.errors import InputError
from gridmap.operations import serving
from gridmap.store.db import Database
from gridmap.web import api, errors, maps, overview, pages, review, tiles
from gridmap.web.context import Context

_MAX_REQUEST_BYTES = 1_000_000
_STATIC_SECONDS = 3600


def create_app(settings: Settings, database: Database | None = None) -> Flask:
    """An application on these settings; `database` where the caller has one open already."""
    app = Flask("gridmap", root_path=str(ROOT / "gridmap"), static_folder=str(ROOT / "static"))
    app.config.update(
        MAX_CONTENT_LENGTH=_MAX_REQUEST_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=_STATIC_SECONDS,
        # A vector tile is small and made often: a low level gains nearly all and costs little.
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=4,
        COMPRESS_MIMETYPES=[
            "text/html",
            "text/css",
            "text/javascript",
            "application/json",
            "application/geo+json",
            "application/problem+json",
            "application/vnd.mapbox-vector-tile",
            "image/svg+xml",
        ],
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["gridmap"] = Context(settings, database or Database.connect(settings))
    Compress(app)
    for part in (api, review, tiles, overview, maps, pages):
        app.register_blueprint(part.blueprint)
    errors.init_app(app)
    app.before_request(_refuse_nul)
    app.after_request(_headers)
    return app


def serve() -> Flask:
    """What the web server calls in each of its workers."""
    serving.end_with_parent()
    settings = Settings.load()
    database = Database.connect(settings)
    serving.warm(database)
    return create_app(settings, database)


def _refuse_nul() -> None:
    """No text of ours holds NUL, and PostgreSQL takes none: it is refused before it gets anywhere."""
    if "\0" in request.path or any("\0" in value for _, value in request.args.items(multi=True)):
        raise InputError("the address contains a NUL character")


def _headers(response: Response) -> Response:
    """Headers for every answer; map documents bring a policy of their own for their inline scripts."""
    if request.endpoint == "static" and "v" in request.args and response.status_code < 400:
        # The address holds the content's hash: another content has another address.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    )
    return response

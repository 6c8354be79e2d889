"""One table: which error answers with which status, and with what words."""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from gridmap.errors import (
    ConfigError,
    ConflictError,
    DatabaseError,
    GridMapError,
    InputError,
    NotFoundError,
)
from gridmap.store.db import unreachable

_STATUS: dict[type[GridMapError], int] = {
    InputError: 400,
    NotFoundError: 404,
    ConflictError: 409,
    ConfigError: 500,
    DatabaseError: 503,
}
_TITLES = {
    400: "请求有误",
    401: "请先登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种操作",
    409: "与现有数据冲突",
    413: "内容过大",
    429: "操作太频繁",
    500: "服务器出错",
    503: "数据库暂时连不上",
}
# Shown instead of an error's own words, which may tell of the server's inside.
_VEILED = {500: "请稍后再试；如一直出现，请告知管理员出错时间。", 503: "请稍后再试，或请管理员检查数据库。"}
_MACHINE_PATHS = ("/api/", "/tiles/", "/healthz", "/maps/overview/")
_log = logging.getLogger("gridmap.web")


def init_app(app: Flask) -> None:
    app.register_error_handler(GridMapError, _of_domain)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(OperationalError, _of_connection)
    app.register_error_handler(Exception, _unforeseen)


def _of_domain(error: GridMapError) -> tuple[Response | str, int]:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    if status >= 500:
        _log.error("%s %s: %s", request.method, request.path, error)
    return _answer(status, str(error))


def _of_http(error: HTTPException) -> tuple[Response | str, int] | Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value]
    words = {404: f"{request.path} 不存在。", 405: "这个地址不接受这种请求。"}
    return _answer(error.code, words.get(error.code, error.description or ""))


def _of_connection(error: OperationalError) -> tuple[Response | str, int]:
    return _of_domain(unreachable(error))


def _unforeseen(error: Exception) -> tuple[Response | str, int]:
    _log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return _answer(500, "")


def _answer(status: int, message: str) -> tuple[Response | str, int]:
    """Problem details (RFC 9457) for programs, a page for people."""
    title = _TITLES.get(status, "出错了")
    words = _VEILED.get(status, message)
    if request.path.startswith(_MACHINE_PATHS):
        body = jsonify({"type": "about:blank", "title": title, "status": status, "detail": words})
        body.mimetype = "application/problem+json"
        return body, status
    return render_template("error.html", status=status, title=title, message=words), status

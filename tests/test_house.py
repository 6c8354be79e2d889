"""The house rules that a machine can hold: which room may import which, and what the README promises."""

from __future__ import annotations

import ast
from dataclasses import fields

import click
import pytest

from gridmap.cli import cli
from gridmap.config import ROOT, Settings

# Each room, and the rooms of gridmap it may import besides itself.
_FOUNDATION = {"errors", "types", "config", "__init__"}
_PURE = _FOUNDATION | {"geo"}
ALLOWED = {
    "errors": set(),
    "types": {"errors"},
    "config": {"errors"},
    "__init__": set(),
    "geo": _FOUNDATION,
    "geocode": _PURE,
    "analysis": _PURE,
    "ingest": _PURE,
    "providers": _PURE,
    "store": _PURE,
    "demo": _PURE,
    "maps": {"types", "errors", "geo", "config"},
    "operations": _PURE | {"geocode", "analysis", "ingest", "providers", "store"},
    "web": _PURE | {"analysis", "store", "operations", "maps"},
    "app": _PURE | {"store", "operations", "web", "maps"},
    "cli": _PURE | {"geocode", "analysis", "ingest", "store", "operations", "maps", "web", "demo", "app"},
}
ONLY = {
    "sqlalchemy": {"store", "operations", "web"},
    "folium": {"maps"},
    "flask": {"web", "app"},
    "click": {"cli"},
    # The one room from which anything is sent over the network.
    "urllib.request": {"providers"},
}
MODULES = sorted(path for path in (ROOT / "gridmap").rglob("*.py") if "migrations" not in path.parts)


def room(path) -> str:
    return path.relative_to(ROOT / "gridmap").parts[0].removesuffix(".py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (
                f"{node.module}.{alias.name}" if node.module == "gridmap" else node.module
                for alias in node.names
            )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_order_of_the_rooms(path):
    here = room(path)
    for name in imported(path):
        if name.startswith("gridmap."):
            there = name.split(".")[1]
            allowed = ALLOWED[here] | {here, "__version__"}
            assert there in allowed, f"{here} may not import {name}"
        for library, rooms in ONLY.items():
            assert here in rooms or (name != library and not name.startswith(f"{library}.")), (
                f"{library} has no business in {here}"
            )


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_readme_documents_every_setting(item):
    assert f"`GRIDMAP_{item.name.upper()}`" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(cli.list_commands(click.Context(cli))))
def test_readme_documents_every_command(name):
    assert f"gridmap {name}" in (ROOT / "README.md").read_text(encoding="utf-8")

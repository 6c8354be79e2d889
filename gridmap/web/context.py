"""What create_app puts into the application, and how a view gets at it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from gridmap.config import Settings
from gridmap.store.db import Database


@dataclass(frozen=True)
class Context:
    """The settings and the database of this application."""

    settings: Settings
    database: Database


def settings() -> Settings:
    context: Context = current_app.extensions["gridmap"]
    return context.settings


def database() -> Database:
    context: Context = current_app.extensions["gridmap"]
    return context.database

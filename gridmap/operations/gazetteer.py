"""The gazetteer of what is stored, kept in this process and renewed when the data change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.geocode.entries import gather
from gridmap.geocode.gazetteer import Gazetteer
from gridmap.operations.owners import Locator
from gridmap.store import aliases, areas, places, stations
from gridmap.store.db import data_version

_TOPICS: Final = ("areas", "ground", "stations")


@dataclass(frozen=True)
class Known:
    """Every known place, and the owner of every point, as of one state of the data."""

    gazetteer: Gazetteer
    locator: Locator

    def owner(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.object_]:
        """The code of the area that owns each point (EPSG:4490), None outside."""
        return self.locator.locate(np.asarray(x, np.float64), np.asarray(y, np.float64)).code


@dataclass
class _Shelf:
    """What is held for one database. `known` is replaced as a whole, never changed."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    known: Known | None = None
    version: str = ""
    learnt: str = ""


_shelves: dict[str, _Shelf] = {}
_own: dict[str, tuple[str, _Shelf]] = {}
_shelves_lock = threading.Lock()


def current(session: Session) -> Gazetteer:
    """The gazetteer of the data that this session sees, with what people taught."""
    return known(session).gazetteer


def known(session: Session) -> Known:
    """The gazetteer and the owner rule of the data that this session sees.

    Built once for each state of areas, places, stations and streets; what is taught is laid over it. While
    one thread builds anew, the others go on with the state before, so a change is in every answer
    only when the building is done.
    """
    shelf = _shelf(session)
    held = shelf.known
    if held is not None and (shelf.version, shelf.learnt) == _versions(session):
        return held
    # Who only finds that another is building takes what there is; at the very first there is nothing.
    if not shelf.lock.acquire(blocking=held is None):
        assert held is not None
        return held
    try:
        # Versions before data: if these change in between, the next call finds the versions too old and
        # looks again. And read anew, since whoever held the lock may have built just this.
        version, taught = _versions(session)
        if shelf.known is None or shelf.version != version:
            built = _build(session)
            shelf.known, shelf.version, shelf.learnt = built, version, taught
        elif shelf.learnt != taught:
            shelf.known.gazetteer.learn(aliases.list_aliases(session))
            shelf.learnt = taught
        return shelf.known
    finally:
        shelf.lock.release()


def _versions(session: Session) -> tuple[str, str]:
    return data_version(session, *_TOPICS), data_version(session, "aliases")


def _build(session: Session) -> Known:
    locator = Locator.load(session)
    frame = gather(
        areas.list_areas(session),
        places.list_places(session),
        stations.list_stations(session),
        places.list_streets(session),
        lambda x, y: locator.locate(x, y).code,
    )
    gazetteer = Gazetteer(frame)
    gazetteer.learn(aliases.list_aliases(session))
    return Known(gazetteer, locator)


def _shelf(session: Session) -> _Shelf:
    """The shelf of the session's database; one of its own for a transaction that has written.

    What such a transaction sees may never come to be, and another may then count the same versions.
    """
    name = session.connection().engine.url.set(username=None, password=None).render_as_string()
    transaction = session.scalar(text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)"))
    with _shelves_lock:
        if transaction is None:
            return _shelves.setdefault(name, _Shelf())
        owner, shelf = _own.get(name, ("", None))
        if shelf is None or owner != transaction:
            shelf = _Shelf()
            _own[name] = (transaction, shelf)
        return shelf

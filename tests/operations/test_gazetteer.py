"""The gazetteer of the process: built once for each state of the data, and never seen half built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.geocode.match import geocode
from gridmap.operations import gazetteer, serving

_PLACE = (
    "INSERT INTO places (reference, kind, name, aliases, geom) "
    "VALUES (:name, 'landmark', :name, '{}', ST_SetSRID(ST_MakePoint(107.86, 31.08), 4490))"
)


@pytest.fixture
def database(settings):
    with serving.scratch(settings, "gazetteer") as opened:
        add(opened, "白鹭亭")
        yield opened


def add(database, name):
    with database.owner_session() as session:
        session.execute(text(_PLACE), {"name": name})


def known(database):
    with database.session() as session:
        return gazetteer.known(session)


def test_it_is_kept_until_places_change_and_then_built_anew(database):
    first = known(database)
    assert known(database) is first
    assert first.gazetteer.find("白鹭亭")
    assert not first.gazetteer.find("望江阁")
    add(database, "望江阁")
    second = known(database)
    assert second is not first
    assert second.gazetteer.find("望江阁")
    with database.session() as session:
        assert gazetteer.current(session) is second.gazetteer


def test_what_has_nothing_to_do_with_places_does_not_renew_it(database):
    first = known(database)
    with database.owner_session() as session:
        session.execute(text("UPDATE categories SET position = position"))
    assert known(database) is first


def test_many_threads_share_one_building(database):
    threads = 8
    together = Barrier(threads)

    def ask(_number):
        together.wait()
        return known(database)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(ask, range(threads)))
    assert len({id(one) for one in found}) == 1


def test_threads_that_ask_while_it_is_renewed_get_a_whole_one(database):
    old = known(database)
    add(database, "望江阁")

    def ask(_number):
        now = known(database)
        return now, geocode("白鹭亭", now.gazetteer).candidates

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(40)))
    assert {one.place for _, candidates in found for one in candidates} == {"白鹭亭"}
    new = known(database)
    assert new is not old
    assert {id(now) for now, _ in found} <= {id(old), id(new)}


@pytest.fixture
def started(monkeypatch):
    """As in a process that has just begun: the databases of these tests bear one name."""
    monkeypatch.setattr(gazetteer, "_shelves", {})


@pytest.mark.usefixtures("started")
def test_it_is_built_at_the_start_before_anybody_asks(database, monkeypatch):
    built = []
    real = gazetteer._build
    monkeypatch.setattr(gazetteer, "_build", lambda session: built.append(1) or real(session))
    serving.warm(database).join()
    assert built == [1]
    assert known(database).gazetteer.find("白鹭亭")
    assert built == [1]


@pytest.mark.usefixtures("started")
def test_an_empty_database_is_warmed_without_a_word(empty_database, caplog):
    serving.warm(empty_database).join()
    assert caplog.records == []
    assert len(known(empty_database).gazetteer) == 0


@pytest.mark.usefixtures("started")
def test_a_start_that_can_not_build_it_is_logged_and_asked_for_again_later(database, caplog):
    with database.owner.begin() as connection:
        connection.execute(text("ALTER TABLE places RENAME TO elsewhere"))
    serving.warm(database).join()
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "ERROR",
        "the gazetteer could not be built at the start",
    )
    with database.owner.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO places"))
    assert known(database).gazetteer.find("白鹭亭")


def test_what_a_transaction_does_not_commit_is_seen_by_itself_alone(database):
    before = known(database)
    with database.owner.connect() as connection, database.session() as other:
        transaction = connection.begin()
        with Session(connection) as session:
            session.execute(text(_PLACE), {"name": "望江阁"})
            assert gazetteer.current(session).find("望江阁")
        assert not gazetteer.current(other).find("望江阁")
        transaction.rollback()
    # Another change counts the same version, and means another state.
    add(database, "听涛轩")
    after = known(database)
    assert after is not before
    assert after.gazetteer.find("听涛轩")
    assert not after.gazetteer.find("望江阁")

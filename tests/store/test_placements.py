"""What the tables themselves hold up: the log only grows, a report's state is never at odds with itself."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from gridmap.operations import reviewing, serving
from gridmap.store import migrations, placements
from gridmap.types import Point


@pytest.fixture(scope="module")
def confirmed(worked_database):
    """A report of the town that was confirmed by teaching a name, as the application does it."""
    with worked_database.session() as session:
        row = session.execute(
            text("SELECT id FROM reports WHERE waiting = 'no_address' ORDER BY id LIMIT 1")
        ).one()
        lng, lat = session.execute(
            text("SELECT ST_X(geom), ST_Y(geom) FROM reports WHERE location_method = 'geocoded' LIMIT 1")
        ).one()
        reviewing.confirm(
            session, row.id, Point(lng, lat), seen="", alias="老油坊后头的空地", place="", done_by="小陈"
        )
    return row.id


@pytest.mark.parametrize("role", ["owner", "app"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE placements SET done_by = 'nobody'",
        "UPDATE placements SET reasons = NULL WHERE false",
        "DELETE FROM placements",
        "TRUNCATE placements",
        "TRUNCATE reports CASCADE",
    ],
)
def test_the_log_of_placements_only_grows(worked_database, confirmed, role, statement):
    before = _log(worked_database, confirmed)
    with (
        pytest.raises(ProgrammingError, match=r"only grows|permission denied"),
        getattr(worked_database, role).begin() as connection,
    ):
        connection.execute(text(statement))
    assert _log(worked_database, confirmed) == before != []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE taught_aliases SET alias = '别处'",
        "UPDATE taught_aliases SET geom = ST_SetSRID(ST_MakePoint(0, 0), 4490)",
        "DELETE FROM taught_aliases",
    ],
)
def test_the_application_can_not_rewrite_what_was_taught(worked_database, confirmed, statement):
    assert confirmed
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        worked_database.app.begin() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize("role", ["owner", "app"])
@pytest.mark.parametrize("moment", ["now() - interval '1 day'", "now() + interval '1 s'", "NULL"])
def test_a_name_is_withdrawn_at_no_moment_but_now(worked_database, confirmed, role, moment):
    with (
        pytest.raises(ProgrammingError, match="withdrawn once"),
        getattr(worked_database, role).begin() as connection,
    ):
        connection.execute(
            text(f"UPDATE taught_aliases SET withdrawn_at = {moment} WHERE report_id = :id"),
            {"id": confirmed},
        )


@pytest.mark.parametrize("role", ["owner", "app"])
@pytest.mark.parametrize("moment", ["NULL", "now()", "withdrawn_at"])
def test_a_name_is_withdrawn_once(worked_database, confirmed, role, moment):
    with getattr(worked_database, role).connect() as connection:
        connection.execute(
            text("UPDATE taught_aliases SET withdrawn_at = now() WHERE report_id = :id"), {"id": confirmed}
        )
        with pytest.raises(ProgrammingError, match="withdrawn once"):
            connection.execute(
                text(f"UPDATE taught_aliases SET withdrawn_at = {moment} WHERE report_id = :id"),
                {"id": confirmed},
            )
        connection.rollback()


def test_the_application_adds_to_the_log_of_placements(worked_database, confirmed):
    with worked_database.app.connect() as connection:
        added = connection.execute(
            text(
                "INSERT INTO placements (report_id, done_by, action) VALUES (:id, '小陈', 'adopted') RETURNING id"
            ),
            {"id": confirmed},
        ).scalar_one()
        connection.rollback()
    assert added


@pytest.mark.parametrize(
    "change",
    [
        "waiting = 'unsure'",  # although it has a place
        "waiting = 'contradiction'",  # without coordinates of its own
        "waiting = 'tired'",
        "area = NULL",  # and nobody is to look
        "geom = NULL",
    ],
)
def test_a_report_is_not_at_odds_with_itself(worked_database, change):
    with pytest.raises(IntegrityError), worked_database.owner.begin() as connection:
        connection.execute(
            text(
                f"UPDATE reports SET {change} WHERE id = "
                "(SELECT min(id) FROM reports WHERE location_method = 'geocoded')"
            )
        )
    with worked_database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM reports WHERE waiting = 'tired'")) == 0


def test_the_queue_is_paged_newest_first_and_counts_agree(worked_database):
    with worked_database.session() as session:
        counts = placements.count_waiting(session)
        assert set(counts) == set(placements.REASONS)
        assert sum(counts.values()) == session.scalar(
            text("SELECT count(*) FROM reports WHERE waiting IS NOT NULL")
        )
        for reason in placements.REASONS:
            rows = placements.list_waiting(session, reason, counts[reason] + 1, 0)
            assert len(rows) == counts[reason]
            assert {row["waiting"] for row in rows} == {reason}
        first = placements.list_waiting(session, None, 30, 0)
        second = placements.list_waiting(session, None, 30, 30)
    times = [row["reported_at"] for row in first + second]
    assert times == sorted(times, reverse=True)
    assert len({row["id"] for row in first + second}) == 60


def test_reports_of_the_first_version_are_given_their_reason_to_wait(settings):
    config = Config()
    config.set_main_option("script_location", str(next(iter(migrations.__path__))))
    config.set_main_option("path_separator", "os")
    with serving.scratch(settings, "migrate") as database:
        with database.owner.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
            connection.execute(
                text(
                    "INSERT INTO reports (reference, source, category, address, raw_x, raw_y, geom, reported_at) "
                    "SELECT t.reference, 'resident', 'lighting', t.address, x, x, "
                    "CASE WHEN x IS NOT NULL THEN ST_SetSRID(ST_MakePoint(x, x), 4490) END, now() "
                    "FROM (VALUES ('A', NULL, 1.0), ('B', '某处', NULL), ('C', NULL, NULL)) "
                    "AS t(reference, address, x)"
                )
            )
        database.upgrade()
        with database.session() as session:
            found = dict(session.execute(text("SELECT reference, waiting FROM reports")).all())
    assert found == {"A": "outside", "B": "unsure", "C": "no_address"}


def _log(database, identity):
    with database.session() as session:
        return placements.list_log(session, identity)

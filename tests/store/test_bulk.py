"""COPY's wire format: what goes in comes out, of every type, with NULLs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from gridmap.store import bulk

TABLE = (
    "CREATE TEMP TABLE sample (id int8, word text, tags text[], small int4, big int8, real float8, yes bool, "
    "moment timestamptz, day date, spot geometry(POINT, 4490), shape geometry(GEOMETRY, 4490))"
)


def columns(words, spots):
    n = len(words)
    return {
        "id": bulk.numbers(range(n), "int8"),
        "word": bulk.texts(words),
        "tags": bulk.text_arrays([["a", "乙 丙", ""], [], ["x"]][:n] + [[]] * (n - 3)),
        "small": bulk.numbers([1, None, -7][:n] + [0] * (n - 3), "int4"),
        "real": bulk.numbers([1.5, np.nan, -0.25][:n] + [0.0] * (n - 3), "float8"),
        "yes": bulk.booleans([True, False, None][:n] + [True] * (n - 3)),
        "moment": bulk.times(
            [datetime(2026, 11, 22, 6, 5, 1, 123456, tzinfo=UTC), None, datetime(1999, 12, 31, tzinfo=UTC)][
                :n
            ]
            + [None] * (n - 3)
        ),
        "day": bulk.days([date(2026, 11, 22), None, date(1992, 2, 29)][:n] + [None] * (n - 3)),
        "spot": bulk.points(*np.array(spots, dtype=float).T),
        "shape": bulk.geometries([shapely.box(0, 0, 1, 1), shapely.Point(1, 2), None][:n] + [None] * (n - 3)),
    }


def test_every_type_survives(session):
    session.execute(text(TABLE))
    words = ["中文\t'\"\\N\n🚲", None, ""]
    made = columns(words, [(107.86, 31.08), (np.nan, 1), (1, 2)])
    assert bulk.copy(session.connection(), "sample", made) == 3
    rows = session.execute(
        text(
            "SELECT word, tags, small, real, yes, moment, day, ST_AsEWKT(spot), ST_AsEWKT(shape) "
            "FROM sample ORDER BY id"
        )
    ).all()
    assert rows[0] == (
        words[0], ["a", "乙 丙", ""], 1, 1.5, True,
        datetime(2026, 11, 22, 6, 5, 1, 123456, tzinfo=UTC), date(2026, 11, 22),
        "SRID=4490;POINT(107.86 31.08)", "SRID=4490;POLYGON((1 0,1 1,0 1,0 0,1 0))",
    )  # fmt: skip
    assert rows[1] == (None, [], None, None, False, None, None, None, "SRID=4490;POINT(1 2)")
    assert rows[2][0] == ""
    assert rows[2][5:7] == (datetime(1999, 12, 31, tzinfo=UTC), date(1992, 2, 29))


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(
    st.lists(
        st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1
    )
)
def test_any_text_survives(session, words):
    session.execute(text("CREATE TEMP TABLE words (id int4, word text)"))
    bulk.copy(
        session.connection(),
        "words",
        {"id": bulk.numbers(range(len(words)), "int4"), "word": bulk.texts(words)},
    )
    stored = session.execute(text("SELECT word FROM words ORDER BY id")).scalars().all()
    session.execute(text("DROP TABLE words"))
    assert stored == words


def test_merge_adds_changes_and_leaves(session):
    session.execute(text("CREATE TEMP TABLE stock (code text PRIMARY KEY, n int4)"))

    def save(codes, numbers):
        frame = pd.DataFrame({"code": codes, "n": numbers})
        return bulk.merge(
            session.connection(),
            "stock",
            {"code": bulk.texts(frame["code"]), "n": bulk.numbers(frame["n"], "int4")},
            key=["code"],
        )

    assert save(["a", "b"], [1, 2]) == bulk.Merged(2, 0, 0)
    assert save(["a", "b", "c"], [1, 3, 4]) == bulk.Merged(1, 1, 1)
    assert session.execute(text("SELECT code, n FROM stock ORDER BY code")).all() == [
        ("a", 1),
        ("b", 3),
        ("c", 4),
    ]


def test_blocks_join_at_their_seams(session, monkeypatch):
    monkeypatch.setattr(bulk, "_CHUNK_ROWS", 7)
    session.execute(text("CREATE TEMP TABLE seam (id int4, word text)"))
    words = pd.Series([None if i % 5 == 0 else f"第{i}行" for i in range(50)], dtype="str")
    seen = []
    made = {"id": bulk.numbers(range(50), "int4"), "word": bulk.texts(words)}
    bulk.copy(session.connection(), "seam", made, seen.append)
    assert sum(seen) == 50
    stored = session.execute(text("SELECT word FROM seam ORDER BY id")).scalars().all()
    assert stored == [None if pd.isna(word) else word for word in words]


def test_a_failure_leaves_nothing(session):
    session.execute(text("CREATE TEMP TABLE strict (n int4 CHECK (n < 10))"))
    with pytest.raises(Exception, match="strict_n_check"), session.begin_nested():
        bulk.copy(session.connection(), "strict", {"n": bulk.numbers([1, 2, 99], "int4")})
    assert session.scalar(text("SELECT count(*) FROM strict")) == 0

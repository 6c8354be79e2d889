"""A file that grows in chunks: wherever its writer was killed, it goes on with whole chunks."""

from __future__ import annotations

import json

import pytest

from gridmap.errors import ConflictError
from gridmap.operations.parts import Part

MADE_OF = {"input file": "abc", "column": "地址"}
CHUNKS = [b"head\nrow 1\n", "第二行\n".encode(), b"row 3\nrow 4\n"]


def written(folder, chunks=CHUNKS, made_of=MADE_OF):
    """The files of a part into which the chunks were written, and its output."""
    output = folder / "out.csv"
    with Part.held(output, made_of) as part:
        for chunk in chunks:
            part.add(chunk, {"rows": 1})
    return folder / "out.csv.part", folder / "out.csv.part.jsonl", output


def resumed(output, made_of=MADE_OF):
    """(chunks that are done, why what stood there was refused, bytes) when it is opened again."""
    with Part.held(output, made_of) as part:
        done, refused = part.done["rows"], part.refused
    return done, refused, part.path.read_bytes()


def test_chunks_are_kept_and_gone_on_with(tmp_path):
    data, _, output = written(tmp_path, CHUNKS[:2])
    assert resumed(output) == (2, None, b"".join(CHUNKS[:2]))
    with Part.held(output, MADE_OF) as part:
        part.add(CHUNKS[2], {"rows": 1, "answered": 5})
        assert (part.done["rows"], part.done["answered"]) == (3, 5)
        part.publish()
    assert output.read_bytes() == b"".join(CHUNKS)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert not data.exists()


def test_wherever_the_data_were_torn_whole_chunks_are_left(tmp_path):
    data, journal, output = written(tmp_path)
    whole, told = data.read_bytes(), journal.read_bytes()
    ends = [0, *(sum(map(len, CHUNKS[: n + 1])) for n in range(len(CHUNKS)))]
    for length in range(len(whole) + 1):
        data.write_bytes(whole[:length])
        journal.write_bytes(told)
        done = max(n for n, end in enumerate(ends) if end <= length)
        assert resumed(output) == (done, None, whole[: ends[done]])
    data.write_bytes(whole + b"a line that was torn while it was wri")
    journal.write_bytes(told)
    assert resumed(output) == (3, None, whole)


def test_wherever_the_journal_was_torn_whole_chunks_are_left(tmp_path):
    data, journal, output = written(tmp_path)
    whole, told = data.read_bytes(), journal.read_bytes()
    first = told.index(b"\n") + 1
    for length in range(first, len(told) + 1):
        data.write_bytes(whole)
        journal.write_bytes(told[:length])
        done, refused, kept = resumed(output)
        assert kept == whole[: len(b"".join(CHUNKS[:done]))]
        assert done == told[:length].count(b"\n") - 1
        assert refused is None
    # The first line is written before any chunk.
    for length in range(first):
        data.write_bytes(b"")
        journal.write_bytes(told[:length])
        assert resumed(output) == (0, None, b"")


def test_a_part_that_somebody_changed_is_not_gone_on_with(tmp_path):
    data, _, output = written(tmp_path)
    data.write_bytes(data.read_bytes().replace(b"row 3", b"row 9"))
    assert resumed(output) == (2, None, b"".join(CHUNKS[:2]))


@pytest.mark.parametrize("name", MADE_OF)
def test_a_part_made_of_something_else_is_begun_anew_and_says_why(tmp_path, name):
    _, journal, output = written(tmp_path)
    changed = {**MADE_OF, name: "other"}
    assert resumed(output, changed) == (0, f"the {name} has changed", b"")
    assert json.loads(journal.read_text(encoding="utf-8")) == changed


def test_two_writers_do_not_mix(tmp_path):
    with (
        Part.held(tmp_path / "out.csv", MADE_OF),
        pytest.raises(ConflictError, match="another process"),
        Part.held(tmp_path / "out.csv", MADE_OF),
    ):
        raise AssertionError("unreached")


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("out.csv.part", {"out.csv.part": "mine"}),
        ("out.csv.whole", {"out.csv.whole": "mine"}),
        ("out.csv.part.jsonl", {"out.csv.part.jsonl": "mine"}),
        ("out.csv.part.jsonl", {"out.csv.part.jsonl": '{"n": 1}\n{"n": 2}\n'}),
        ("out.csv.part", {"out.csv.part": "mine", "out.csv.part.jsonl": ""}),
        ("out.csv.part", {"out.csv.part": "mine", "out.csv.part.jsonl": '{"input fi'}),
        ("out.csv.part", {"out.csv.part": "mine", "out.csv.part.jsonl": '{"n": 1}\n'}),
    ],
)
def test_a_file_that_bears_the_name_by_chance_is_left_alone(tmp_path, name, before):
    for path, text in before.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    with (
        pytest.raises(ConflictError, match=f"{name} exists already and is of no earlier run: move it away"),
        Part.held(tmp_path / "out.csv", MADE_OF),
    ):
        raise AssertionError("unreached")
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["out.csv.part", "out.csv.part.jsonl", "out.csv.whole"])
@pytest.mark.parametrize("kind", ["link", "folder"])
def test_neither_a_link_nor_a_folder_is_taken_for_a_part(tmp_path, name, kind):
    if kind == "link":
        (tmp_path / name).symlink_to("elsewhere")
    else:
        (tmp_path / name).mkdir()
    with (
        pytest.raises(ConflictError, match=f"{name} exists already"),
        Part.held(tmp_path / "out.csv", MADE_OF),
    ):
        raise AssertionError("unreached")
    assert [path.name for path in tmp_path.iterdir()] == [name]

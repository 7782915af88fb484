"""The queue of objects: lists as people have them, where it stands, and what was done in a day."""

import base64
import csv
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tetherlight.errors import (
    NotInstalled,
    ObjectConflict,
    ObjectListInvalid,
    ObjectNotFound,
    PreviewFailed,
    StoreError,
)
from tetherlight.objects.book import ObjectBook
from tetherlight.objects.codes import read as read_codes
from tetherlight.objects.journal import MOST_BYTES, Entry, Journal, local_day
from tetherlight.objects.lists import decoded, read_list
from tetherlight.objects.queue import Queue
from tetherlight.objects.tables import csv_of
from tetherlight.protocol import objects as table
from tetherlight.protocol.objects import MOST_OBJECTS, NextObject, QueuedObject, SelectObject
from tetherlight.rig.rig import Rig
from tetherlight.settings import Settings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def numbers(text: str) -> list[tuple[str, str | None]]:
    return [(one.catalogue_number, one.name) for one in read_list(text).objects]


def queue(*names: str, current: str | None = None) -> Queue:
    return Queue(tuple(QueuedObject(catalogue_number=name) for name in names), current)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1923.41\r\n\r\n 1923.42 \n", [("1923.41", None), ("1923.42", None)]),
        ("number;name\n1;Vase, blue\n2;\n", [("1", "Vase, blue"), ("2", None)]),
        ('\ufeffTitle,Inventory No.\nVase,"7,5"\n', [("7,5", "Vase")]),
        ("a\tVase\nb\tBowl", [("a", "Vase"), ("b", "Bowl")]),
        ("1923/41, large\n../../etc\nx", [("1923/41, large", None), ("../../etc", None), ("x", None)]),
        ("Object\nA1", [("A1", None)]),
        ("", []),
    ],
    ids=[
        "lines",
        "semicolons",
        "header elsewhere",
        "pasted cells",
        "plain lines with signs",
        "header alone",
        "nothing",
    ],
)
def test_a_list_is_read_as_people_write_it(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert numbers(text) == expected


def test_lines_that_give_no_object_are_told_by_number_and_the_others_are_taken() -> None:
    long = "x" * 201
    text = f'number,name\n1,Vase\n1,Again\n,Nameless\n{long},Long\na\u200bb,Unseen\n2,{long}\n3,"two\nlines"\n4,Bowl\n'
    found = read_list(text, known={"4"})
    assert [one.catalogue_number for one in found.objects] == ["1"]
    told = [(one.line, one.message) for one in found.faults]
    assert [line for line, _ in told] == [3, 4, 5, 6, 7, 8, 10]
    words = ("already", "no catalogue number", "201 characters", "be seen", "name has 201", "quotation", "already")
    assert all(part in message for part, (_, message) in zip(words, told, strict=True))


def test_files_of_spreadsheets_are_understood_and_others_refused() -> None:
    for coding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert numbers(decoded("Nummer;Titel\n1;Schüssel".encode(coding))) == [("1", "Schüssel")]
    for content in (b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04\x14\0\xff", b"\xff\xfe\x00\xd8\x00", b"a,b\n" * 300_000):
        with pytest.raises(ObjectListInvalid):
            read_list(decoded(content))


def test_going_on_marks_the_current_object_and_finds_the_next_that_waits() -> None:
    begun = queue("a", "b", "c").went_on("done", None)
    assert (begun.number, begun.objects[0].state) == ("a", "waiting")
    second = begun.went_on("done", "a")
    with pytest.raises(ObjectConflict, match="'a' is not the current object: it is 'b'"):
        second.went_on("done", "a")
    third = second.with_states(["a"], "waiting").went_on("skipped", None)
    assert third.number == "c"
    assert third.following == QueuedObject(catalogue_number="a")
    last = third.went_on("done", None).went_on("done", None)
    assert (last.number, [one.state for one in last.objects]) == (None, ["done", "skipped", "done"])


def test_objects_are_added_moved_chosen_and_removed_by_number() -> None:
    added = queue("a", "b", current="a").selected(SelectObject(catalogue_number="x", name="Found", add=True))
    assert [one.catalogue_number for one in added.objects] == ["a", "x", "b"]
    assert added.number == "x"
    moved = added.moved("b", "a").moved("a", None)
    assert [one.catalogue_number for one in moved.objects] == ["b", "x", "a"]
    assert moved.with_states(["x"], "done").number is None
    assert moved.with_states(["x"], "done").selected(SelectObject(catalogue_number="x")).current == moved.current
    assert moved.without(["x"], None).number is None
    assert [one.catalogue_number for one in moved.with_states(["a"], "done").without(None, "done").objects] == [
        "b",
        "x",
    ]
    for change in (
        lambda: moved.selected(SelectObject(catalogue_number="y")),
        lambda: moved.moved("b", "y"),
        lambda: moved.without(["y"], None),
        lambda: moved.with_states(["y"], "done"),
    ):
        with pytest.raises(ObjectNotFound):
            change()
    with pytest.raises(ObjectListInvalid, match="5003"):
        moved.with_objects([QueuedObject(catalogue_number=str(one)) for one in range(MOST_OBJECTS)])


def test_the_queue_is_on_the_disk_before_it_is_said_to_be_changed(tmp_path: Path) -> None:
    book = ObjectBook(tmp_path)
    book.change(lambda _: queue("a", "1923/41", current="1923/41"))
    assert ObjectBook(tmp_path).read() == queue("a", "1923/41", current="1923/41")
    with pytest.raises(ObjectNotFound):
        book.change(lambda now: now.moved("a", "nothing"))
    assert book.read().number == "1923/41"
    assert [path.name for path in book.folder.iterdir()] == ["queue.json"]


def test_a_restored_queue_counts_at_once_and_one_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    book, other = ObjectBook(tmp_path), ObjectBook(tmp_path)
    book.change(lambda _: queue("a"))
    other.change(lambda _: queue("b"))
    assert book.read() == queue("b")
    for content in (b"{", b"\xff", b'{"tetherlight_objects": 2}', b'{"tetherlight_objects": 1, "current": "z"}'):
        (book.folder / "queue.json").write_bytes(content)
        with pytest.raises(StoreError, match="cannot be read"):
            book.read()
    book.change(lambda now: now.with_objects(queue("c").objects))
    assert book.read() == queue("c")
    assert next(book.folder.glob("queue-unreadable-*")).read_bytes() == content


async def test_where_one_left_off_survives_a_restart(tmp_path: Path) -> None:
    settings = Settings(min_free_bytes=0, state_dir=tmp_path / "state", captures_base_dir=tmp_path / "captures")
    async with Rig.open(settings) as rig:
        await rig.objects.import_list("a\nb\nc")
        await rig.objects.go_on(NextObject())
        left = await rig.objects.go_on(NextObject(state="skipped"))
    async with Rig.open(settings) as again:
        assert again.objects.number == "b"
        assert await again.objects.standing() == left
        assert [one.state for one in (await again.objects.list()).objects] == ["skipped", "waiting", "waiting"]
        report = await again.objects.report(None)
    assert [(one.catalogue_number, one.state) for one in report.objects] == [("a", "skipped"), ("b", "waiting")]


def entry(minutes: float, what: str, number: str = "a", **more: object) -> Entry:
    return Entry.model_validate(
        {"at": NOON + timedelta(minutes=minutes), "what": what, "catalogue_number": number, **more}
    )


def test_a_day_tells_each_objects_frames_retakes_and_minutes(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.keep([
        entry(0, "begin", name="Vase"), entry(1, "frame", job_id="1"), entry(2, "frame", job_id="1"),
        entry(3, "frame", job_id="1", retake=True), entry(5, "end", state="done"), entry(5, "begin", "b"),
        entry(7, "frame", "b"),
    ])  # fmt: skip
    journal.keep([entry(10, "frame", "by hand", job_id="2"), entry(11, "frame", "by hand", job_id="2")])
    journal.keep([entry(2 * 24 * 60, "frame", "later")])
    report = journal.report(local_day(NOON))
    told = [(one.catalogue_number, one.state, one.sets, one.frames, one.retakes, one.minutes) for one in report.objects]
    assert told == [("a", "done", 1, 2, 1, 5.0), ("b", "waiting", 0, 1, 0, 2.0), ("by hand", "waiting", 1, 2, 0, 1.0)]
    assert (report.objects[0].name, report.frames, report.retakes, report.minutes) == ("Vase", 5, 1, 8.0)
    assert not report.incomplete
    assert journal.report(local_day(NOON - timedelta(days=9))).objects == []


def test_a_cut_line_is_told_and_takes_no_other_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.keep([entry(0, "begin")])
    file = next(journal.folder.iterdir())
    file.write_bytes(file.read_bytes() + b'{"at": "2026-')
    journal.keep([entry(1, "frame")])
    report = journal.report(local_day(NOON))
    assert (report.frames, report.incomplete) == (1, True)
    file.write_bytes(b"x" * MOST_BYTES)
    with pytest.raises(StoreError, match="full"):
        journal.keep([entry(2, "frame")])


def test_no_cell_of_a_report_is_computed_by_a_spreadsheet(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", '"quoted", comma']
    journal.keep([entry(0, "frame", number, name=f"={number}") for number in evil])
    rows = list(csv.reader(io.StringIO(csv_of(journal.report(local_day(NOON))))))
    assert [row[1] for row in rows[1:]] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", '"quoted", comma']
    assert all(row[2].startswith("'=") for row in rows[1:])
    assert rows[0][5:8] == ["frames", "retakes", "minutes"]


def test_without_the_library_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    with pytest.raises(NotInstalled, match="'zxingcpp' is needed") as refused:
        read_codes(None, "")
    assert "tetherlight[barcode]" in (refused.value.hint or "")


def test_a_picture_that_cannot_be_read_is_told() -> None:
    with pytest.raises(PreviewFailed):
        read_codes(None, base64.b64encode(b"\xff\xd8\xff no picture").decode())


def test_a_list_of_the_most_objects_fits_where_it_is_kept_and_told() -> None:
    longest = [{"catalogue_number": f"{place:05d}" + "x" * 195, "name": "y" * 200} for place in range(MOST_OBJECTS)]
    assert len(json.dumps(longest)) < 8_000_000
    assert table.ImportObjects.model_fields["text"].metadata[0].max_length == table.MOST_TEXT

"""Templates of names: checked with a sentence, and whatever passes gives names that any disk takes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.store_world import all_sets
from tetherlight.errors import InvalidName
from tetherlight.naming.rules import composed, is_of_letters, is_reserved, timestamp
from tetherlight.naming.templates import (
    DEFAULT_TEMPLATES,
    MAX_RENDERED,
    WORDS,
    Kind,
    Subject,
    Template,
    number_text,
    words_of,
)
from tetherlight.settings import Settings
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 13, 14, 15, tzinfo=UTC)
DAY, TIME = timestamp(NOW).split("-")
CANON = Subject(
    model="Canon EOS Rebel T6", serial="062071001234", camera_id="canon-1", prefix="vase", catalogue_number="19/23 41"
)
EVERYTHING = "{prefix}_{catalogue_number}_{date}_{time}_{number}_{model}_{serial}_{camera_id}"


def capture(text: str, subject: Subject = CANON, number: int = 1) -> str:
    return Template.parse(text, "capture").render(subject, NOW, number)


def image_set(text: str, subject: Subject = CANON, number: int = 1) -> str:
    return Template.parse(text, "set").render(subject, NOW, number)


def test_the_default_names_are_those_of_old() -> None:
    """Nothing changes for those who set nothing."""
    assert DEFAULT_TEMPLATES.capture.render(CANON, NOW) == f"image_Canon_EOS_Rebel_T6_{timestamp(NOW)}"
    assert DEFAULT_TEMPLATES.set.render(CANON, NOW) == f"vase_{timestamp(NOW)}"
    longest = Subject(model="M" * 300, prefix="p" * 100)
    assert DEFAULT_TEMPLATES.capture.render(longest, NOW) == f"image_{'M' * 100}_{timestamp(NOW)}"
    assert DEFAULT_TEMPLATES.set.render(longest, NOW) == f"{'p' * 100}_{timestamp(NOW)}"


def test_each_placeholder_gives_what_it_says() -> None:
    assert image_set(EVERYTHING, number=7) == (
        f"vase_19_23_41_{DAY}_{TIME}_0007_Canon_EOS_Rebel_T6_062071001234_canon-1"
    )


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{prefix}_{catalogue_number}_{date}", f"vase_{DAY}"),
        ("{catalogue_number}_{prefix}_{date}", f"vase_{DAY}"),
        ("{prefix}_{date}_{catalogue_number}", f"vase_{DAY}"),
        ("{prefix}-{date}{catalogue_number}", f"vase-{DAY}"),
        ("{prefix}_{date}_no{catalogue_number}x", f"vase_{DAY}_nox"),
    ],
)
def test_a_missing_catalogue_number_takes_one_separator_with_it(template: str, name: str) -> None:
    assert image_set(template, Subject(prefix="vase")) == name


def test_a_camera_without_a_serial_number_has_a_word_instead() -> None:
    """Else all its captures would have an empty name."""
    assert capture("{serial}", Subject(model="X")) == "no-serial"


@pytest.mark.parametrize(("number", "text"), [(1, "0001"), (9999, "9999"), (10000, "10000")])
def test_a_number_has_four_digits_or_more(number: int, text: str) -> None:
    assert capture("{number}", number=number) == text


def test_spaces_become_underscores_and_a_dot_never_begins_a_name() -> None:
    """A name with a dot in front would be hidden."""
    assert capture("my rig {number}") == "my_rig_0001"
    assert capture("{camera_id}.{number}", Subject(camera_id=".x")) == "_x.0001"


def test_long_texts_are_cut_and_numbers_are_not() -> None:
    long = Subject("M" * 200, "s" * 200, "c" * 200, "p" * 100, "n" * 200)
    name = image_set(EVERYTHING, long, number=12345)
    assert len(name) <= MAX_RENDERED
    assert f"_{DAY}_{TIME}_12345_MM" in name


@pytest.mark.parametrize(
    ("kind", "template", "sentence"),
    [
        ("capture", "", "The capture template is empty."),
        ("capture", "{date", "The capture template '{date' has a brace without its partner."),
        ("capture", "date}", "The capture template 'date}' has a brace without its partner."),
        ("capture", "{{date}}", "The capture template '{{date}}' has a brace without its partner."),
        ("capture", "{date}_{date}", "The placeholder {date} stands twice in the capture template."),
        ("capture", "{number}.jpg", "The capture template ends with '.jpg'; the camera gives the extension by itself."),
        ("set", "{date}", "The set template must hold {prefix}, and {date} or {number}."),
        ("set", "{prefix}_{time}", "The set template must hold {prefix}, and {date} or {number}."),
        ("set", "{prefix}" + "x" * 101 + "{date}",
         "The set template is too long: 100 characters are allowed besides its placeholders."),
    ],
)  # fmt: skip
def test_a_template_that_cannot_be_used_is_refused_in_one_sentence(kind: Kind, template: str, sentence: str) -> None:
    with pytest.raises(InvalidName) as caught:
        Template.parse(template, kind)
    assert str(caught.value) == sentence


BAD = ["a/{date}", "../{date}", ".{date}", "{date}\\x", "{date}\n", "\u0308{date}", "{date}:", "a\0", "{date}\u200b"]


@pytest.mark.parametrize("template", BAD)
def test_what_no_file_name_may_hold_is_refused(template: str) -> None:
    with pytest.raises(InvalidName, match="may hold, besides placeholders in braces, only letters"):
        Template.parse(template, "capture")


@pytest.mark.parametrize("word", ["", "Date", "date:%Y", "foo", "prefix", "../x"])
def test_an_unknown_placeholder_is_named_with_those_that_are_known(word: str) -> None:
    """Those of sets are unknown to captures."""
    with pytest.raises(InvalidName) as caught:
        Template.parse(f"{{{word}}}_{{date}}", "capture")
    assert str(caught.value) == (
        f"There is no placeholder '{{{word}}}' for a capture template; there are "
        "{catalogue_number}, {date}, {time}, {number}, {model}, {serial}, {camera_id}."
    )
    assert caught.value.details == {"placeholders": words_of("capture")}


pieces = st.one_of(
    st.sampled_from([f"{{{word}}}" for word in WORDS]), st.sampled_from(list("_-. .{}/ax9")), st.text(max_size=5)
)
subjects = st.builds(
    Subject, model=st.text(), serial=st.none() | st.text(), camera_id=st.text(),
    prefix=st.from_regex(r"[\w-][\w.-]{0,99}", fullmatch=True).filter(is_of_letters).map(composed),
    catalogue_number=st.none() | st.text(),
)  # fmt: skip
moments = st.datetimes(datetime(1980, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@settings(deadline=None)
@given(
    kind=st.sampled_from(["capture", "set"]), parts=st.lists(pieces, max_size=12), subject=subjects,
    when=moments, number=st.integers(1, 10**6),
)  # fmt: skip
def test_any_template_is_refused_or_gives_good_names(
    kind: Kind, parts: list[str], subject: Subject, when: datetime, number: int
) -> None:
    """Whatever people type and cameras call themselves; and a number is found again in the name that holds it."""
    text = "".join(parts)
    try:
        template = Template.parse(text, kind)
    except InvalidName:
        return
    name = template.render(subject, when, number)
    assert is_of_letters(name)
    assert not name.startswith((".", "-"))
    assert not name.endswith(".")
    assert not is_reserved(name)
    assert name == composed(name)
    assert 0 < len(name.encode()) <= MAX_RENDERED
    if template.counts:
        assert number_text(number) in name
        before = template.render(subject, when, 99_999)
        for found in (name, f"{name}-2", f"{name}.jpg", f"{name}-3_2.cr2"):
            assert template.next_number([before, found], subject) == max(number, 99_999) + 1
        small = template.render(subject, when, number % 99_999)
        assert template.next_number([small], subject) == number % 99_999 + 1


def test_numbers_go_on_from_the_highest_of_otherwise_equal_names() -> None:
    """Another day is the same row of numbers; another camera, another object, and names of other templates are not."""
    template = Template.parse("{prefix}_{date}-{number}", "set")
    names = ["vase_20260101-0041", "vase_20260102-0007-2", "cup_20260101-0099", "vase_0500", "vase_20260101-0050x"]
    assert template.next_number(names, CANON) == 42
    assert template.next_number([], CANON) == 1


def test_the_time_of_day_is_no_number() -> None:
    """Sets with names of old lie in the same folder, and a million is no good start."""
    template = Template.parse("{prefix}_{date}-{number}", "set")
    assert template.next_number([f"vase_{timestamp(NOW)}", f"vase_{timestamp(NOW)}-2"], CANON) == 1


def test_a_number_goes_on_beyond_99_999() -> None:
    """A year of time lapse: nothing begins again at 99,999, nor at a number that could be a time of day."""
    for text, before in (("obj_{number}", "obj_"), ("{date}-{number}", f"{DAY}-")):
        template = Template.parse(text, "capture")
        for last in (99_998, 99_999, 100_000, 131_415, 240_000, 1_000_000):
            names = [f"{before}{number}.jpg" for number in (99_999, last) if number <= last]
            assert template.next_number(names, CANON) == last + 1


def test_letters_of_any_script_stay_in_names_and_are_composed() -> None:
    """What people call their objects, cameras and templates; typed on any system it is the same file."""
    subject = Subject(camera_id="größe-1", prefix="größe", catalogue_number="日本/41")
    assert image_set("{prefix}_{catalogue_number}_{date}", subject) == f"größe_日本_41_{DAY}"
    assert capture("Übung {camera_id} {number}", subject) == "Übung_größe-1_0001"
    assert capture("U\u0308bung_{number}") == "Übung_0001"


def test_long_texts_of_any_script_are_cut_to_the_bytes_of_a_file_name() -> None:
    name = image_set(EVERYTHING, Subject("写" * 90, "真" * 90, "c" * 90, "日" * 66, "本" * 90), number=12345)
    assert len(name.encode()) <= MAX_RENDERED
    assert f"_{DAY}_{TIME}_12345_写" in name


@pytest.mark.parametrize(
    ("template", "subject", "name"),
    [
        ("-{number}", CANON, "_0001"),
        ("{camera_id}_{number}", Subject(camera_id="-rf"), "_rf_0001"),
        ("{number}_{serial}", Subject(serial="7."), "0001_7_"),
        ("{serial}", Subject(serial="CON"), "_CON"),
        ("{serial}.{number}", Subject(serial="nul"), "_nul.0001"),
        ("{serial}{number}", Subject(serial="COM"), "COM0001"),
    ],
)  # fmt: skip
def test_no_name_means_something_else_on_another_system(template: str, subject: Subject, name: str) -> None:
    """An option of a command, a device, or a name without its last dot."""
    assert capture(template, subject) == name
    parsed = Template.parse(template, "capture")
    if parsed.counts:
        assert parsed.next_number([f"{name}.jpg"], subject) == 2


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    made = Store(Settings(min_free_bytes=0), DEFAULT_TEMPLATES.changed("{serial}_{number}", "{prefix}_{number}"))
    made.prepare()
    return made


def test_numbers_of_captures_under_way_are_not_given_twice(store: Store, tmp_path: Path) -> None:
    """A number is free again where its capture failed, and taken where its file is there."""
    folder, first = store.image_stem(CANON, NOW)
    assert (folder, first) == (tmp_path / "captures", "062071001234_0001")
    assert store.image_stem(CANON, NOW)[1] == "062071001234_0002"
    (folder / f"{first}.jpg").touch()
    store.stems.give_back(first)
    store.stems.give_back("062071001234_0002")
    assert store.image_stem(CANON, NOW)[1] == "062071001234_0002"


def test_numbers_go_on_after_a_restart_and_count_deleted_sets(store: Store) -> None:
    """A set that is brought back finds its name free."""
    assert [store.create_set("vase", NOW).name for _ in range(3)] == ["vase_0001", "vase_0002", "vase_0003"]
    store.sets.delete("vase_0003")
    store.close()
    again = Store(Settings(min_free_bytes=0), store.templates)
    again.prepare()
    assert again.create_set("vase", NOW).name == "vase_0004"
    assert again.create_set("cup", NOW).name == "cup_0001"
    again.sets.restore("vase_0003")
    again.close()


def test_a_set_whose_name_holds_no_moment_was_made_when_its_manifest_or_its_folder_says(store: Store) -> None:
    """Lists are sorted by it."""
    before = datetime.now(UTC).timestamp()
    store.create_set("vase", NOW)
    (listed,) = all_sets(store)
    assert listed.created_at is not None
    assert abs(listed.created_at.timestamp() - before) < 3600


def test_examples_are_what_would_be_and_take_nothing(store: Store) -> None:
    store.create_set("vase", NOW)
    for _ in range(2):
        assert store.example_names(store.templates, CANON, NOW) == ("062071001234_0001", "vase_0002")


def test_ten_thousand_files_are_counted(store: Store) -> None:
    """Names are read from the folder each time; nothing about them has to be remembered."""
    folder, _ = store.image_stem(CANON, NOW)
    for number in range(1, 10_001):
        (folder / f"062071001234_{number_text(number)}.jpg").touch()
    assert store.image_stem(CANON, NOW)[1] == "062071001234_10001"

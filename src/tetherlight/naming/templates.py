"""Templates of names: how captures and sets are called, as people want it.

Pure: a template is text with placeholders in braces; it is checked once and then gives a name for each moment and
subject. What makes names unique is not here: whoever makes the file adds `-2`, `-3` where a name is taken.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal, Protocol, Self

from tetherlight.errors import InvalidName
from tetherlight.files.types import is_image
from tetherlight.naming.rules import (
    DEFAULT_PREFIX,
    MAX_LENGTH,
    composed,
    cut,
    in_name,
    is_of_letters,
    is_reserved,
    length_on_disk,
    model_in_name,
    shown,
)

Kind = Literal["capture", "set"]
NO_SERIAL = "no-serial"
FIRST = 1

MAX_RENDERED = 200
"""Bytes of a name that a template gives: with a suffix and an extension it stays below the 255 of a file name."""

_PART = re.compile(r"\{([^{}]*)\}")
_COUNTED = r"(\d{4}|[1-9]\d{4,17})"
"""A number as names hold it; one of six digits may also be a time of day."""
_TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d", re.ASCII)
_LAST_BEFORE_TIMES = 99_999
_BEHIND = r"(?:-\d+)?(?:_\d+)?(?:\.[A-Za-z0-9]+)?"
"""What stands behind a stem: the number of a second one of this name, of a second file, the extension."""
_SEPARATORS = ("_", "-", ".")
_ROOM_FOR_DIGITS = 8 + 6 + 10
"""Characters of date, time and number."""


@dataclass(frozen=True)
class Word:
    """A placeholder: what it stands for, and in which templates it may stand."""

    meaning: str
    used_in: tuple[Kind, ...] = ("capture", "set")


WORDS: Mapping[str, Word] = MappingProxyType(
    {
        "prefix": Word("The beginning that was asked for with the set", ("set",)),
        "catalogue_number": Word("What the object is listed under; nothing where that is not known"),
        "date": Word("Day of the exposure, in local time"),
        "time": Word("Hour, minute and second of the exposure, in local time"),
        "number": Word("Counts on from the highest number there is among names that else are the same"),
        "model": Word("What the camera calls itself"),
        "serial": Word("Serial number of the camera"),
        "camera_id": Word("Short name of the camera, as GET_CAMERAS tells it"),
    }
)
"""Every placeholder, in the order in which they are shown."""

_MOMENTS: Mapping[str, tuple[str, str]] = MappingProxyType({"date": ("%Y%m%d", r"\d{8}"), "time": ("%H%M%S", r"\d{6}")})
"""How a moment is written, and how it is found again: names that differ only in it are counted together."""


class Known(Protocol):
    """What names tell of a camera."""

    @property
    def model(self) -> str:
        """Its maker's name for it."""

    @property
    def serial(self) -> str | None:
        """Its own number."""

    @property
    def camera_id(self) -> str:
        """What it is called in messages."""


@dataclass(frozen=True)
class Subject:
    """What a name can tell of what is captured."""

    model: str = ""
    serial: str | None = None
    camera_id: str = ""
    prefix: str = DEFAULT_PREFIX
    catalogue_number: str | None = None

    @classmethod
    def of(cls, camera: Known) -> Self:
        """Return what is captured with a camera, as long as nothing else is known of it."""
        return cls(model=camera.model, serial=camera.serial, camera_id=camera.camera_id)

    def texts(self) -> dict[str, str]:
        """Return the texts of the placeholders that are no moment and no number, fit for file names."""
        return {
            "prefix": self.prefix,
            "catalogue_number": in_name((self.catalogue_number or "").strip()),
            "model": model_in_name(self.model),
            "serial": in_name((self.serial or "").strip()) or NO_SERIAL,
            "camera_id": in_name(self.camera_id.strip()) or "camera",
        }


@dataclass(frozen=True)
class Template:
    """A template that was checked."""

    text: str
    kind: Kind
    parts: tuple[tuple[str, str], ...] = field(repr=False)
    """Plain text, each piece with the placeholder that follows it; none behind the last one."""

    @classmethod
    def parse(cls, text: str, kind: Kind) -> Self:
        """Check a template; raise InvalidName with one sentence that says what is wrong."""
        pieces = _PART.split(composed(text))
        plain, words = pieces[::2], pieces[1::2]
        if any(brace in piece for piece in plain for brace in "{}"):
            raise InvalidName(f"The {kind} template '{shown(text)}' has a brace without its partner.")
        _check_words(words, kind)
        _check_plain(text, plain, kind)
        return cls(text, kind, tuple(zip((piece.replace(" ", "_") for piece in plain), [*words, ""], strict=True)))

    @property
    def counts(self) -> bool:
        """Whether names of this template hold a number."""
        return any(word == "number" for _, word in self.parts)

    @property
    def _has_day(self) -> bool:
        return any(word == "date" for _, word in self.parts)

    def render(self, subject: Subject, when: datetime, number: int = FIRST) -> str:
        """Return the name, at most MAX_RENDERED characters long: long texts are cut where it needs that."""
        values = moment_texts(when) | {"number": number_text(number)}
        return "".join(values[text] if varies else text for text, varies in self._filled(subject))

    def next_number(self, names: Iterable[str], subject: Subject) -> int:
        """Return one more than the highest number in names that differ from this one only in number and moment.

        The names may be stems, or those of files with their extensions. Where the day stands in them, six digits that
        can be a time of day are one, in names of another template, until the numbers have come that far.
        """
        patterns = {word: digits for word, (_, digits) in _MOMENTS.items()} | {"number": _COUNTED}
        wanted = "".join(patterns[text] if varies else re.escape(text) for text, varies in self._filled(subject))
        pattern = re.compile(wanted + _BEHIND, re.ASCII)
        found = [match[1] for name in names if (match := pattern.fullmatch(name)) is not None]
        times = [text for text in found if self._has_day and _TIME_OF_DAY.fullmatch(text)]
        highest = max((int(text) for text in found if text not in times), default=FIRST - 1)
        if highest >= _LAST_BEFORE_TIMES:
            highest = max([highest, *map(int, times)])
        return highest + 1

    def _filled(self, subject: Subject) -> list[tuple[str, bool]]:
        """Return the name's pieces in order: texts, and the placeholders that vary from name to name.

        No system and no command line takes what the texts give for something else than a name.
        """
        pieces = list(self._pieces(subject))
        last, varies = pieces[-1]
        if not varies and last.endswith("."):
            pieces[-1] = (f"{last[:-1]}_", False)
        first, varies = pieces[0]
        if not varies and first.startswith((".", "-")):
            pieces[0] = (f"_{first[1:]}", False)
        if is_reserved("".join("0000" if varies else text for text, varies in pieces)):
            pieces.insert(0, ("_", False))
        return pieces

    def _pieces(self, subject: Subject) -> Iterator[tuple[str, bool]]:
        texts = self._texts(subject)
        missing = False
        for index, (plain, word) in enumerate(self.parts):
            # A text that is not there takes one separator with it.
            piece = plain[1:] if missing and plain[:1] in _SEPARATORS else plain
            missing = texts.get(word) == ""
            if missing and index == len(self.parts) - 2 and not self.parts[-1][0] and piece[-1:] in _SEPARATORS:
                piece = piece[:-1]
            for text in (piece, texts.get(word, "")):
                if text:
                    yield text, False
            if word and word not in texts:
                yield word, True

    def _texts(self, subject: Subject) -> dict[str, str]:
        """Return the subject's texts that this template holds, cut so that the name does not become too long."""
        used = {word for _, word in self.parts}
        texts = {word: text for word, text in subject.texts().items() if word in used}
        room = MAX_RENDERED - sum(length_on_disk(plain) for plain, _ in self.parts) - _ROOM_FOR_DIGITS
        if sum(map(length_on_disk, texts.values())) <= room:
            return texts
        return {word: cut(text, room // len(texts)) for word, text in texts.items()}


def moment_texts(when: datetime) -> dict[str, str]:
    """Return the placeholders of a moment as names hold them, in local time."""
    local = when.astimezone()
    return {word: local.strftime(spelling) for word, (spelling, _) in _MOMENTS.items()}


def number_text(number: int) -> str:
    """Return a number as names hold it."""
    return f"{number:04d}"


def words_of(kind: Kind) -> list[str]:
    """Return the placeholders that may stand in such a template."""
    return [name for name, word in WORDS.items() if kind in word.used_in]


def _check_words(words: list[str], kind: Kind) -> None:
    known = words_of(kind)
    for word in words:
        if word not in known:
            listed = ", ".join(f"{{{name}}}" for name in known)
            raise InvalidName(
                f"There is no placeholder '{{{shown(word)}}}' for a {kind} template; there are {listed}.",
                details={"placeholders": known},
            )
        if words.count(word) > 1:
            raise InvalidName(f"The placeholder {{{word}}} stands twice in the {kind} template.")
    if kind == "capture" and set(words) <= {"catalogue_number"} and words:
        raise InvalidName(
            "The capture template needs another placeholder beside {catalogue_number}, which may be nothing."
        )
    if kind == "set" and not ("prefix" in words and {"date", "number"} & set(words)):
        raise InvalidName("The set template must hold {prefix}, and {date} or {number}.")


def _check_plain(text: str, plain: list[str], kind: Kind) -> None:
    if not text:
        raise InvalidName(f"The {kind} template is empty.")
    if sum(map(length_on_disk, plain)) > MAX_LENGTH:
        raise InvalidName(
            f"The {kind} template is too long: {MAX_LENGTH} characters are allowed besides its placeholders."
        )
    if plain[0].startswith(".") or not all(is_of_letters(piece.replace(" ", "_")) for piece in plain):
        raise InvalidName(
            f"The {kind} template '{shown(text)}' may hold, besides placeholders in braces, only letters, digits, "
            "spaces, '-', '_' and '.', and not begin with '.'."
        )
    if is_image(text):
        raise InvalidName(
            f"The {kind} template ends with '{text[text.rindex('.') :]}'; the camera gives the extension by itself."
        )


@dataclass(frozen=True)
class Templates:
    """How captures and sets are called."""

    capture: Template
    set: Template

    def changed(self, capture: str | None, set_: str | None) -> "Templates":
        """Return the templates with those that are given in place of the old ones; raise InvalidName."""
        return Templates(
            self.capture if capture is None else Template.parse(capture, "capture"),
            self.set if set_ is None else Template.parse(set_, "set"),
        )


DEFAULT_TEMPLATES = Templates(
    Template.parse("image_{model}_{date}-{time}", "capture"), Template.parse("{prefix}_{date}-{time}", "set")
)

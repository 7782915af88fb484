"""Lists of objects as people have them: CSV of any separator, with or without a header, or one number in a line.

Pure: from bytes or text to objects, and a sentence for each line that gives none.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tetherlight.errors import ObjectListInvalid
from tetherlight.protocol.objects import MOST_BYTES, MOST_NAME, MOST_NUMBER, ObjectFault, QueuedObject, readable

SEPARATORS = ("\t", ";", ",", "|")
"""In this order: a tab stands in no number, a comma in many titles."""
SAMPLE = 50
"""Lines by which the separator is found."""
NUMBER_WORDS = frozenset({
    "catalogue number", "catalogue no", "catalog number", "catalog no", "catalogue", "inventory number", "inventory no",
    "accession number", "accession no", "object number", "object no", "object id", "identifier", "number", "no", "id",
    "barcode", "inventarnummer", "inv nr", "katalognummer", "objektnummer", "signatur", "nummer", "numéro d'inventaire",
    "numéro", "número de inventario", "número",
})  # fmt: skip
TITLE_WORDS = frozenset({
    "title", "name", "object name", "object", "description", "label", "titel", "bezeichnung", "objekt", "beschreibung",
    "titre", "désignation", "título", "nombre",
})  # fmt: skip
ECHO = 80
BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
NO_TEXT = "The list is no text, but a file of another kind."


@dataclass(frozen=True)
class ReadList:
    """What a list gave."""

    objects: tuple[QueuedObject, ...]
    faults: tuple[ObjectFault, ...]


def decoded(content: bytes) -> str:
    """Return the text of a file as spreadsheets write it; raise ObjectListInvalid for what is too long or no text."""
    if len(content) > MOST_BYTES:
        raise ObjectListInvalid(f"The list has more than {MOST_BYTES // 1000} kB.", hint="Import it in parts.")
    coding = next((name for mark, name in BOMS if content.startswith(mark)), None)
    try:
        return content.decode(coding or "utf-8")
    except UnicodeDecodeError:
        if coding is not None or b"\0" in content:
            raise ObjectListInvalid(NO_TEXT, hint="Save it as CSV in UTF-8.") from None
        # What older spreadsheets call "CSV": signs that it does not have are lost in no case.
        return content.decode("cp1252", "replace")


def read_list(text: str, known: Collection[str] = ()) -> ReadList:
    """Read a list; `known` numbers are told as duplicates. Raise ObjectListInvalid for what is no list at all."""
    text = text.removeprefix("\ufeff")
    if any(sign < " " and sign not in "\t\r\n\f" for sign in text):
        raise ObjectListInvalid(NO_TEXT, hint="Save it as CSV in UTF-8.")
    rows = list(_rows(text, separator_of(text)))
    number, name, first = _columns(rows)
    taken, found, faults = set(known), list[QueuedObject](), list[ObjectFault]()
    for line, cells in rows[first:]:
        one, fault = _object(cells, number, name, taken)
        if one is not None:
            taken.add(one.catalogue_number)
            found.append(one)
        elif fault:
            faults.append(ObjectFault(line=line, text=" ".join(filter(None, cells))[:ECHO], message=fault))
    return ReadList(tuple(found), tuple(faults))


def separator_of(text: str) -> str | None:
    """Return what stands between the columns; None where each line is one number."""
    lines = [line for line in text.splitlines()[: 4 * SAMPLE] if line.strip()][:SAMPLE]
    for separator in SEPARATORS:
        rows = [cells for _, cells in _rows("\n".join(lines), separator)]
        several = sum(len(cells) > 1 for cells in rows)
        if several and (2 * several > len(rows) or _is_header(rows[0])):
            return separator
    return None


def _rows(text: str, separator: str | None) -> Iterator[tuple[int, list[str]]]:
    """Give each line that says something with its number, as cells without spaces around them."""
    rows = _plain_rows(text) if separator is None else _csv_rows(text, separator)
    yield from ((line, cells) for line, cells in rows if any(cells))


def _plain_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    for line, content in enumerate(text.splitlines(), start=1):
        yield line, [content.strip().strip('"')]


def _csv_rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise ObjectListInvalid(
                f"Line {line} of the list cannot be read: {error}.", hint="Is there a quotation mark without its end?"
            ) from None


def _columns(rows: Sequence[tuple[int, list[str]]]) -> tuple[int, int | None, int]:
    """Return where numbers and titles stand, and the first row that is an object."""
    if not rows or not _is_header(rows[0][1]):
        return 0, 1, 0
    words = [_word(cell) for cell in rows[0][1]]
    number = next((place for place, word in enumerate(words) if word in NUMBER_WORDS), 0)
    name = next((place for place, word in enumerate(words) if word in TITLE_WORDS and place != number), None)
    return number, name, 1


def _is_header(cells: Sequence[str]) -> bool:
    """Say whether cells are the names of columns, of which one is the number's."""
    words = [_word(cell) for cell in cells]
    alone = len(words) == 1 and words[0] in TITLE_WORDS
    return alone or any(word in NUMBER_WORDS for word in words)


def _word(cell: str) -> str:
    return " ".join(cell.casefold().replace("_", " ").replace(".", " ").strip(" :#").split())


def _object(
    cells: Sequence[str], number: int, name: int | None, taken: Collection[str]
) -> tuple[QueuedObject | None, str]:
    """Return the object of a row, or what is wrong with it."""
    wanted = cells[number] if number < len(cells) else ""
    called = cells[name] if name is not None and name < len(cells) else ""
    fault = _fault(wanted, called)
    if not fault and wanted in taken:
        fault = f"{wanted[:ECHO]} is in the queue already, or stands twice in the list."
    return (None, fault) if fault else (QueuedObject(catalogue_number=wanted, name=called or None), "")


def _fault(number: str, name: str) -> str:
    if not number:
        return "It has no catalogue number."
    for what, text, most in (("catalogue number", number, MOST_NUMBER), ("name", name, MOST_NAME)):
        if "\n" in text or "\r" in text:
            return f"The {what} goes over several lines; is there a quotation mark without its end?"
        if len(text) > most:
            return f"The {what} has {len(text)} characters; at most {most} are allowed."
        try:
            readable(text)
        except ValueError as error:
            return f"The {what} cannot be used: {error}."
    return ""

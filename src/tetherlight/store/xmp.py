"""Rating, notes, catalogue number and common exposure in XMP, which photo programs keep beside an image.

Pure: from bytes to values, and from bytes to bytes. Everything that other programs wrote stays: elements, attributes,
prefixes, comments. Source: ISO 16684-1; xmp:Rating is -1 for rejected, 0 for none, 1 to 5; dc:description is an
alternative of languages, of which x-default counts; dc:identifier is a plain text. No standard property says which
pictures several cameras took in one moment; tetherlight:ExposureID is ours.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

MAX_BYTES = 8_000_000
MAX_DEPTH = 100

_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP = "http://ns.adobe.com/xap/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"
_OWN = "urn:tetherlight:xmp:1"
_XML = "http://www.w3.org/XML/1998/namespace"
_DESCRIPTION = f"{{{_RDF}}}Description"
_RATING = f"{{{_XMP}}}Rating"
_NOTES = f"{{{_DC}}}description"
_EXPOSURE = f"{{{_OWN}}}ExposureID"
_IDENTIFIER = f"{{{_DC}}}identifier"
_ALT, _LI = f"{{{_RDF}}}Alt", f"{{{_RDF}}}li"
_LANGUAGE, _DEFAULT = f"{{{_XML}}}lang", "x-default"
_ABOUT = f"{{{_RDF}}}about"
_PREFIXES = ((_X, "x"), (_RDF, "rdf"), (_XMP, "xmp"), (_DC, "dc"), (_OWN, "tetherlight"))

_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EMPTY = f'<x:xmpmeta xmlns:x="{_X}"><rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>'


class BrokenXmp(ValueError):
    """A document that cannot be read, or is refused: how it is so, as the end of a sentence."""


@dataclass(frozen=True)
class Annotation:
    """What people noted about an image, and with which others it was taken in one moment."""

    rating: int | None = None
    """From -1 (reject) to 5; None where nobody rated it, which programs write as 0."""
    notes: str | None = None
    exposure_id: str | None = None


NOTHING = Annotation()


def is_xml_text(text: str) -> bool:
    """Say whether XML can carry every character of a text."""
    return _UNSPEAKABLE.search(text) is None


def read_annotation(content: bytes) -> Annotation:
    """Return what an XMP document says; raise BrokenXmp for one that is broken or refused."""
    root = _parsed(content, ET.XMLParser())  # noqa: S314 - documents with a DTD are refused before
    descriptions = _descriptions(root)
    rating = next((found for one in descriptions if (found := _value(one, _RATING)) is not None), None)
    notes = next((found for one in descriptions if (found := _notes(one)) is not None), None)
    exposure = next((found for one in descriptions if (found := _value(one, _EXPOSURE)) is not None), None)
    return Annotation(_rating(rating), notes or None, exposure or None)


def annotated(
    content: bytes | None,
    *,
    rating: int | None = None,
    notes: str | None = None,
    identifier: str | None = None,
    exposure_id: str | None = None,
) -> bytes | None:
    """Return an XMP document with what is given changed, None where nothing is left in it.

    A rating of 0 and the empty text remove; an identifier, the catalogue number of what is shown, is only added.
    Raise BrokenXmp for a document that is broken or refused.
    """
    keeper = _Keeper()
    parser = ET.XMLParser(target=keeper)  # noqa: S314 - documents with a DTD are refused before
    root = _parsed(_EMPTY.encode() if content is None else content, parser)
    if _depth(root) > MAX_DEPTH:
        raise BrokenXmp("it is nested too deeply")
    descriptions = _descriptions(root)
    if rating is not None:
        _set_rating(descriptions, rating)
    if notes is not None:
        _set_notes(descriptions, notes)
    if identifier:
        _set_identifier(descriptions, identifier)
    if exposure_id is not None:
        descriptions[0].set(_EXPOSURE, exposure_id)
    if _is_empty(root, descriptions):
        return None
    return keeper.document(root).encode()


class _Keeper(ET.TreeBuilder):
    """Builds the tree and keeps what a tree forgets: prefixes, comments, and what stands around the root."""

    def __init__(self) -> None:
        super().__init__(insert_comments=True, insert_pis=True)
        self._prefixes: dict[str, str] = {_XML: "xml"}
        self._open = 0
        self._before: list[str] = []
        self._after: list[str] = []
        self._outside = self._before

    def start_ns(self, prefix: str, uri: str) -> None:
        """Keep the first prefix of a namespace."""
        self._take(uri, prefix or "")

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        """Open an element."""
        self._open += 1
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        """Close an element; what follows the root stands outside again."""
        self._open -= 1
        self._outside = self._after
        return super().end(tag)

    def comment(self, text: str | None, /) -> Any:
        """Keep a comment."""
        if self._open:
            return super().comment(text)
        self._outside.append(f"<!--{text or ''}-->")
        return None

    def pi(self, target: str, text: str | None = None, /) -> Any:
        """Keep a processing instruction, such as the packet that XMP may stand in."""
        if self._open:
            return super().pi(target, text)
        self._outside.append(f"<?{target} {text or ''}?>")
        return None

    def document(self, root: ET.Element) -> str:
        """Write the tree with the prefixes that it had."""
        for uri, prefix in _PREFIXES:
            self._take(uri, prefix)
        body = "".join(_written(root, self._name))  # finds the last prefixes, which the root declares
        spaces = "".join(
            f' xmlns:{prefix}="{_attribute(uri)}"' for uri, prefix in self._prefixes.items() if uri != _XML
        )
        name = self._name(root.tag)
        body = f"<{name}{spaces}{body[len(name) + 1 :]}"
        return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *self._before, body, *self._after, ""])

    def _take(self, uri: str, prefix: str) -> None:
        taken = set(self._prefixes.values())
        if uri not in self._prefixes:
            numbered = (f"ns{number}" for number in range(1, len(taken) + 2))
            free = prefix if prefix and prefix not in taken else next(name for name in numbered if name not in taken)
            self._prefixes[uri] = free

    def _name(self, tag: str) -> str:
        if not tag.startswith("{"):
            return tag
        uri, _, local = tag[1:].partition("}")
        return f"{self._prefixes[uri]}:{local}"


def _parsed(content: bytes, parser: "ET.XMLParser[ET.Element]") -> ET.Element:
    if len(content) > MAX_BYTES:
        raise BrokenXmp(f"it has more than {MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenXmp("it is no UTF-8") from error
    # Entities can only be declared in a DTD, which XMP never has: neither bombs nor foreign files can be named.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BrokenXmp("it has a DTD, which XMP does not allow")
    try:
        parser.feed(text)
        return parser.close()
    except (ET.ParseError, ValueError) as error:
        raise BrokenXmp(f"it is no XML ({str(error)[:100]})") from error


def _descriptions(root: ET.Element) -> list[ET.Element]:
    """Return what describes the image: at least one element."""
    rdf = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
    if rdf is None:
        raise BrokenXmp("it is no XMP")
    found = rdf.findall(_DESCRIPTION)
    return found or [ET.SubElement(rdf, _DESCRIPTION, {_ABOUT: ""})]


def _is_empty(root: ET.Element, descriptions: list[ET.Element]) -> bool:
    """Say whether a document tells nothing: it has a root, RDF, and descriptions without properties."""
    bare = all(set(one.keys()) <= {_ABOUT} for one in descriptions)
    return bare and sum(1 for _ in root.iter()) <= 2 + len(descriptions)


def _value(description: ET.Element, name: str) -> str | None:
    """Return a simple property, which may be an attribute or an element."""
    if (attribute := description.get(name)) is not None:
        return attribute
    element = description.find(name)
    return None if element is None else element.text or ""


def _rating(text: str | None) -> int | None:
    try:
        number = float((text or "").strip())
    except ValueError:
        return None
    rounded = round(number) if -1 <= number <= 5 else 0
    return rounded or None


def _notes(description: ET.Element) -> str | None:
    element = description.find(_NOTES)
    if element is None:
        return description.get(_NOTES)
    languages = element.findall(f"{_ALT}/{_LI}")
    chosen = next((one for one in languages if one.get(_LANGUAGE) == _DEFAULT), languages[0] if languages else element)
    return chosen.text or ""


def _set_rating(descriptions: list[ET.Element], rating: int) -> None:
    place = next((one for one in descriptions if _value(one, _RATING) is not None), descriptions[0])
    for one in descriptions:
        one.attrib.pop(_RATING, None)
        _remove(one, one.findall(_RATING))
    if rating:
        place.set(_RATING, str(rating))


def _set_notes(descriptions: list[ET.Element], notes: str) -> None:
    for one in descriptions:
        one.attrib.pop(_NOTES, None)
    holders = [(one, element) for one in descriptions for element in one.findall(_NOTES)]
    for one, element in holders if not notes else holders[1:]:
        _remove(one, [element])
    if not notes:
        return
    element = holders[0][1] if holders else ET.SubElement(descriptions[0], _NOTES)
    alternatives = element.find(_ALT)
    if alternatives is None:
        element.clear()
        alternatives = ET.SubElement(element, _ALT)
    chosen = next((one for one in alternatives.findall(_LI) if one.get(_LANGUAGE) == _DEFAULT), None)
    if chosen is None:
        chosen = ET.Element(_LI, {_LANGUAGE: _DEFAULT})
        alternatives.insert(0, chosen)
    chosen.text = notes


def _set_identifier(descriptions: list[ET.Element], identifier: str) -> None:
    for one in descriptions:
        one.attrib.pop(_IDENTIFIER, None)
        _remove(one, one.findall(_IDENTIFIER))
    ET.SubElement(descriptions[0], _IDENTIFIER).text = identifier


def _remove(parent: ET.Element, children: list[ET.Element]) -> None:
    for child in children:
        parent.remove(child)


def _depth(root: ET.Element) -> int:
    level, depth = [root], 0
    while level:
        depth += 1
        level = [child for element in level for child in element]
    return depth


def _written(element: ET.Element, name_of: Callable[[str], str]) -> Iterator[str]:
    """Write an element and what is in it, its tail not."""
    kind: object = element.tag  # comments and instructions have a function there
    if kind is ET.Comment:
        yield f"<!--{element.text or ''}-->"
        return
    if kind is ET.ProcessingInstruction:
        yield f"<?{element.text or ''}?>"
        return
    name = name_of(element.tag)
    yield f"<{name}"
    for attribute, value in element.items():
        yield f' {name_of(attribute)}="{_attribute(value)}"'
    if element.text or len(element):
        yield f">{_text(element.text)}"
        for child in element:
            yield from _written(child, name_of)
            yield _text(child.tail)
        yield f"</{name}>"
    else:
        yield "/>"


def _text(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(text: str) -> str:
    return _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")

"""Rating and notes in XMP: what is written is read again, and nothing of other programs is lost."""

import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tetherlight.store.xmp import MAX_BYTES, Annotation, BrokenXmp, annotated, is_xml_text, read_annotation

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
DC = "http://purl.org/dc/elements/1.1/"

FOREIGN = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- written by another program -->
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Other 1.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
    xmlns:xap="http://ns.adobe.com/xap/1.0/" crs:Exposure2012="+0.35" crs:Text="two&#10;lines &amp; &quot;quotes&quot;">
   <!-- a curve --><?other keep me?>
   <xap:Rating>2</xap:Rating>
   <xap:Label>Red</xap:Label>
   <crs:ToneCurve><rdf:Seq><rdf:li>0, 0</rdf:li><rdf:li>255, 255</rdf:li></rdf:Seq></crs:ToneCurve>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="urn:unprefixed">
   <dc:description><rdf:Alt>
     <rdf:li xml:lang="x-default">old</rdf:li><rdf:li xml:lang="de">alt</rdf:li>
   </rdf:Alt></dc:description>
   <dc:subject><rdf:Bag><rdf:li>vase</rdf:li></rdf:Bag></dc:subject>
   <odd>5 &lt; 6</odd>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>""".encode()

TEXTS = st.text(max_size=60).filter(is_xml_text)
RATINGS = st.integers(min_value=-1, max_value=5)


def rest(content: bytes) -> list[object]:
    """Give everything of a document but rating and notes, in its order."""
    found: list[object] = []
    for element in ET.fromstring(content).iter():  # noqa: S314 - our own bytes
        if element.tag == f"{{{DC}}}description" or element.get("{http://www.w3.org/XML/1998/namespace}lang"):
            continue
        if element.tag not in {f"{{{XMP}}}Rating", f"{{{RDF}}}Alt"}:
            attributes = {name: value for name, value in element.items() if name != f"{{{XMP}}}Rating"}
            found.append((element.tag, (element.text or "").strip(), attributes))
    return found


@given(rating=RATINGS, notes=TEXTS)
def test_what_is_written_is_read_again(rating: int, notes: str) -> None:
    """Every rating and every text that XML can carry; 0 and the empty text are nothing."""
    content = annotated(None, rating=rating, notes=notes)
    expected = Annotation(rating or None, notes or None)
    assert (Annotation() if content is None else read_annotation(content)) == expected
    assert (content is None) == (expected == Annotation())


@given(first=st.tuples(RATINGS, TEXTS), rating=st.none() | RATINGS, notes=st.none() | TEXTS)
def test_only_what_is_given_changes(first: tuple[int, str], rating: int | None, notes: str | None) -> None:
    """The other one stays, in our own documents and in those of others."""
    before = annotated(FOREIGN, rating=first[0], notes=first[1])
    assert before is not None
    after = annotated(before, rating=rating, notes=notes)
    assert after is not None
    wanted = Annotation(
        (first[0] if rating is None else rating) or None, (first[1] if notes is None else notes) or None
    )
    assert read_annotation(after) == wanted
    assert rest(after) == rest(FOREIGN)
    assert annotated(after, rating=rating, notes=notes) == after


def test_everything_of_another_program_stays() -> None:
    """Its comments, instructions, prefixes, packet and other languages too."""
    assert read_annotation(FOREIGN) == Annotation(2, "old")
    content = annotated(FOREIGN, rating=-1, notes="new <&> \r\n\ttext")
    assert content is not None
    text = content.decode()
    assert read_annotation(content) == Annotation(-1, "new <&> \r\n\ttext")
    for piece in (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>', '<?xpacket end="w"?>', 'x:xmptk="Other 1.0"',
        "<!-- written by another program -->", "<!-- a curve -->", "<?other keep me?>", 'xap:Rating="-1"',
        "<xap:Label>Red</xap:Label>", 'crs:Exposure2012="+0.35"', '<rdf:li xml:lang="de">alt</rdf:li>',
        "two&#10;lines &amp; &quot;quotes&quot;", "5 &lt; 6",
    ):  # fmt: skip
        assert piece in text, piece
    assert "ns0:" not in text
    assert rest(content) == rest(FOREIGN)


def test_notes_that_are_removed_are_removed_in_every_language() -> None:
    """Else another language would take their place."""
    content = annotated(FOREIGN, rating=0, notes="")
    assert content is not None
    assert read_annotation(content) == Annotation()
    assert rest(content) == rest(FOREIGN)


@pytest.mark.parametrize(
    ("written", "read"),
    [("3", 3), ("-1", -1), ("0", None), ("4.0", 4), (" 5 ", 5), ("", None), ("many", None), ("6", None), ("-2", None),
     ("nan", None), ("inf", None), ("1e9", None)],
)  # fmt: skip
def test_ratings_of_other_programs_are_understood(written: str, read: int | None) -> None:
    """As an attribute or as an element; what is no rating is none."""
    head = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:xmp="{XMP}"><rdf:Description'
    attribute = f'{head} xmp:Rating="{written}"/></rdf:RDF>'
    element = f"{head}><xmp:Rating>{written}</xmp:Rating></rdf:Description></rdf:RDF>"
    for document in (attribute, element):
        assert read_annotation(document.encode()).rating == read


BOMB = (
    "<!DOCTYPE bomb [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{number} '{f'&a{number - 1};' * 10}'>" for number in range(1, 40))
    + f"]><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='{RDF}'>&a39;</rdf:RDF></x:xmpmeta>"
)
FILE = '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]><x>&file;</x>'
DEEP = f'<rdf:RDF xmlns:rdf="{RDF}">' + "<a>" * 50_000 + "</a>" * 50_000 + "</rdf:RDF>"


@pytest.mark.parametrize(
    "content",
    [b"", b"no XML", b"<a", b"<a></b>", b"<a/>", b"\xff\xfe\x00", b"\0", FOREIGN[:-300],
     FOREIGN.decode().encode("utf-16"), BOMB.encode(),
     FILE.encode(), BOMB.replace("'adobe:ns:meta/'", "''").encode(), b" " * (MAX_BYTES + 1),
     b"<x:xmpmeta/>", b"<a>&undeclared;</a>"],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_broken_and_dangerous_documents_are_refused(content: bytes) -> None:
    """Both for reading and for writing, with the same error."""
    with pytest.raises(BrokenXmp):
        read_annotation(content)
    with pytest.raises(BrokenXmp):
        annotated(content, rating=1)


def test_a_document_nested_without_end_is_not_written() -> None:
    """It is refused before recursion could end the thread."""
    with pytest.raises(BrokenXmp, match="nested"):
        annotated(DEEP.encode(), rating=1)
    assert read_annotation(DEEP.encode()) == Annotation()


def test_prefixes_are_nobody_elses_business() -> None:
    """Nothing is registered for the whole process."""
    code = (
        "from xml.etree import ElementTree as ET; before = dict(ET._namespace_map);"
        "from tetherlight.store.xmp import annotated; annotated(None, rating=1); assert ET._namespace_map == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_common_exposure_is_kept_beside_what_people_note() -> None:
    made = annotated(None, exposure_id="exposure-1")
    assert made is not None
    rated = annotated(made, rating=3)
    assert rated is not None
    assert read_annotation(rated) == Annotation(3, None, "exposure-1")
    again = annotated(rated, rating=0)
    assert again is not None
    assert read_annotation(again) == Annotation(exposure_id="exposure-1")
    assert b'xmlns:tetherlight="urn:tetherlight:xmp:1"' in again

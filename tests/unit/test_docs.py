"""What is public is documented, and what the documentation points at is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tetherlight.camera.usb import UDEV_RULE
from tetherlight.errors import error_classes
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.events import EVENTS
from tetherlight.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCES = ROOT / "src" / "tetherlight"
COMING = {"reconstruct"}
"""Rooms that are spoken of before they are there."""
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def by_hand() -> str:
    return "\n".join(page.read_text() for page in PAGES if page.parent.name != "reference")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not target.startswith(("http:", "https:")):
            path, _, anchor = target.partition("#")
            yield ((page.parent / path).resolve() if path else page), anchor


def anchors(page: Path) -> set[str]:
    text = page.read_text()
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Files and headings that a page points at exist."""
    for target, anchor in links(page):
        assert target.exists(), f"{target} is missing"
        assert not anchor or anchor in anchors(target), f"{target.name} has no heading #{anchor}"


def test_every_page_can_be_found() -> None:
    """Following links from the first page reaches every page."""
    found, new = set(), {ROOT / "README.md"}
    while new:
        found |= new
        new = {target for page in new for target, _ in links(page) if target.suffix == ".md"} - found
    assert set(PAGES) - found == set()


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_explained(name: str) -> None:
    """Besides its row in the reference, a page written by hand says what it is for."""
    assert f"### {name}\n" in (DOCS / "reference" / "actions.md").read_text()
    assert re.search(rf"\b{name}\b", by_hand())


def test_events_and_errors_are_in_the_reference() -> None:
    """Names that come over the wire can be looked up."""
    events = (DOCS / "reference" / "events.md").read_text()
    errors = (DOCS / "reference" / "errors.md").read_text()
    assert [name for name in EVENTS if f"## {name}\n" not in events] == []
    assert [error.code for error in error_classes() if f"`{error.code}`" not in errors] == []


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_a_setting_is_on_the_first_page(name: str) -> None:
    """Who sets a rig up finds every setting in the README."""
    assert f"| `{name}` |" in (ROOT / "README.md").read_text()


def test_programs_in_the_documentation_are_files() -> None:
    """Python stands in docs/examples, where a test runs it, and not in a page, where it would rot."""
    assert [page.name for page in PAGES if "```python" in page.read_text()] == []


def test_every_example_is_shown() -> None:
    """A page leads to each example."""
    assert [file.name for file in (DOCS / "examples").glob("*.py") if f"examples/{file.name})" not in by_hand()] == []


def test_the_udev_rule_is_the_one_that_the_doctor_advises() -> None:
    """Two rules that differ would mend different things."""
    assert UDEV_RULE in (ROOT / "deploy" / "60-tetherlight.rules").read_text()


def test_the_two_commands_are_on_the_first_page() -> None:
    """Trying it and testing it are one command each."""
    readme = (ROOT / "README.md").read_text()
    assert "$ make demo\n" in readme
    assert "$ make test\n" in readme


def test_the_pictures_of_results_are_shown_and_small() -> None:
    """What `make gallery` writes is small enough to be kept with the sources."""
    pictures = list((DOCS / "images" / "gallery").iterdir())
    page = (DOCS / "explanations" / "gallery.md").read_text()
    assert pictures
    assert [file.name for file in pictures if f"](../images/gallery/{file.name})" not in page] == []
    assert sum(file.stat().st_size for file in pictures) < 400_000
    assert "none yet" not in page


@every_page
def test_a_decision_is_called_by_its_number(page: Path) -> None:
    """The words of a link and its file say the same."""
    for number, file in re.findall(r"\[decision (\d+)\]\([^)]*?(\d{4})-[^)]*\)", page.read_text()):
        assert int(number) == int(file)


def recipes() -> dict[str, list[Path]]:
    """Give the files that are to be written for each thing that may be added."""
    section = (
        (DOCS / "explanations" / "architecture.md")
        .read_text()
        .partition("## To add something\n")[2]
        .partition("\n## ")[0]
    )
    rows = re.findall(r"^\| (an? [^|]+) \| (.+) \|$", section, re.MULTILINE)
    return {thing: [Path(file) for file in re.findall(r"`([\w/]+\.py)`", written)] for thing, written in rows}


def test_there_is_a_recipe_for_what_comes_most() -> None:
    """A stranger finds where it lives in one guess."""
    assert set(recipes()) == {"an action", "a kind of lamp", "an axis", "a result", "a bridge"}


@pytest.mark.parametrize("thing", recipes())
def test_a_recipe_takes_three_files_at_most_and_they_are_there(thing: str) -> None:
    """But for those that are new, whose folder is there."""
    files = recipes()[thing]
    assert 1 <= len(files) <= 3
    for file in files:
        new = file.stem == "NAME"
        there = (SOURCES / file.parent).is_dir() if new else (SOURCES / file).is_file()
        assert there or str(file.parent) in COMING, f"{file} is missing"

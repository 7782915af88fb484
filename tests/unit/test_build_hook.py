"""Wheels and source archives carry the web application where it can be built."""

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hatchling.bridge.app import Application
from trove_classifiers import classifiers

ROOT = Path(__file__).parents[2]


def hooks() -> Any:
    """Return the module of the hooks."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hook_of(root: Path, target: str = "wheel") -> Any:
    """Return the hook for a folder."""
    return hooks().WebBuildHook(str(root), {}, None, None, str(root / "dist"), target, Application())


def build(root: Path, version: str = "standard", target: str = "wheel") -> dict[str, Any]:
    """Run the hook in a folder and return what it adds to the build."""
    build_data: dict[str, Any] = {"force_include": {}}
    hook_of(root, target).initialize(version, build_data)
    return build_data


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with our scripts and without a web application."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "web.py").write_text((ROOT / "scripts" / "web.py").read_text())
    return tmp_path


@pytest.fixture
def unpacked(checkout: Path) -> Path:
    """What a source archive unpacks to: the export is there already."""
    (checkout / "PKG-INFO").touch()
    (checkout / "web" / "out").mkdir(parents=True)
    (checkout / "web" / "out" / "index.html").touch()
    return checkout


def test_without_an_export_the_build_ends_with_one_sentence(checkout: Path) -> None:
    """A package that silently has no pages would be noticed by those who install it, and too late."""
    with pytest.raises(RuntimeError, match=r"could not be built: .*TETHERLIGHT_WEB=0 builds without it"):
        build(checkout)


def test_pages_may_be_left_out_on_purpose(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TETHERLIGHT_WEB=0 builds a server with its protocol alone, and needs no Node.js."""
    monkeypatch.setenv("TETHERLIGHT_WEB", "0")
    assert build(checkout) == {"force_include": {}}
    assert hook_of(checkout).dependencies() == []


def test_node_comes_with_what_the_build_needs(checkout: Path) -> None:
    """Who installs from a repository has pages, whatever the system brings."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        build_group = tomllib.load(file)["dependency-groups"]["build"]
    (node,) = hook_of(checkout).dependencies()
    assert node in build_group


def test_an_archive_needs_no_node(unpacked: Path) -> None:
    """Its export was built when it was made."""
    assert hook_of(unpacked).dependencies() == []


def test_the_export_of_an_archive_is_taken_as_it_is(unpacked: Path) -> None:
    """Installing from a source archive needs no Node.js."""
    assert build(unpacked)["force_include"] == {str(unpacked / "web" / "out"): "tetherlight/web"}


def test_an_archive_carries_the_export(unpacked: Path) -> None:
    """In a source archive it stays where it is built."""
    assert build(unpacked, target="sdist")["force_include"] == {str(unpacked / "web" / "out"): "web/out"}


def test_an_editable_install_is_left_alone(unpacked: Path) -> None:
    """It is served from the checkout."""
    assert build(unpacked, version="editable") == {"force_include": {}}


HOME = "https://example.org/maker/tetherlight"
FOREIGN = re.compile(r"\]\((?!https://example\.org/maker/tetherlight/(?:raw|blob)/v1\.2\.3/|https?:|#)")


def metadata(monkeypatch: pytest.MonkeyPatch, home: str | None) -> dict[str, Any]:
    """Return what a package says of itself, published there or nowhere."""
    if home is None:
        monkeypatch.delenv("TETHERLIGHT_URL", raising=False)
    else:
        monkeypatch.setenv("TETHERLIGHT_URL", home)
    told: dict[str, Any] = {"version": "1.2.3"}
    hooks().MetadataHook(str(ROOT), {}).update(told)
    return told


def test_where_it_is_published_its_addresses_and_links_lead_there(monkeypatch: pytest.MonkeyPatch) -> None:
    told = metadata(monkeypatch, f"{HOME}/")
    assert told["urls"]["Homepage"] == HOME
    assert told["urls"]["Changelog"] == f"{HOME}/blob/v1.2.3/CHANGELOG.md"
    text = told["readme"]["text"]
    assert FOREIGN.search(text) is None
    assert f"]({HOME}/raw/v1.2.3/docs/images/capture-1440.png)" in text
    assert f"]({HOME}/blob/v1.2.3/docs/README.md)" in text
    for path in re.findall(rf"{HOME}/(?:raw|blob)/v1\.2\.3/([^)#]+)", text):
        assert (ROOT / path).exists(), path


def test_where_nobody_knows_its_place_nothing_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link without its checkout would be broken on every index."""
    told = metadata(monkeypatch, None)
    assert told["urls"] == {}
    assert re.search(r"\]\((?!https?:|#)", told["readme"]["text"]) is None
    assert "First steps on the simulator: live view" in told["readme"]["text"]


def test_an_index_knows_every_classifier() -> None:
    """It refuses a package with one that it does not know."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(project["classifiers"]) <= set(classifiers)

"""Whatever a client writes into a field that becomes a path, nothing outside the captures is read, moved or deleted."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.store_world import CANARY, World, all_sets, make_world
from support.traversal import spellings
from tetherlight.errors import ImageNotFound, InvalidName, RequestError, SetNotFound, StoreError
from tetherlight.protocol.sets import AnnotateSet
from tetherlight.server.http.images import images_router
from tetherlight.store.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(params=[False, True], ids=["relative setting", "absolute setting"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = make_world(tmp_path, absolute=request.param)
    monkeypatch.chdir(made.work)
    before = made.neighbours()
    yield made
    assert made.neighbours() == before


def attempts(world: World) -> list[str]:
    return spellings("secret.jpg", str(world.outside / "secret.jpg"))


def test_there_are_at_least_five_hundred_spellings(tmp_path: Path) -> None:
    """The list stays as long as it is promised to be."""
    assert len(spellings("secret.jpg", str(tmp_path))) >= 500


def test_no_spelling_of_an_image_path_leads_out(world: World) -> None:
    """GET_IMAGE_DATA gives one and the same sentence for all of them, at most 200 characters of the path in it."""
    store = Store(world.settings)
    for text in attempts(world):
        try:
            content = store.read_image(text)[1]
        except ImageNotFound as error:
            assert error.message == f"Image not found or access denied: {text[:200]}"  # noqa: PT017
        else:
            assert content in {b"ok", b"a", b"n"}, text


def test_no_spelling_rates_deletes_or_restores_what_is_no_single_capture(world: World) -> None:
    """Only `ok.jpg` can be moved, and comes back; of images of a set nothing but the manifest is ever looked at."""
    store = Store(world.settings)
    (world.captures / ".trash_captures" / "20260101T000000.000000Z" / "secret").mkdir(parents=True)
    (world.captures / ".trash_captures" / "20260101T000000.000000Z" / "secret" / "secret.jpg").write_bytes(b"deleted")
    for text in [*attempts(world), "ok.jpg/../ok.jpg", "leak_hidden.jpg", ".trash_captures/secret.jpg"]:
        with suppress(ImageNotFound):
            deleted = store.delete_image(text)
            assert [one.filename for one in deleted] == ["ok.jpg"], text
            assert [one.filename for one in store.captures.restore(text)] == ["ok.jpg"], text
        with suppress(ImageNotFound, StoreError):
            noted = store.annotate_image(text, 3, None)
            assert noted.set_name is None, text
            assert [one.filename for one in noted.images] == ["ok.jpg"], text
        with suppress(ImageNotFound):
            restored = store.captures.restore(text)
            assert [one.filename for one in restored] == ["secret.jpg"], text
            assert (world.captures / "secret.jpg").read_bytes() == b"deleted"
            store.delete_image("captures/secret.jpg")
    assert (world.captures / "ok.jpg").read_bytes() == b"ok"
    assert (world.sets / "good" / "manifest.json").read_bytes() == CANARY
    for name in ("leak.jpg", "leak_chain.jpg", "leak_hidden.jpg", "circle.jpg"):
        assert (world.captures / name).is_symlink()


def test_no_spelling_of_a_set_name_reaches_another_folder(world: World) -> None:
    """Every action on sets answers that there is no such set, and moves nothing."""
    store = Store(world.settings)
    listed = [one.name for one in all_sets(store)]
    for text in [
        *attempts(world),
        "leak_set",
        "../good",
        "good/../good",
        "good/.",
        "../../captures/photometric_sets/good",
    ]:
        if text == "good":
            continue
        for act in _actions_on(store, text):
            with pytest.raises(SetNotFound) as caught:
                act()
            assert len(caught.value.message) < 260
    assert [one.name for one in all_sets(store)] == listed == ["good"]


def _actions_on(store: Store, name: str) -> list[Callable[[], Any]]:
    return [
        lambda: store.sets.contents(name),
        lambda: store.sets.details(name),
        lambda: store.sets.delete(name),
        lambda: store.sets.restore(name),
        lambda: store.sets.rename(name, "other"),
        lambda: store.sets.annotate(AnnotateSet(set_name=name, rating=1)),
        lambda: store.zip_set(name),
        lambda: store.sets.manifest(name),
        lambda: store.sets.hold(name, "job-1").__enter__(),
    ]


def test_no_spelling_of_a_new_name_or_prefix_leaves_the_sets_folder(world: World) -> None:
    """A set is made or renamed directly in the sets' folder or not at all."""
    store = Store(world.settings)
    for text in attempts(world):
        with suppress(InvalidName):
            made = store.create_set(text, NOW)
            assert made.path.parent == world.sets
            assert made.path.resolve().parent == world.sets.resolve()
        with suppress(InvalidName, StoreError):
            name = store.sets.rename("good", text)
            assert (world.sets / name / "a.jpg").is_file()
            store.sets.rename(name, "good")
    assert all(path.name.replace("_", "").replace("-", "").replace(".", "").isalnum() for path in world.sets.iterdir())


ITS_OWN = {"/sets/good/manifest.json", "/sets/good/text.txt"}
"""Files of a set, which it gives."""


@pytest.mark.parametrize("route", ["/images/", "/thumbnails/", "/exif/", "/sets/", "/sets/good/"])
async def test_no_spelling_of_a_url_leads_out(world: World, route: str) -> None:
    """Decoded once, twice or not at all, a URL gives nothing from outside."""
    app = FastAPI(redirect_slashes=False)  # with the pages behind it no path is left to be mended
    app.include_router(images_router(Store(world.settings)))
    suffix = ".zip" if route == "/sets/" else ""
    for text in attempts(world):
        decoded = {route + unquote(unquote(text)) + suffix, route + unquote(text) + suffix, route + text + suffix}
        for path in decoded:
            status, body = await _get(app, path)
            assert CANARY not in body or path in ITS_OWN, path
            assert status in {200, 404, 415}, path
            assert status != 200 or body in {b"ok", b"a", b"n"} or b"good" in path.encode(), path


async def _get(app: FastAPI, path: str) -> tuple[int, bytes]:
    """Ask without a client that would tidy the path up."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "path": path, "raw_path": quote(path, errors="replace").encode(), "query_string": b"", "headers": [],
        "scheme": "http", "server": ("127.0.0.1", 1), "client": ("127.0.0.1", 2), "root_path": "",
    }  # fmt: skip
    sent: list[Any] = []
    finished = asyncio.Event()

    async def receive() -> dict[str, str]:
        await finished.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    finished.set()
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


PARTS = st.sampled_from([
    "..", ".", "", "captures", "photometric_sets", "good", "a.jpg", "ok.jpg", "secret.jpg", "leak.jpg", "leak_folder",
    "leak_set", "secret_set", "results", "normals.png", ".hidden.jpg", "\0", "\\",
])  # fmt: skip
PATHS = st.one_of(
    st.text(max_size=60),
    st.lists(PARTS, max_size=8).map("/".join),
    st.lists(PARTS, max_size=6).map(lambda parts: "/" + "/".join(parts)),
)
EASY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EASY
@given(text=PATHS)
def test_any_image_path_is_inside_or_refused(world: World, text: str) -> None:
    """What is resolved is a visible image below the captures, its links followed."""
    store = Store(world.settings)
    try:
        path = store.places.resolve_image(text)
    except ImageNotFound:
        return
    assert path == path.resolve()
    assert path.is_relative_to(world.captures.resolve())
    assert not any(part.startswith(".") for part in path.relative_to(world.captures.resolve()).parts)
    assert path.read_bytes() in {b"ok", b"a", b"n"}


@EASY
@given(text=PATHS)
def test_any_set_name_is_a_set_or_refused(world: World, text: str) -> None:
    """What is found is a folder directly in the sets' folder."""
    try:
        folder = Store(world.settings).places.set_folder(text)
    except SetNotFound:
        return
    assert folder == world.sets / "good"


@EASY
@given(text=st.one_of(st.text(max_size=120), PATHS))
def test_any_prefix_gives_a_plain_folder_or_is_refused(world: World, text: str) -> None:
    """A folder that is made lies directly in the sets' folder, under a visible name."""
    try:
        made = Store(world.settings).create_set(text, NOW)
    except RequestError:
        return
    assert made.path.parent == world.sets
    assert made.name == made.path.name
    assert not made.name.startswith(".")
    assert "/" not in made.name
    made.path.rmdir()

"""Lists of sets on a real server: whole as ever, by pages, and kept fresh by events that tell the set itself."""

import json
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from support.server_process import ServerProcess
from support.wire_client import WireClient
from tetherlight.client import Client
from tetherlight.errors import InvalidPayload
from tetherlight.protocol.manifest import MANIFEST, Manifest, StepRecord
from tetherlight.protocol.models import JobState, StepState
from tetherlight.protocol.set_lists import ImageSetPage
from tetherlight.store.store import FIRST_LOOK

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
COUNT = FIRST_LOOK + 4


def make_set(folder: Path, number: int, status: JobState = JobState.COMPLETED) -> None:
    """Make a set as an earlier run has left it."""
    folder.mkdir(parents=True)
    (folder / "image_01_light_left.jpg").write_bytes(b"x" * number)
    step = StepRecord(index=1, light="light_left", state=StepState.RUNNING)
    manifest = Manifest(
        status=status, started_at=FIRST + timedelta(hours=number), rating=number % 6 or None, steps=(step,)
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("pages")
    for number in range(1, COUNT + 1):
        make_set(folder / "captures" / "photometric_sets" / f"set_{number:02d}", number)
    async with ServerProcess(folder) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def client(server: ServerProcess) -> AsyncIterator[WireClient]:
    async with server.client() as connection:
        yield connection


async def test_the_list_is_whole_where_nothing_is_said(client: WireClient) -> None:
    whole = await client.do("LIST_IMAGE_SETS", {})
    assert [one["name"] for one in whole] == [f"set_{number:02d}" for number in range(COUNT, 0, -1)]
    assert whole == await client.do("list_image_sets")
    assert whole[0]["created_at"] == "2026-01-01T20:00:00Z"


async def test_a_limit_makes_it_a_page_and_the_cursor_leads_on(client: WireClient) -> None:
    whole = await client.do("LIST_IMAGE_SETS", {})
    told: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await client.do("LIST_IMAGE_SETS", {"limit": 7, "cursor": cursor})
        assert set(page) == {"sets", "total", "cursor", "seq"}
        assert page["total"] == COUNT
        told += page["sets"]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert told == whole


async def test_what_is_searched_sorted_and_filtered_needs_no_limit(client: WireClient) -> None:
    found = await client.do("LIST_IMAGE_SETS", {"search": "SET_1", "order": "size", "min_rating": 4})
    assert [one["name"] for one in found] == ["set_17", "set_16", "set_11", "set_10"]


async def test_a_wrong_cursor_is_refused(client: WireClient) -> None:
    page = await client.do("LIST_IMAGE_SETS", {"limit": 1})
    refused = await client.request("LIST_IMAGE_SETS", {"limit": 1, "cursor": page["cursor"], "order": "name"})
    assert (refused["success"], refused["error_code"]) == (False, "invalid_payload")


async def test_a_set_that_is_put_there_by_hand_is_on_the_next_page(server: ServerProcess, client: WireClient) -> None:
    place = server.folder / "captures" / "photometric_sets" / "by_hand"
    make_set(place, 90)
    page = await client.do("LIST_IMAGE_SETS", {"limit": 1})
    assert (page["sets"][0]["name"], page["total"]) == ("by_hand", COUNT + 1)
    shutil.rmtree(place)
    page = await client.do("LIST_IMAGE_SETS", {"limit": 1})
    assert (page["sets"][0]["name"], page["total"]) == (f"set_{COUNT}", COUNT)


async def test_a_subscription_to_sets_begins_with_the_first_page(client: WireClient) -> None:
    topics = (await client.do("SUBSCRIBE", {"topics": ["sets"]}))["topics"]
    assert topics["sets"]["snapshot"] == await client.do("LIST_IMAGE_SETS", {"limit": 60})
    assert topics["sets"]["snapshot"]["seq"] == topics["sets"]["seq"]


async def test_a_topic_can_be_heard_without_its_state(client: WireClient) -> None:
    topics = (await client.do("SUBSCRIBE", {"topics": ["lights", "sets"], "snapshots": ["lights"]}))["topics"]
    assert topics["lights"]["snapshot"]["states"] != {}
    assert topics["sets"]["snapshot"] is None
    await client.do("ANNOTATE_IMAGE_SET", {"set_name": "set_01", "rating": 5})
    news = await client.event(lambda message: message.get("seq") == topics["sets"]["seq"] + 1)
    assert news["topic"] == "sets"


async def test_events_tell_the_set_as_it_is_then(server: ServerProcess, client: WireClient) -> None:
    async with server.client() as other:
        await other.do("SUBSCRIBE", {"topics": ["sets"]})
        await client.do("ANNOTATE_IMAGE_SET", {"set_name": "set_02", "catalogue_number": "A 7"})
        await client.do("RENAME_IMAGE_SET", {"set_name": "set_02", "new_name": "urn"})
        await client.do("DELETE_IMAGE_SET", {"set_name": "urn"})
        await client.do("RESTORE_IMAGE_SET", {"set_name": "urn"})
        await other.event(lambda message: message.get("data", {}).get("change") == "restored")
        told = [message["data"] for message in other.events if message["action"] == "sets_changed"]
        assert [(one["set_name"], one["change"], (one["set"] or {}).get("name")) for one in told] == [
            ("set_02", "updated", "set_02"), ("set_02", "renamed", "urn"), ("urn", "deleted", None),
            ("urn", "restored", "urn"),
        ]  # fmt: skip
        (listed,) = await client.do("LIST_IMAGE_SETS", {"search": "urn"})
        assert told[-1]["set"] == listed
        assert listed["catalogue_number"] == "A 7"
        await client.do("RENAME_IMAGE_SET", {"set_name": "urn", "new_name": "set_02"})


async def test_the_python_client_lists_by_pages(server: ServerProcess) -> None:
    async with Client(server.url) as rig:
        page = await rig.sets_page(5, order="oldest", min_rating=1)
        assert isinstance(page, ImageSetPage)
        assert [one.name for one in page.sets][:2] == ["set_01", "set_02"]
        following = await rig.sets_page(5, cursor=page.cursor, order="oldest", min_rating=1)
        assert page.sets[-1].created_at < following.sets[0].created_at  # type: ignore[operator]
        assert len(await rig.sets()) == page.total + (COUNT // 6)
        with pytest.raises(InvalidPayload):
            await rig.sets_page(5, cursor=page.cursor)
        async for event in rig.events("sets"):
            assert isinstance(event.data, ImageSetPage)
            assert event.data.total == COUNT
            break


async def test_an_old_sequence_that_was_cut_short_is_found_behind_the_start(tmp_path: Path) -> None:
    """A start looks at the sets that changed last only; what lies deeper is told when it is found."""
    sets = tmp_path / "captures" / "photometric_sets"
    make_set(sets / "long_ago", 1, JobState.RUNNING)
    for number in range(2, FIRST_LOOK + 4):
        make_set(sets / f"set_{number:02d}", number)
    for number, place in enumerate([sets / "long_ago", *sorted(sets.glob("set_*"))]):
        moment = (FIRST + timedelta(hours=number)).timestamp()
        os.utime(place, (moment, moment))
    async with ServerProcess(tmp_path) as process, process.client() as client:
        topics = (await client.do("SUBSCRIBE", {"topics": ["job", "sets"]}))["topics"]
        if not topics["job"]["snapshot"]:
            told = await client.event("job_changed")
            assert (told["data"]["set_name"], told["data"]["state"]) == ("long_ago", "interrupted")
        (job,) = await client.do("GET_JOBS")
        assert (job["set_name"], job["state"]) == ("long_ago", "interrupted")
        (listed,) = await client.do("LIST_IMAGE_SETS", {"search": "long_ago"})
        assert listed["status"] == "interrupted"
    assert json.loads((sets / "long_ago" / MANIFEST).read_text())["steps"][0]["state"] == "pending"

"""A surface of a focus stack under each light is asked for once: the stack is merged first, in the same job."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from support.focus_sets import focus_set
from support.patience import stretched
from support.server_process import ServerProcess
from support.wire_client import WireClient

NAME = "stack"


def results_of(folder: Path) -> list[dict[str, Any]]:
    """Return the results that the manifest lists."""
    listed: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["results"]
    return listed


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[WireClient, Path]]:
    folder = focus_set(tmp_path / "captures" / "photometric_sets" / NAME)
    async with ServerProcess(tmp_path) as process, process.client() as client:
        yield client, folder


async def test_one_job_merges_and_computes_and_lists_both(server: tuple[WireClient, Path]) -> None:
    client, folder = server
    await client.do("SUBSCRIBE", {"topics": ["job"]})
    answer = await client.do("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(90))
    assert answer["result"]["kind"] == "surface"
    assert [one["kind"] for one in results_of(folder)] == ["merged", "surface"]
    told = [one["data"] for one in client.events if one["action"] == "job_changed"]
    assert len({one["job_id"] for one in told}) == 1
    shares = [one["progress"] for one in told if one["progress"] is not None]
    assert shares == sorted(shares)
    report = json.loads((folder / "results" / "report.json").read_text())
    assert report["lights"][0]["filename"].startswith("merged/")
    # What is merged is true now, and is not merged again.
    merged = (folder / "merged" / "report.json").stat().st_mtime_ns
    await client.do("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(90))
    assert (folder / "merged" / "report.json").stat().st_mtime_ns == merged
    # What somebody took away is made again.
    (folder / "merged" / "image_00_light_0.jpg").unlink()
    await client.do("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(90))
    assert (folder / "merged" / "image_00_light_0.jpg").is_file()


async def test_a_broken_image_of_the_stack_ends_the_job_and_leaves_nothing(server: tuple[WireClient, Path]) -> None:
    client, folder = server
    (folder / "image_02_light_1_f02.jpg").write_bytes(b"broken")
    before = sorted(path.name for path in folder.iterdir())
    refused = await client.request("RECONSTRUCT_SET", {"set_name": NAME}, timeout=stretched(90))
    assert refused["error_code"] == "image_unreadable"
    assert "image_02_light_1_f02.jpg" in refused["error"]
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_a_cancel_while_it_merges_leaves_nothing(tmp_path: Path) -> None:
    folder = focus_set(tmp_path / "captures" / "photometric_sets" / NAME, (600, 900))
    before = sorted(path.name for path in folder.iterdir())
    async with ServerProcess(tmp_path) as process, process.client() as client:
        await client.do("SUBSCRIBE", {"topics": ["job"]})
        answer = await client.send("RECONSTRUCT_SET", {"set_name": NAME})
        told = await client.event(
            lambda one: one["action"] == "job_changed" and "reading" in (one["data"]["activity"] or ""),
            timeout=stretched(60),
        )
        ended = await client.do("CANCEL_JOB", {"job_id": told["data"]["job_id"]})
        assert ended["state"] == "cancelled"
        assert (await answer)["error_code"] == "job_error"
        assert sorted(path.name for path in folder.iterdir()) == before


async def test_the_command_merges_first_too(tmp_path: Path) -> None:
    folder = focus_set(tmp_path / "set")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tetherlight", "reconstruct", "set", "--out", "elsewhere", "--json", cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), stretched(120))
    assert (process.returncode, err) == (0, b"")
    assert json.loads(out)["kind"] == "surface"
    assert [one["kind"] for one in results_of(folder)] == ["merged"]
    report = json.loads((tmp_path / "elsewhere" / "report.json").read_text())
    assert report["lights"][0]["filename"].startswith("merged/")

"""Settings that a body or its driver is peculiar about: called read-only, or on their way for seconds."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from support.camera_world import PATIENT, WAIT_S, open_camera
from support.patience import stretched
from tetherlight.errors import ConfigReadonly, ConfigRejected


async def test_what_is_called_readonly_is_tried_where_that_is_wanted_and_what_was_kept_is_told(tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", "generic") as opened:
        camera = opened.camera
        await opened.simulator.control("property_fault", name="f-number", effect="readonly")
        async with asyncio.timeout(stretched(WAIT_S)):
            while not (await camera.get_config("f-number"))[0].readonly:
                await camera.refresh(["f-number"])  # libgphoto2 keeps what it has read for some seconds
        with pytest.raises(ConfigReadonly) as refused:
            await camera.set_config("f-number", "f/8")
        assert "'force'" in str(refused.value.hint)
        with pytest.raises(ConfigRejected, match="is currently read-only") as kept:
            await camera.set_config("f-number", "f/8", force=True)
        assert kept.value.data.value == "f/5.6"
        await opened.simulator.control("property_fault", name="f-number", effect=None)
        async with asyncio.timeout(stretched(WAIT_S)):
            while True:
                try:
                    entry = await camera.set_config("f-number", "f/8", force=True)
                    break
                except ConfigRejected:
                    continue
        assert entry.value == "f/8"


@pytest.mark.parametrize("vendor", ["nikon", "sony"])
async def test_a_value_that_comes_step_by_step_is_waited_for(vendor: str, tmp_path: Path) -> None:
    """For longer than a value may stand elsewhere; libgphoto2 keeps what it has read for two seconds."""
    async with open_camera(tmp_path, "--vendor", vendor, deadlines=replace(PATIENT, stands=3.0)) as opened:
        await opened.simulator.control("property_fault", name="iso", effect="steps", seconds=4.0)
        (before,) = await opened.camera.get_config("iso")
        last = before.options[-1]
        assert (await opened.camera.set_config("iso", last)).value == last
        (state,) = (await opened.simulator.control("status"))["cameras"]
        assert state["properties"]["iso"] == last


@pytest.mark.parametrize("vendor", ["nikon", "sony"])
async def test_a_value_that_never_comes_is_refused_with_the_one_that_stands(vendor: str, tmp_path: Path) -> None:
    async with open_camera(tmp_path, "--vendor", vendor) as opened:
        await opened.simulator.control("property_fault", name="iso", effect="never")
        (before,) = await opened.camera.get_config("iso")
        with pytest.raises(ConfigRejected) as kept:
            await opened.camera.set_config("iso", before.options[-1])
        assert kept.value.message == f"The camera kept '{before.value}' instead of '{before.options[-1]}'."

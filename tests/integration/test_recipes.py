"""Recipes at a real server on a simulated rig: by the Python client, by command, and by who may only look."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from support.server_process import ServerProcess
from support.simulator_process import SimulatorProcess
from tetherlight import Client
from tetherlight.cli.main import app
from tetherlight.cli.options import tell_error
from tetherlight.errors import (
    CameraBusy,
    ConfigInvalid,
    RecipeExists,
    RecipeNotFound,
    RecipeUnfit,
    RightMissing,
    TetherlightError,
)
from tetherlight.protocol.models import JobState
from tetherlight.protocol.recipes import RecipeChange, RecipeList
from tetherlight.tokens import Tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER = "the-owners-own-secret-token"
LIGHTS = ["light_left", "lights_top"]
COINS = {
    "name": "Coins, f/8", "settings": {"iso": "200", "shutterspeed": "1/60"}, "light_sequence": LIGHTS,
    "ambient": True, "set_name_prefix": "coin", "notes": "dry",
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator() -> AsyncIterator[SimulatorProcess]:
    async with SimulatorProcess("--width", "300", "--height", "200") as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, simulator: SimulatorProcess) -> AsyncIterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("recipes")
    environment = simulator.settings | {
        "API_TOKEN": OWNER, "STATE_DIR": str(folder / "state"), "PHOTOMETRIC_CAPTURE_DELAY": "0.01",
    }  # fmt: skip
    async with ServerProcess(folder, environment=environment) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="module")
async def rig(server: ServerProcess) -> AsyncIterator[Client]:
    """A client of a rig without recipes, with its camera as at first."""
    async with Client(server.url, token=OWNER) as client:
        await client.select()
        for one in (await client.recipes()).recipes:
            await client.delete_recipe(one.name)
        for name, value in (("iso", "100"), ("shutterspeed", "1/125")):
            await client.set_config(name, value)
        yield client


async def settings(rig: Client) -> tuple[Any, Any]:
    return (await rig.get_config("iso")).value, (await rig.get_config("shutterspeed")).value


async def command(server: ServerProcess, *words: str, given: str = "") -> tuple[int, str, str]:
    """Run a command and give its exit code and what it printed."""

    def run() -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ["--server", server.url, "--token", OWNER, *words], input=given)
        code = result.exit_code
        if isinstance(result.exception, TetherlightError):
            code = tell_error(result.exception, as_json=False)
        return code, result.stdout, result.stderr

    return await asyncio.to_thread(run)


async def test_a_recipe_sets_the_camera_and_takes_its_set(rig: Client) -> None:
    await rig.save_recipe(COINS)
    statuses: list[str] = []
    capture = rig.capture_recipe(
        "coins", catalogue_number="RIC 207", progress=lambda step: statuses.append(step.status)
    )
    result = await capture
    assert statuses[-1] == "captured_light_2_of_2"
    assert (result.image_count, result.warnings) == (2, [])
    assert result.set_folder.startswith("photometric_sets/coin_")
    manifest = (await rig.show_set(result.set_folder.rpartition("/")[2])).manifest
    assert manifest is not None
    assert (manifest.notes, manifest.catalogue_number) == ("dry", "RIC 207")
    assert [step.light for step in manifest.steps] == [None, *LIGHTS]
    assert {entry.alias: entry.value for entry in manifest.config if entry.alias}["iso"] == "200"
    assert await settings(rig) == ("200", "1/60")


async def test_a_recipe_of_axes_takes_their_set(rig: Client) -> None:
    axes = [{"axis": "repeat", "count": 2}, {"axis": "light", "values": ["light_left"]}]
    await rig.save_recipe({"name": "Averaged", "axes": axes})
    assert (await rig.capture_recipe("averaged", prefix="twice")).image_count == 2


async def test_what_the_rig_lacks_is_told_in_one_sentence_and_nothing_is_begun(rig: Client) -> None:
    wrong = COINS | {
        "settings": {"iso": "200", "warp": "9", "shutterspeed": "1/61"}, "light_sequence": ["light_left", "light_moon"],
        "levels": {"light_left": 0.5},
    }  # fmt: skip
    await rig.save_recipe(wrong)
    sets = len(await rig.sets())
    with pytest.raises(RecipeUnfit) as refused:
        await rig.capture_recipe("Coins, f/8")
    message = refused.value.message
    assert message.startswith("Recipe 'Coins, f/8' cannot be used: ")
    for part in ("no light 'light_moon'", "no setting 'warp'", "'shutterspeed'", "'1/61'"):
        assert part in message
    assert message.count(". ") == 0
    assert refused.value.details is not None
    assert len(refused.value.details["faults"]) >= 3
    with pytest.raises(RecipeUnfit, match="no setting 'warp'"):
        await rig.apply_recipe("coins")
    await rig.save_recipe({"name": "Elsewhere", "camera_model": "Brownie", "settings": {"iso": "200"}})
    with pytest.raises(RecipeUnfit, match="for the Brownie"):
        await rig.apply_recipe("Elsewhere")
    with pytest.raises(RecipeUnfit, match="settings of the camera alone"):
        await rig.capture_recipe("Elsewhere")
    assert await settings(rig) == ("100", "1/125")
    assert len(await rig.sets()) == sets
    assert not any(job.state is JobState.RUNNING for job in await rig.jobs())


async def test_the_camera_is_as_it_was_where_the_set_does_not_begin(rig: Client) -> None:
    """The settings fit and are set; then the plan turns out to need what the camera does not have."""
    axes = [{"axis": "setting", "name": "iso", "values": ["12345"]}, {"axis": "light", "values": LIGHTS}]
    await rig.save_recipe({"name": "Late", "settings": COINS["settings"], "axes": axes})
    with pytest.raises(ConfigInvalid, match="12345"):
        await rig.capture_recipe("Late")
    assert await settings(rig) == ("100", "1/125")
    assert all(not on for on in (await rig.lights()).states.values())


async def test_applying_changes_what_differs_alone(rig: Client) -> None:
    await rig.save_recipe({"name": "Preset", "settings": {"iso": "100", "shutterspeed": "1/60"}})
    applied = await rig.apply_recipe("Preset")
    assert [(one.alias, one.value) for one in applied.entries] == [("shutterspeed", "1/60")]
    assert applied.message == "Recipe 'Preset' applied: 1 setting changed."
    assert (await rig.apply_recipe("Preset")).entries == []


async def test_every_change_is_told_and_the_topic_begins_with_all(rig: Client) -> None:
    await rig.save_recipe(COINS)
    events = rig.events("recipes")
    first = await anext(events)
    assert isinstance(first.data, RecipeList)
    assert [one.name for one in first.data.recipes] == ["Coins, f/8"]
    with pytest.raises(RecipeExists):
        await rig.save_recipe(COINS)
    await rig.save_recipe(COINS | {"retakes": 3}, replace=True)
    await rig.save_recipe(COINS | {"name": "Other"})
    await rig.delete_recipe("Coins, f/8")
    with pytest.raises(RecipeNotFound):
        await rig.delete_recipe("Coins, f/8")
    told = [await anext(events) for _ in range(3)]
    changes = [one.data for one in told if isinstance(one.data, RecipeChange)]
    assert [(one.name, one.change) for one in changes] == [
        ("Coins, f/8", "updated"), ("Other", "created"), ("Coins, f/8", "deleted"),
    ]  # fmt: skip
    assert [one.recipe and one.recipe.retakes for one in changes] == [3, 1, None]
    await events.aclose()


async def test_who_may_only_look_sees_recipes_and_changes_none(server: ServerProcess, rig: Client) -> None:
    await rig.save_recipe(COINS)
    secret = Tokens(server.folder / "state" / "tokens.json").add("tablet", "viewer")
    async with Client(server.url, token=secret) as viewer:
        assert [one.name for one in (await viewer.recipes()).recipes] == ["Coins, f/8"]
        for asked in (
            viewer.save_recipe(COINS | {"name": "Mine"}),
            viewer.delete_recipe("Coins, f/8"),
            viewer.apply_recipe("Coins, f/8"),
            viewer.capture_recipe("Coins, f/8"),
        ):
            with pytest.raises(RightMissing):
                await asked
    assert len((await rig.recipes()).recipes) == 1


async def test_commands_keep_use_and_exchange_recipes(server: ServerProcess, rig: Client, tmp_path: Path) -> None:
    code, out, err = await command(
        server, "recipe", "save", "Coins, f/8", *LIGHTS, "--ambient", "--setting", "iso=200", "--name", "coin",
        "--focus", "2x1",
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "2 lights + ambient" in out
    kept = (await rig.recipes()).recipes[0]
    assert list(kept.settings) == ["shutterspeed", "aperture", "iso", "whitebalance", "imageformat"]
    assert (kept.settings["iso"], kept.focus and kept.focus.count) == ("200", 2)
    code, out, _ = await command(server, "recipe", "show", "coins")
    assert code == 0
    assert any(line.split() == ["iso", "200", "100"] for line in out.splitlines())
    file = tmp_path / "coins.json"
    assert (await command(server, "recipe", "export", "-o", str(file)))[0] == 0
    assert [one["name"] for one in json.loads(file.read_text())["recipes"]] == ["Coins, f/8"]
    code, _, err = await command(server, "recipe", "import", str(file))
    assert (code, "There already: Coins, f/8" in err) == (1, True)
    await rig.delete_recipe("Coins, f/8")
    assert (await command(server, "recipe", "import", "-", given=file.read_text()))[0] == 0
    assert (await rig.recipes()).recipes == [kept]
    code, out, err = await command(server, "set", "capture", "--recipe", "coins", "--catalogue-number", "7", "--json")
    assert (code, json.loads(out)["image_count"]) == (0, 4), err
    code, _, err = await command(server, "set", "capture", "light_left", "--recipe", "coins")
    assert (code, "said by the recipe" in err) == (2, True)
    assert (await command(server, "recipe", "save", "Coins, f/8", "--preset"))[0] == 1
    assert (await command(server, "recipe", "import", "-", given="{"))[0] == 1
    code, out, _ = await command(server, "recipe", "list")
    assert (code, "2 lights + ambient" in out) == (0, True)
    assert (await command(server, "recipe", "delete", "Coins, f/8"))[0] == 0


async def test_a_recipe_does_not_touch_the_camera_of_a_set_under_way(rig: Client) -> None:
    """Its settings would spoil what runs: it is refused before the camera is touched."""
    await rig.save_recipe(COINS)
    await rig.save_recipe({"name": "Long", "light_sequence": LIGHTS, "on_failure": "pause"})
    running = rig.capture_recipe("Long")
    steps = aiter(running)
    await anext(steps)
    with pytest.raises(CameraBusy):
        await rig.capture_recipe("Coins, f/8")
    assert await settings(rig) == ("100", "1/125")
    async for _ in steps:
        pass
    assert running.result.image_count == 2

"""What a program may take from the top of the package, and that naming it there costs nothing before it is used."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

import tetherlight
from tetherlight.client.client import Client
from tetherlight.client.sync import Client as BlockingClient


def said(script: str) -> list[str]:
    """Run a script in an interpreter of its own and return the JSON that it prints."""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return list(json.loads(ended.stdout))


def test_the_top_of_the_package_offers_the_two_clients_and_nothing_else() -> None:
    assert tetherlight.__all__ == ["Client", "SyncClient"]
    assert (tetherlight.Client, tetherlight.SyncClient) == (Client, BlockingClient)


def test_the_clients_are_listed_before_they_are_used() -> None:
    assert {"Client", "SyncClient"} <= set(said("import json, tetherlight; print(json.dumps(dir(tetherlight)))"))


def test_every_name_of_the_star_is_there() -> None:
    names = said("from tetherlight import *; import json; print(json.dumps([n for n in globals() if 'Client' in n]))")
    assert names == ["Client", "SyncClient"]


def test_a_name_that_is_not_there_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="module 'tetherlight' has no attribute 'Camera'"):
        _ = tetherlight.Camera  # type: ignore[attr-defined]  # that it is needed shows that mypy knows, too


def test_importing_the_package_loads_nothing_but_itself() -> None:
    script = "import json, sys; old = {*sys.modules}; import tetherlight; print(json.dumps([*{*sys.modules} - old]))"
    loaded = {name.partition(".")[0] for name in said(script)}
    assert loaded - {"importlib", "warnings"} == {"tetherlight"}


def test_a_server_loads_no_numbers_before_it_needs_them() -> None:
    """They would take a third of its start and of its memory."""
    loaded = set(said("import json, sys, tetherlight.server.app; print(json.dumps(sorted(sys.modules)))"))
    assert "tetherlight.rig.rig" in loaded
    assert not {"numpy", "scipy", "numba", "tifffile", "rawpy"} & loaded


def test_a_server_loads_nothing_of_bridges_that_nobody_wants() -> None:
    """Their libraries take some megabytes each."""
    loaded = set(said("import json, sys, tetherlight.server.app; print(json.dumps(sorted(sys.modules)))"))
    assert "tetherlight.bridges.bridges" in loaded
    assert not {"aiomqtt", "paho", "zeroconf", "ifaddr"} & {name.partition(".")[0] for name in loaded}
    assert not [name for name in loaded if name.startswith(("tetherlight.bridges.mqtt", "tetherlight.bridges.mdns"))]


@pytest.mark.parametrize("name", ["Client", "SyncClient"])
def test_a_client_loads_no_library_of_the_server(name: str) -> None:
    script = f"import json, sys, tetherlight; tetherlight.{name}; print(json.dumps(sorted(sys.modules)))"
    loaded = set(said(script))
    assert "pydantic" in loaded
    others = {
        "PIL",
        "fastapi",
        "gphoto2",
        "httpx",
        "numpy",
        "pydantic_settings",
        "scipy",
        "starlette",
        "typer",
        "uvicorn",
    }
    assert (
        not (others | {"tetherlight.camera", "tetherlight.rig", "tetherlight.server", "tetherlight.settings"}) & loaded
    )


def test_the_package_tells_its_version() -> None:
    """As its metadata has it; and no module is loaded for it before somebody asks."""
    assert tetherlight.__version__ == version("tetherlight")

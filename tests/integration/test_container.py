"""The container image, where it was built and a container can be started: `make image` builds it."""

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.containers import Containers, NoContainers, started_from
from support.patience import stretched

IMAGE = os.environ.get("TETHERLIGHT_IMAGE", "tetherlight")
RIGHTS = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
"""As few as deploy/compose.yml gives."""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Containers]:
    try:
        with started_from(IMAGE, tmp_path) as found:
            yield found
    except NoContainers as why:
        pytest.skip(str(why))


@pytest.fixture
def container(here: Containers) -> Iterator[str]:
    """A container that serves a simulated rig to this machine only, from when it has told so."""
    serve = ("serve", "--host", "0.0.0.0", "--simulate", "--width", "300", "--height", "200")
    name = here.ask("run", "--detach", "--publish", "127.0.0.1::8000", *RIGHTS, IMAGE, *serve)
    try:
        here.until(name, "Tetherlight is at")
        yield name
    finally:
        here.ask("rm", "--force", "--volumes", name)


@pytest.mark.timeout(stretched(300))
def test_a_container_serves_finds_itself_healthy_and_ends_when_it_is_told(here: Containers, container: str) -> None:
    """With as few rights as in the compose file: it answers from outside, and no light is left to be switched off."""
    address = here.ask("port", container, "8000").splitlines()[0].removeprefix("8000/tcp -> ")
    with urllib.request.urlopen(f"http://{address}/health", timeout=stretched(60)) as answer:
        assert json.load(answer)["status"] == "ok"
    check = json.loads(here.ask("inspect", "--format", "{{json .Config.Healthcheck.Test}}", container))
    assert check[0] == "CMD"
    here.ask("exec", container, *check[1:])
    here.ask("stop", container)
    assert here.ask("inspect", "--format", "{{.State.ExitCode}}", container) == "0"

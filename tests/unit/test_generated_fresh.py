"""Generated files are committed, and they are what the code gives now."""

import json
from pathlib import Path

import generate
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.events import EVENTS
from tetherlight.protocol.schema import protocol_schema


def test_generated_files_are_fresh() -> None:
    """`make generate` would change nothing."""
    assert generate.stale(generate.generated()) == []


def test_what_pip_alone_installs_is_pinned_and_holds_this_folder() -> None:
    """Pip refuses a folder among requirements with hashes."""
    lines = (generate.ROOT / "requirements.txt").read_text().splitlines()
    pinned = (generate.ROOT / "requirements" / "runtime.txt").read_text()
    assert lines[-1] == "-e ."
    assert [f"{line} \\" for line in lines[1:-1]] == [line for line in pinned.splitlines() if line[0] not in " #"]


def test_a_stale_file_is_found(tmp_path: Path) -> None:
    """Missing and changed files are both told."""
    (tmp_path / "old.md").write_text("old")
    (tmp_path / "same.md").write_text("same")
    files = {Path("old.md"): "new", Path("same.md"): "same", Path("missing.md"): ""}
    assert generate.stale(files, tmp_path) == [Path("old.md"), Path("missing.md")]


def test_the_schema_names_every_action_and_event() -> None:
    """What is in the tables is in the schema, and nothing else."""
    definitions = protocol_schema()["definitions"]
    assert list(definitions["Actions"]["properties"]) == list(ACTIONS)
    assert list(definitions["Events"]["properties"]) == list(EVENTS)


def test_the_schema_has_no_dead_references() -> None:
    """Every reference leads to a definition, and every definition is used."""
    schema = protocol_schema()
    text = json.dumps(schema)
    names = set(schema["definitions"])
    used = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert used - names == set()
    assert names - used <= {"ErrorInfo"}


def test_the_schema_suits_code_generators() -> None:
    """Titles would become junk names, and newer tuples are not understood by all."""
    text = json.dumps(protocol_schema()["definitions"])
    assert '"title":' not in text
    assert "prefixItems" not in text
    assert "$defs" not in text

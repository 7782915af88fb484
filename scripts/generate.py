"""Write everything that is generated from the code, or with --check say what is stale and end with status 1."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import reference
from cli_reference import cli_page
from interfaces import asyncapi, openapi
from tetherlight.protocol.schema import manifest_schema, protocol_schema

ROOT = Path(__file__).resolve().parent.parent


def generated() -> Mapping[Path, str]:
    """Return the text of every generated file by its path below the checkout."""
    schema = protocol_schema()
    protocol = reference.ProtocolPages(schema)
    pages = {
        "actions": protocol.actions(),
        "events": protocol.events(),
        "values": protocol.values(),
        "errors": reference.errors_page(),
        "http": reference.http_page(),
        "settings": reference.settings_page(),
        "cli": cli_page(),
    }
    readme = reference.with_settings((ROOT / "README.md").read_text(encoding="utf-8"))
    return {
        Path("README.md"): readme,
        Path("requirements.txt"): plain_requirements((ROOT / "requirements/runtime.txt").read_text(encoding="utf-8")),
        Path("schema/protocol.schema.json"): _document(schema),
        Path("schema/manifest.schema.json"): _document(manifest_schema()),
        Path("schema/asyncapi.json"): _document(asyncapi(schema)),
        Path("schema/openapi.json"): _document(openapi(schema)),
        **{Path(f"docs/reference/{name}.md"): page for name, page in pages.items()},
    }


def plain_requirements(pinned: str) -> str:
    """Return what `pip install -r requirements.txt` takes: the pinned packages without hashes, and this folder.

    pip takes no folder where it asks for hashes; `make` uses the pins with their hashes.
    """
    pins = [line.removesuffix("\\").strip() for line in pinned.splitlines() if line[:1].isalnum()]
    return "\n".join(("# Made of requirements/runtime.txt and this folder by `make generate`.", *pins, "-e .", ""))


def _document(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def stale(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """Return the files that are missing or differ from what the code gives now."""
    return [path for path, text in files.items() if _read(root / path) != text]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main() -> int:
    """Write or check the files; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    only_check = parser.parse_args().check
    files = generated()
    old = stale(files)
    for path in old:
        if only_check:
            print(f"{path} is stale: run `make generate`.", file=sys.stderr)
        else:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(files[path], encoding="utf-8")
            print(f"{path} written.")
    return 1 if only_check and old else 0


if __name__ == "__main__":
    sys.exit(main())

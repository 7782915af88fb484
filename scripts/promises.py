"""Note what a released version promises its clients: promises.py [SCHEMA], by default the schema of this checkout.

What was promised once stays in `schema/promised.json`: names of actions with the fields of their payloads and results,
events with the fields of their data, topics, error codes, features. A test holds the current schema against it.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROMISED = ROOT / "schema" / "promised.json"
Schema = Mapping[str, Any]


def promised_by(schema: Schema) -> dict[str, Any]:
    """Return what clients may rely on in a schema of the protocol."""
    definitions = schema["definitions"]

    def of_fields(part: Schema) -> Schema:
        while "$ref" in part:
            part = definitions[part["$ref"].rpartition("/")[2]]
        return part

    def fields(part: Schema) -> list[str]:
        return sorted(of_fields(part).get("properties", {}))

    def named(name: str) -> list[str]:
        return sorted(definitions[name].get("enum", [])) if name in definitions else []

    return {
        "actions": {
            name: {
                "payload": fields(action["properties"]["payload"]),
                "required": sorted(of_fields(action["properties"]["payload"]).get("required", [])),
                "result": fields(action["properties"]["result"]),
            }
            for name, action in definitions["Actions"]["properties"].items()
        },
        "events": {
            name: fields(event["properties"]["data"]) for name, event in definitions["Events"]["properties"].items()
        },
        "topics": sorted(definitions.get("Topics", {}).get("properties", {})),
        "error_codes": named("ErrorCode"),
        "features": named("Feature"),
    }


def broken(promised: Schema, now: Schema) -> list[str]:
    """Return a sentence for each promise that the schema of now does not keep."""
    found = [
        f"The {kind} {name} is gone."
        for kind, key in (("action", "actions"), ("event", "events"), ("topic", "topics"), ("feature", "features"))
        for name in promised[key]
        if name not in now[key]
    ]
    found += [f"The error code {code} is gone." for code in promised["error_codes"] if code not in now["error_codes"]]
    for name, action in promised["actions"].items():
        if (today := now["actions"].get(name)) is None:
            continue
        found += _gone(f"of the payload of {name}", action["payload"], today["payload"])
        found += _gone(f"of the result of {name}", action["result"], today["result"])
        more = sorted(set(today["required"]) - set(action["required"]))
        found += [f"The field '{field}' of the payload of {name} must be given now." for field in more]
    for name, data in promised["events"].items():
        found += _gone(f"of the event {name}", data, now["events"].get(name, data))
    return found


def _gone(where: str, before: Sequence[str], now: Sequence[str]) -> list[str]:
    return [f"The field '{field}' {where} is gone." for field in before if field not in now]


def main() -> int:
    """Write the promises anew; return the exit status."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "schema" / "protocol.schema.json"
    new = promised_by(json.loads(source.read_text(encoding="utf-8")))
    if PROMISED.is_file() and (problems := broken(json.loads(PROMISED.read_text(encoding="utf-8")), new)):
        print("\n".join(problems), file=sys.stderr)
        return 1
    PROMISED.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

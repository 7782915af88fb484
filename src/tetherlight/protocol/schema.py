"""The protocol as one JSON Schema document, made from the tables of actions and events and the tree of errors.

It is draft 7 and shaped for code generators: `definitions` hold every model once, `Actions` and `Events` are objects
whose properties are the names on the wire. What JSON Schema has no word for stands in keys that begin with `x-`.
"""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tetherlight.errors import TetherlightError, error_classes
from tetherlight.files.types import FILE_TYPES
from tetherlight.protocol.action import Action
from tetherlight.protocol.actions import ACTIONS
from tetherlight.protocol.closing import CloseCode
from tetherlight.protocol.events import EVENTS, LIVEVIEW_FRAME, Event
from tetherlight.protocol.features import BROUGHT, FEATURES
from tetherlight.protocol.manifest import Manifest
from tetherlight.protocol.messages import PROTOCOL_VERSION
from tetherlight.protocol.models import ErrorInfo
from tetherlight.protocol.routes import ROUTES
from tetherlight.protocol.topics import TOPICS

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]

DIALECT = "http://json-schema.org/draft-07/schema#"
REFERENCE = "#/definitions/{model}"
REQUEST_ID: Schema = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}


def protocol_schema() -> Schema:
    """Return the JSON Schema of every action, event and topic, and the tables of codes."""
    references, models = _models()
    definitions = {
        "Actions": _table("Every action with its payload and its result.", dict(_actions(references))),
        "Events": _table("Every event with its data.", dict(_events(references))),
        "Topics": _table("Every topic with its state.", dict(_topics(references))),
        "ErrorCode": _error_codes(),
        "CloseCode": _close_codes(),
        "ImageType": _image_types(),
        "Feature": _features(),
        "Request": _request(),
        "Reply": _reply(),
    } | models
    parts = {
        "actions": "Actions",
        "events": "Events",
        "topics": "Topics",
        "error_code": "ErrorCode",
        "close_code": "CloseCode",
        "image_type": "ImageType",
        "feature": "Feature",
        "request": "Request",
        "reply": "Reply",
    }
    return {
        "$schema": DIALECT,
        "title": "TetherlightProtocol",
        "description": "What can be asked of the server, what it answers, and what it sends of its own accord.",
        "x-protocol": PROTOCOL_VERSION,
        "x-routes": dict(_routes()),
        **_object({name: {"$ref": REFERENCE.format(model=model)} for name, model in parts.items()}),
        "definitions": definitions,
    }


def manifest_schema() -> Schema:
    """Return the JSON Schema of `manifest.json` in the folder of a set, of this version and of older ones."""
    schema: Schema = _plain(Manifest.model_json_schema(ref_template=REFERENCE))
    definitions = schema.pop("$defs")
    return {"$schema": DIALECT, "title": "TetherlightManifest"} | schema | {"definitions": definitions}


def _models() -> tuple[dict[tuple[type[BaseModel], Mode], Schema], dict[str, Schema]]:
    wanted: dict[tuple[type[BaseModel], Mode], None] = {}
    for action in ACTIONS.values():
        wanted[action.payload, "validation"] = None
        wanted[action.result, "serialization"] = None
    for event in EVENTS.values():
        wanted[event.data, "serialization"] = None
    for row in TOPICS.values():
        wanted[row.snapshot, "serialization"] = None
    wanted[ErrorInfo, "serialization"] = None
    references, found = models_json_schema(list(wanted), ref_template=REFERENCE)
    definitions = {name: _plain(schema) for name, schema in sorted(found["$defs"].items())}
    return references, definitions  # type: ignore[return-value]  # pydantic's key type is wider than ours


def _actions(references: dict[tuple[type[BaseModel], Mode], Schema]) -> Iterator[tuple[str, Schema]]:
    for name, action in ACTIONS.items():
        schema = _object(
            {
                "payload": references[action.payload, "validation"],
                "result": references[action.result, "serialization"],
            }
        )
        yield name, {"description": action.summary} | schema | _action_facts(action)


def _action_facts(action: Action[Any, Any]) -> Schema:
    return {
        "x-right": action.right,
        "x-errors": [error.code for error in action.errors],
        "x-timeout-s": action.timeout_s,
        **({"x-server-only": sorted(action.server_only)} if action.server_only else {}),
        "examples": [{"payload": action.example, "result": action.example_result}],
    }


def _events(references: dict[tuple[type[BaseModel], Mode], Schema]) -> Iterator[tuple[str, Schema]]:
    for name, event in EVENTS.items():
        schema = _object({"data": references[event.data, "serialization"]})
        yield name, {"description": event.summary} | schema | _event_facts(event)


def _event_facts(event: Event[Any]) -> Schema:
    facts: Schema = {"x-topic": event.topic}
    if event is LIVEVIEW_FRAME:
        facts["x-top-level"] = True
    return facts


def _topics(references: dict[tuple[type[BaseModel], Mode], Schema]) -> Iterator[tuple[str, Schema]]:
    for name, row in TOPICS.items():
        schema = _object({"snapshot": references[row.snapshot, "serialization"]})
        yield name, {"description": row.summary} | schema | {"x-events": [event.name for event in row.events]}


def _error_codes() -> Schema:
    classes = list(error_classes())
    return {
        "description": "A stable name for each kind of failure.",
        "type": "string",
        "enum": [found.code for found in classes],
        "x-codes": {
            found.code: {
                "description": (found.__doc__ or "").splitlines()[0],
                "parent": _parent_code(found),
                "retryable": found.retryable,
                "status": found.status,
            }
            for found in classes
        },
    }


def _close_codes() -> Schema:
    return {
        "description": "Why a connection ended.",
        "type": "integer",
        "enum": [row.value for row in CloseCode],
        "x-codes": {row.name: {"code": row.value, "sentence": row.sentence, "again": row.again} for row in CloseCode},
    }


def _image_types() -> Schema:
    return {
        "description": "What an image is: the mimetype that stands for its extension.",
        "type": "string",
        "enum": list(dict.fromkeys(row.mimetype for row in FILE_TYPES)),
        "x-types": {row.suffix: {"mimetype": row.mimetype, "kind": row.kind} for row in FILE_TYPES},
    }


def _features() -> Schema:
    return {
        "description": "A part of a server that older ones lack.",
        "type": "string",
        "enum": list(FEATURES),
        "x-features": {
            name: {"description": row.summary, "brings": list(BROUGHT[row])} for name, row in FEATURES.items()
        },
    }


def _routes() -> Iterator[tuple[str, Schema]]:
    for name, row in ROUTES.items():
        yield (
            name,
            {
                "description": row.summary,
                "path": row.pattern,
                "methods": list(row.methods),
                "answer": row.answer,
                "query": dict(row.query),
                "open": row.open,
                "right": row.right,
            },
        )


def _parent_code(found: type[TetherlightError]) -> str | None:
    return next((base.code for base in found.__bases__ if issubclass(base, TetherlightError)), None)


def _request() -> Schema:
    properties: Schema = {
        "action": {"type": "string", "description": "A name from the table, in any case."},
        "payload": {"anyOf": [{"type": "object", "additionalProperties": True}, {"type": "null"}]},
        "request_id": REQUEST_ID | {"description": "Comes back in the reply."},
    }
    return {"description": "A message from a client."} | _object(properties, required=["action"], closed=False)


def _reply() -> Schema:
    properties: Schema = {
        "action": {"type": "string", "description": "As the request spelt it; `error` where it could not be read."},
        "success": {"type": "boolean"},
        "data": {"description": "The result; after a failure what there is of it, or null."},
        "error": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A sentence for people."},
        "request_id": REQUEST_ID,
        "error_code": {"$ref": REFERENCE.format(model="ErrorCode")},
        "hint": {"type": "string", "description": "What to do about it."},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "error_details": {"type": "object", "additionalProperties": True},
    }
    required = ["action", "success", "data", "error", "request_id"]
    return {"description": "The one final answer to a request."} | _object(properties, required=required)


def _table(description: str, rows: Schema) -> Schema:
    return {"description": description} | _object(rows)


def _object(properties: Schema, required: list[str] | None = None, *, closed: bool = True) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": not closed,
    }


def _plain(schema: Any) -> Any:
    """Drop titles, which generators turn into junk names, and write tuples in the older form that all of them read."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain_part(name, part) for name, part in schema.items() if name != "title"}
    if "prefixItems" in plain:
        items = plain.pop("prefixItems")
        alike = all(item == items[0] for item in items)
        plain |= {"items": items[0]} if alike else {"items": items, "additionalItems": False}
    return plain


def _plain_part(name: str, part: Any) -> Any:
    match name:
        case "properties" | "patternProperties":
            return {field: _plain(schema) for field, schema in part.items()}
        case "default" | "const" | "enum" | "examples" | "required":
            return part
        case _:
            return _plain(part)

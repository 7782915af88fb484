"""The interface as two standard documents, made of the protocol's schema: AsyncAPI 3.0 and OpenAPI 3.1."""

import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

Schema = Mapping[str, Any]
LICENCE = {"name": "MIT"}
TOKEN_TEXT = "The token of the server, as a bearer of the header Authorization; without a token all is open."  # noqa: S105
PLAIN_JSON = "application/json"


def asyncapi(schema: Schema) -> dict[str, Any]:
    """Return what is said over the WebSocket as an AsyncAPI document; the server is its application."""
    definitions = schema["definitions"]
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for name, action in definitions["Actions"]["properties"].items():
        messages[f"{name}.request"] = _message(name, f"{name} (request)", action["description"], _request(name, action))
        messages[f"{name}.reply"] = _message(name, f"{name} (reply)", "What comes back.", _reply(name, action))
        operations[name] = {
            "action": "receive",
            "channel": {"$ref": "#/channels/websocket"},
            "summary": action["description"],
            "messages": [_in_channel(f"{name}.request")],
            "reply": {"channel": {"$ref": "#/channels/websocket"}, "messages": [_in_channel(f"{name}.reply")]},
            "x-right": action["x-right"],
            "x-errors": action["x-errors"],
        }
    for name, event in definitions["Events"]["properties"].items():
        messages[name] = _message(name, f"{name} (event)", event["description"], _event(name, event))
        operations[name] = {
            "action": "send",
            "channel": {"$ref": "#/channels/websocket"},
            "summary": event["description"],
            "messages": [_in_channel(name)],
        }
    return {
        "asyncapi": "3.0.0",
        "info": _info("What is said over the WebSocket. Binary messages are frames of a live view, see the protocol."),
        "defaultContentType": PLAIN_JSON,
        "servers": {"rig": {"host": "localhost:8000", "protocol": "ws", "security": [_token_ref()]}},
        "channels": {
            "websocket": {
                "address": "/ws",
                "description": "One connection carries requests, replies and events.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
            }
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": _moved(definitions),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKEN_TEXT}},
        },
    }


def openapi(schema: Schema) -> dict[str, Any]:
    """Return what is answered over HTTP as an OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for name, route in schema["x-routes"].items():
        for method in route["methods"]:
            paths.setdefault(route["path"], {})[method.lower()] = _operation(name, method, route)
    return {
        "openapi": "3.1.0",
        "info": _info("What is answered over HTTP beside the WebSocket at /ws; AsyncAPI describes that."),
        "servers": [{"url": "http://localhost:8000"}],
        "paths": paths,
        "components": {
            "schemas": _moved({"Error": {"type": "object", "properties": _error_properties(), "required": ["error"]}}),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKEN_TEXT}},
        },
    }


def _info(description: str) -> dict[str, Any]:
    return {"title": "Tetherlight", "version": version("tetherlight"), "description": description, "license": LICENCE}


def _message(name: str, title: str, summary: str, payload: Schema) -> dict[str, Any]:
    return {"name": name, "title": title, "summary": summary, "payload": _moved(payload)}


def _in_channel(name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/websocket/messages/{name}"}


def _token_ref() -> dict[str, str]:
    return {"$ref": "#/components/securitySchemes/token"}


def _request(name: str, action: Schema) -> dict[str, Any]:
    properties = {
        "action": {"const": name},
        "payload": action["properties"]["payload"],
        "request_id": {"type": ["string", "integer", "null"]},
    }
    return {"type": "object", "properties": properties, "required": ["action"]}


def _reply(name: str, action: Schema) -> dict[str, Any]:
    result = {"properties": {"action": {"const": name}, "data": action["properties"]["result"]}}
    failure = {"properties": {"success": {"const": False}}}
    return {"allOf": [{"$ref": "#/definitions/Reply"}, {"anyOf": [failure, result]}]}


def _event(name: str, event: Schema) -> dict[str, Any]:
    data = event["properties"]["data"]
    if event.get("x-top-level"):
        return {"allOf": [{"type": "object", "properties": {"event": {"const": name}}}, data]}
    return {"type": "object", "properties": {"event": {"const": name}, "data": data}, "required": ["event", "data"]}


def _operation(name: str, method: str, route: Schema) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": name.lower() if method == route["methods"][0] else f"{name.lower()}_{method.lower()}",
        "summary": route["description"],
        "security": [] if route["open"] else [{"token": []}],
        "responses": {
            "101" if name == "WEBSOCKET" else "303" if "redirection" in route["answer"] else "200": _answer(route),
            "default": {
                "description": "What went wrong, with its code.",
                "content": {PLAIN_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if route["right"] is not None:
        told["x-right"] = route["right"]
    if parameters := [*_parameters(route)]:
        told["parameters"] = parameters
    return told


def _parameters(route: Schema) -> Iterator[dict[str, Any]]:
    for part in re.findall(r"\{(\w+)\}", route["path"]):
        yield {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, meaning in route["query"].items():
        yield {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}


def _answer(route: Schema) -> dict[str, Any]:
    kind = route["answer"]
    if re.fullmatch(r"[\w.+-]+/[\w.+-]+", kind):
        return {"description": route["description"], "content": {kind: {}}}
    return {"description": f"{kind[0].upper()}{kind[1:]}."}


def _error_properties() -> dict[str, Any]:
    text = {"type": "string"}
    return {"error": text, "error_code": text, "hint": text, "retryable": {"type": "boolean"}}


def _moved(part: Any) -> Any:
    """Return a part of the schema with its references to where the documents keep what they share."""
    if isinstance(part, Mapping):
        return {
            name: value.replace("#/definitions/", "#/components/schemas/") if name == "$ref" else _moved(value)
            for name, value in part.items()
        }
    return [_moved(one) for one in part] if isinstance(part, list) else part

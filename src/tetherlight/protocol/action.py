"""What an action is: a name, a payload, a result, and the sentence that its failures begin with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from tetherlight.errors import InvalidPayload, ServerOnly, TetherlightError
from tetherlight.protocol.models import Fault, Model, faults_of
from tetherlight.protocol.names import Feature


class Payload(Model):
    """What a request carries; strict, and unknown fields are refused by name.

    Where a field may be left out, null and the empty text mean that it is: old clients send what stands in their forms.
    `empty_counts` names the fields whose empty text says something.
    """

    # What is kept as it came, a recipe, is written in the words of a request as well: one schema for both.
    model_config = ConfigDict(strict=True, json_schema_serialization_defaults_required=False)
    empty_counts: ClassVar[frozenset[str]] = frozenset()

    @property
    def takes_s(self) -> float:
        """Return for how many seconds the request itself asks; a client waits so much longer for its reply."""
        return 0.0

    @classmethod
    def given(cls, payload: dict[str, Any]) -> dict[str, Any]:
        """Return what of a payload says something, also inside of it; the payload is not checked yet."""
        found = {}
        for name, value in payload.items():
            field = cls.model_fields.get(name)
            if field is None:
                found[name] = value
            elif field.is_required() or not (value is None or (value == "" and name not in cls.empty_counts)):
                found[name] = _given_inside(field.annotation, value)
        return found


def _given_inside(annotation: Any, value: Any) -> Any:
    if not isinstance(value, list | dict):
        return value
    inner = _payload_in(annotation)
    if inner is None:
        return value
    if isinstance(value, list):
        return [inner.given(one) if isinstance(one, dict) else one for one in value]
    return inner.given(value)


def _payload_in(annotation: Any) -> "type[Payload] | None":
    """Return the payload that a field holds, alone or as a list; None where it holds something else."""
    if isinstance(annotation, type) and issubclass(annotation, Payload):
        return annotation
    found = (_payload_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


class CameraPayload(Payload):
    """A payload that may name a camera; the selected one is meant where it does not."""

    camera_id: str | None = None


Right = Literal["read", "control", "delete", "settings", "metrics"]
"""What a caller may do: look, live view among it; change and capture; throw away and bring back; change what the rig
itself is; read the figures of its monitoring."""

EVERY_RIGHT: frozenset[Right] = frozenset({"read", "control", "delete", "settings", "metrics"})

P = TypeVar("P", bound=Payload)
R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True, eq=False)
class Action(Generic[P, R]):
    """One row of the table of actions.

    `right` is what its caller must have. `failure` is the sentence that begins every failure that is not the request's
    own fault; it may name payload fields in braces. `timeout_s` is how long a client should wait for the reply, None
    where only the job's end answers.
    `repeatable` actions only read: a client may ask again when it does not know whether it was heard.
    `feature` tells clients that this server has the action; those without one are as old as the first clients.
    `server_only` are keys that are refused at any depth, also as a part of a dotted one.
    """

    name: str
    payload: type[P]
    result: type[R]
    summary: str
    right: Right
    failure: str | None = None
    errors: tuple[type[TetherlightError], ...] = ()
    timeout_s: float | None = 30.0
    repeatable: bool = False
    server_only: frozenset[str] = frozenset()
    feature: Feature | None = None
    example: dict[str, Any] = field(default_factory=dict)
    example_result: Any = None

    def parse(self, payload: dict[str, Any]) -> P:
        """Check a payload; absent, null and, where a field may be absent, the empty text are the same.

        Raises InvalidPayload naming the first wrong field, ServerOnly for a key that no client may set.
        """
        given = self.payload.given({name: value for name, value in payload.items() if value is not None})
        for key in _keys(given) if self.server_only else ():
            if not self.server_only.isdisjoint(key.split(".")):
                raise _refused(key[:200], self.name)
        try:
            # Strict validation takes a list for a tuple and a string for an enum only from JSON.
            return self.payload.model_validate_json(to_json(given))
        except ValidationError as error:
            faults = faults_of(error, given)
            raise InvalidPayload(_sentence(faults[0], self.name), details={"fields": _fields(faults)}) from None

    def failure_sentence(self, payload: dict[str, Any]) -> str | None:
        """Return the beginning of a failure's sentence for this payload."""
        if self.failure is None:
            return None
        known = {name: str(value)[:200] for name, value in payload.items() if isinstance(value, str | int | float)}
        return self.failure.format_map(_Blank(known))


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def _fields(faults: Sequence[Fault]) -> list[dict[str, str]]:
    return [{"field": one.field, "problem": one.message} for one in faults]


def _keys(value: Any) -> Iterator[str]:
    """Give every key of a JSON value at any depth."""
    if isinstance(value, dict):
        yield from value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(part)


def _refused(key: str, action: str) -> ServerOnly:
    return ServerOnly(
        f"{action} does not set '{key}': only the server's own files do.",
        hint="Edit the rig file on the server's machine, then start the server again.",
        details={"key": key},
    )


def _sentence(fault: Fault, action: str) -> str:
    name = fault.field[:200]
    match fault.kind:
        case "missing":
            return f"{action} needs the field '{name}'."
        case "extra_forbidden":
            return f"{action} has no field '{name}'."
        case _:
            return f"Field '{name}' of {action}: {fault.reason}." if name else f"{action}: {fault.message}."

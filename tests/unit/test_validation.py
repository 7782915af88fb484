"""What pydantic finds wrong, told once for settings, payloads, the rig file, manifests and replies."""

import ast
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

import tetherlight
from tetherlight.protocol.models import faults_of, first_fault


class Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sizes: list[int] = []
    name: str = "x"

    @field_validator("name")
    @classmethod
    def _short(cls, value: str) -> str:
        if len(value) > 1:
            raise ValueError("One letter is enough")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Shelf":
        if self.sizes == [0]:
            raise ValueError("Nothing fits")
        return self


def wrong(**values: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Shelf(**values)
    return caught.value


def test_a_fault_tells_place_kind_and_value() -> None:
    """By names and numbers, as one word and apart."""
    fault = first_fault(wrong(sizes=[1, "two"]))
    assert (fault.place, fault.field, fault.kind, fault.value) == (("sizes", 1), "sizes.1", "int_parsing", "two")
    assert fault.reason.startswith("input should be a valid integer")


def test_what_our_validators_say_needs_no_heading() -> None:
    """And begins small behind a colon, large on its own."""
    named, whole = first_fault(wrong(name="long")), first_fault(wrong(sizes=[0]))
    assert (named.field, named.reason) == ("name", "one letter is enough")
    assert (whole.place, whole.message) == ((), "Nothing fits")


def test_every_fault_is_found() -> None:
    """In the order of the fields; what has no field comes last."""
    assert [one.kind for one in faults_of(wrong(sizes=["a"], name="long", more=1))] == [
        "int_parsing", "value_error", "extra_forbidden",
    ]  # fmt: skip


def test_nobody_reads_pydantic_s_list_of_errors_elsewhere() -> None:
    """One way to say it: five had five."""
    root = Path(tetherlight.__file__).parent
    readers = {
        path.name
        for path in root.rglob("*.py")
        if root / "web" not in path.parents
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "errors"
    }
    assert readers == {"models.py"}

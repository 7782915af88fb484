"""The tree of errors."""

import ast
import http
import re
from pathlib import Path

import pytest

from tetherlight import errors
from tetherlight.errors import TetherlightError, error_class, error_classes
from tetherlight.protocol.actions import ACTIONS
from tetherlight.server.replies import error_response

every_error = pytest.mark.parametrize("error", list(error_classes()), ids=lambda error: error.__name__)


def test_codes_are_unique() -> None:
    """A code stands for one class."""
    codes = [error.code for error in error_classes()]
    assert len(codes) == len(set(codes))


@every_error
def test_an_error_says_what_it_is(error: type[TetherlightError]) -> None:
    """Each class has its own code and a sentence."""
    assert "code" in vars(error)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
    assert (error.__doc__ or "").endswith(".")


@every_error
def test_the_module_draws_each_leaf(error: type[TetherlightError]) -> None:
    """The tree in the module's docstring is complete."""
    leaf = not error.__subclasses__()
    pattern = rf"{error.__name__} +{error.code}$" if leaf else rf"{error.__name__}\b"
    assert re.search(pattern, errors.__doc__ or "", re.MULTILINE)


@every_error
def test_a_code_leads_back_to_its_class(error: type[TetherlightError]) -> None:
    """The client raises what the server raised."""
    assert error_class(error.code) is error


@every_error
def test_an_error_has_a_status_over_http(error: type[TetherlightError]) -> None:
    """Which says as a code does whose fault it is, and an error that is new says what its parent says."""
    assert http.HTTPStatus(error.status) >= http.HTTPStatus.BAD_REQUEST
    assert error_response(error("It failed.")).status_code == error.status
    if issubclass(error, errors.RequestError):
        assert error.status < http.HTTPStatus.INTERNAL_SERVER_ERROR


@every_error
def test_an_error_is_the_same_when_it_is_raised_again(error: type[TetherlightError]) -> None:
    first = error.__new__(error, "It failed.")
    TetherlightError.__init__(first, "It failed.", hint="Mend it.", details={"a": 1}, data=[2])
    second = first.again()
    assert type(second) is error
    assert second is not first
    assert (str(second), vars(second)) == ("It failed.", vars(first))


def test_what_is_kept_is_raised_as_a_new_object() -> None:
    """One that is raised again and again keeps the frames of every time, and all that stands in them."""
    sources = [path for path in Path(errors.__file__).parent.rglob("*.py") if "simulator" not in path.parts]
    kept = re.compile(r"^ *raise self\.\w+$", re.MULTILINE)
    assert [path.name for path in sources if kept.search(path.read_text())] == []


def names_used() -> set[str]:
    """Every name that stands in the source outside of the tree itself."""
    here = Path(errors.__file__)
    sources = (path.read_text(encoding="utf-8") for path in here.parent.rglob("*.py") if path != here)
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in nodes
        if isinstance(node, ast.Attribute | ast.Name)
    }


def test_no_error_is_dead() -> None:
    """A code that nothing can have would be documented for nobody."""
    leaves = {error.__name__ for error in error_classes() if not error.__subclasses__()}
    assert leaves - names_used() == set()


def test_an_unknown_code_is_the_root() -> None:
    """A newer server's errors can still be caught."""
    assert error_class("quantum_error") is TetherlightError


def test_an_error_carries_what_the_reply_needs() -> None:
    """Sentence, hint, details and partial data are kept, and the sentence is what is printed."""
    error = errors.CameraBusy("Busy.", hint="Wait.", details={"job_id": "j"}, data=[1])
    assert (str(error), error.message, error.hint, error.details, error.data) == (
        "Busy.", "Busy.", "Wait.", {"job_id": "j"}, [1],
    )  # fmt: skip


def hints() -> list[str]:
    """Every hint that stands in the source as one text."""
    sources = (path.read_text(encoding="utf-8") for path in Path(errors.__file__).parent.rglob("*.py"))
    nodes = (node for source in sources for node in ast.walk(ast.parse(source)))
    values = (node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "hint")
    return [str(value.value) for value in values if isinstance(value, ast.Constant) and value.value]


@pytest.mark.parametrize("hint", sorted(set(hints())))
def test_a_hint_speaks_to_people_and_names_actions_in_brackets(hint: str) -> None:
    """The web application and the commands show hints as they are, where nobody sends messages by hand."""
    outside = re.sub(r"\([^)]*\)", "", hint)
    assert not [action for action in ACTIONS if re.search(rf"\b{action}\b", outside)]

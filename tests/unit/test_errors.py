"""The tree of errors."""

import re

import pytest

from tetherlight import errors
from tetherlight.errors import TetherlightError, error_class, error_classes

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


def test_an_unknown_code_is_the_root() -> None:
    """A newer server's errors can still be caught."""
    assert error_class("quantum_error") is TetherlightError


def test_an_error_carries_what_the_reply_needs() -> None:
    """Sentence, hint, details and partial data are kept, and the sentence is what is printed."""
    error = errors.CameraBusy("Busy.", hint="Wait.", details={"job_id": "j"}, data=[1])
    assert (str(error), error.message, error.hint, error.details, error.data) == (
        "Busy.", "Busy.", "Wait.", {"job_id": "j"}, [1],
    )  # fmt: skip

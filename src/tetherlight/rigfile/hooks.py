"""What a rig does by itself when something happens, as its file describes it; only the file says it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, StringConstraints, field_validator, model_validator

from tetherlight.protocol.models import Model

HookEvent = Literal["image_captured", "set_finished", "job_paused", "job_failed", "camera_lost", "disk_low"]
HOOK_EVENTS: tuple[HookEvent, ...] = get_args(HookEvent)
HookName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


class HookTable(Model):
    """A hook: on which events, and the program or the address that hears of them."""

    model_config = ConfigDict(strict=True)

    on: tuple[HookEvent, ...] = Field(min_length=1)
    command: tuple[Word, ...] | None = Field(default=None, min_length=1)
    """A program and its arguments, which no shell looks at. The event comes as JSON on its standard input."""
    url: str | None = Field(default=None, min_length=1)
    """Where the event is posted as JSON."""
    secret_file: str | None = Field(default=None, min_length=1)
    """Whose first line signs what is posted."""
    secret_env: Variable | None = None
    """Or the variable that does."""
    token_file: str | None = Field(default=None, min_length=1)
    """Whose first line is shown as a Bearer token."""
    token_env: Variable | None = None
    timeout_s: float = Field(default=30.0, ge=0.1, le=3600)
    """Seconds for one run, or one answer."""

    @field_validator("url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise ValueError("it is no address that begins with http:// or https://")
        if parts.username is not None or parts.password is not None:
            raise ValueError("secrets have no place in an address; use token_file or token_env")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("a hook has either a command or a url")
        given = {name for name in ("secret_file", "secret_env", "token_file", "token_env") if getattr(self, name)}
        if self.command is not None and given:
            raise ValueError(f"{min(given)} is of use with a url alone")
        for kind in ("secret", "token"):
            if {f"{kind}_file", f"{kind}_env"} <= given:
                raise ValueError(f"give either {kind}_file or {kind}_env")
        return self

    @property
    def secrets(self) -> Iterator[Any]:
        """Give what no client may read: which program runs, and what is told to whom."""
        yield [*(self.command or ()), self.url, self.secret_file, self.token_file]
        if self.url is not None:
            # The host stands in errors; the rest may be all that keeps others out, as the topic of a public service.
            parts = urlsplit(self.url)
            yield [parts.path, parts.path.strip("/"), parts.query]


HooksTable = dict[HookName, HookTable]

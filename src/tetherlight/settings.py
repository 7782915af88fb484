"""Settings from the environment, each with the name that it has there."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tetherlight.errors import InvalidSetting
from tetherlight.protocol.models import LogLevel, first_fault

SECRETS = ("API_TOKEN", "MQTT_PASSWORD")
"""Settings whose values are never shown."""
WordList = Annotated[tuple[str, ...], NoDecode]


def default_state_dir() -> Path:
    """Return where things that outlive a run but are no captures go: camera pairings, the login token."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "tetherlight"


class Settings(BaseSettings):
    """All settings; each is read from the environment variable of the same name in capitals. An empty one is unset."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", case_sensitive=False, env_ignore_empty=True)

    log_level: LogLevel = Field("INFO", description="How much is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    settings_refresh_interval: float = Field(
        10.0, gt=0, le=86400, description="Seconds after which an idle camera's whole config is read again."
    )
    liveview_frame_interval: float = Field(
        0.05, ge=0, le=60, description="Seconds between live view frames; 0 is as fast as the camera."
    )
    auto_standby: float = Field(
        10.0,
        ge=0,
        le=86400,
        description="Seconds after its last use in which the live view of a camera's body is ended; 0 is never.",
    )
    photometric_capture_delay: float = Field(
        0.5, ge=0, le=600, description="Seconds between a light change and the exposure, unless the light has its own."
    )
    captures_base_dir: Path = Field(Path("captures"), description="Folder of all captured images and sets.")
    photometric_sets_base_dir: Path | None = Field(
        None, description="Folder of the photometric sets; `photometric_sets` inside CAPTURES_BASE_DIR by default."
    )
    rig_file: Path | None = Field(
        None, description="The rig's description; `rig.toml` in the working folder if it is there."
    )
    cameras: WordList = Field((), description="Network cameras, comma separated, such as ptpip:192.168.1.20.")
    download_body_captures: bool = Field(
        default=True, description="Whether a picture taken with the button on the body is downloaded and announced."
    )
    delete_after_download: bool = Field(
        default=False, description="Whether a downloaded picture is deleted from the camera's card."
    )
    keep_raw_on_card: bool = Field(
        default=False,
        description="Whether of RAW and JPEG only the JPEG is downloaded; the RAW file stays on the camera's card.",
    )
    trash_days: float = Field(7.0, ge=0, description="Days after which deleted sets and captures go for good.")
    min_free_bytes: int = Field(500_000_000, ge=0, description="Room that captures leave free on the disk, in bytes.")
    api_token: str | None = Field(
        None, min_length=8, repr=False, description="Secret that clients must show; none means open."
    )
    allowed_origins: WordList = Field(
        (), description="Origins of other pages that may use the server, comma separated."
    )
    allowed_hosts: WordList = Field(
        (), description="Further host names under which the server answers, comma separated."
    )
    trusted_proxies: WordList = Field(
        (),
        description="Addresses or networks of reverse proxies whose X-Forwarded-For tells who asks, comma separated.",
    )
    base_path: str = Field(
        "", pattern=r"^(/[A-Za-z0-9._~-]+)*$", description="Path under which a reverse proxy publishes the server."
    )
    max_connections: int = Field(512, ge=1, description="WebSocket connections at the same time.")
    state_dir: Path = Field(
        default_factory=default_state_dir, description="Folder for camera pairings and the login token."
    )
    mqtt_password: str | None = Field(
        None, min_length=1, repr=False, description="Password for the MQTT broker, where the rig file names none."
    )
    simulator_control: Path | None = Field(
        None, description="Control socket of a running simulator, whose lamps are then used; set by `serve --simulate`."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _capitals(cls, value: Any) -> Any:
        return value.strip().upper() if isinstance(value, str) else value

    @field_validator("cameras", "allowed_origins", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(word.strip() for word in value.split(",") if word.strip())
        return value

    @field_validator("captures_base_dir", "photometric_sets_base_dir", "rig_file", "state_dir", "simulator_control")
    @classmethod
    def _home_found(cls, value: Path | None) -> Path | None:
        # A shell would have done it; service managers and containers hand over what is written.
        try:
            return value.expanduser() if value is not None else None
        except RuntimeError:
            raise ValueError("this user has no home folder that ~ could stand for") from None

    @field_validator("cameras")
    @classmethod
    def _network_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            if not address.startswith("ptpip:") or len(address) == len("ptpip:"):
                raise ValueError(f"'{address}' is not an address like ptpip:192.168.1.20")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise ValueError(f"'{network}' is no address or network like 192.168.1.5 or 10.0.0.0/8") from None
        return value

    @model_validator(mode="after")
    def _sets_inside_captures(self) -> Self:
        base, sets = self.captures_base_dir.resolve(), self.sets_dir.resolve()
        if sets == base or not sets.is_relative_to(base):
            raise ValueError(
                f"PHOTOMETRIC_SETS_BASE_DIR ({self.sets_dir}) must lie inside "
                f"CAPTURES_BASE_DIR ({self.captures_base_dir})"
            )
        return self

    @property
    def sets_dir(self) -> Path:
        """The folder of the photometric sets, with its default filled in."""
        return self.photometric_sets_base_dir or self.captures_base_dir / "photometric_sets"


def load_settings(**overrides: Any) -> Settings:
    """Read the environment; raise InvalidSetting with one sentence that names the first wrong variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        fault = first_fault(error)
        if not fault.place:
            raise InvalidSetting(f"{fault.message}.") from None
        name = str(fault.place[0]).upper()
        shown = "" if name in SECRETS else f" is {str(fault.value)[:80]!r}:"
        raise InvalidSetting(f"Setting {name}{shown} {fault.reason}.") from None

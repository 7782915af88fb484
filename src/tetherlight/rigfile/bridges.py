"""The bridges of a rig to other networks as its file describes them; only the file says it, and only we read it."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from tetherlight.protocol.models import Model

TopicPrefix = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/+#\x00-\x1f]+(/[^/+#\x00-\x1f]+)*$")]
"""The beginning of MQTT topics: parts between slashes, without the signs that mean something in a subscription."""
MQTT_PORT, MQTT_TLS_PORT = 1883, 8883


class MqttTable(Model):
    """How the rig speaks to an MQTT broker."""

    model_config = ConfigDict(strict=True)

    host: str = Field(default="localhost", min_length=1, max_length=255)
    port: int | None = Field(default=None, ge=1, le=65535)
    """1883, or 8883 with TLS, where it is not said."""
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password: str | None = Field(default=None, min_length=1, repr=False)
    password_file: str | None = Field(default=None, min_length=1)
    """Whose first line is the password; without either it is the setting MQTT_PASSWORD."""
    tls: bool = False
    tls_ca: str | None = Field(default=None, min_length=1)
    """Certificates that are trusted instead of those of the system."""
    tls_cert: str | None = Field(default=None, min_length=1)
    tls_key: str | None = Field(default=None, min_length=1)
    topic: TopicPrefix = "tetherlight"
    """What all topics of rigs begin with; the rig's id comes next."""
    home_assistant: bool = True
    """Whether the rig presents itself to Home Assistant."""
    discovery: TopicPrefix = "homeassistant"
    """What Home Assistant's own topics begin with."""
    settings: tuple[str, ...] = ("iso", "shutterspeed", "aperture", "whitebalance", "exposurecompensation")
    """The settings of cameras that are told, by alias or name."""
    pictures: bool = True
    """Whether the picture of the last shot is sent."""
    allow_commands: bool = False
    """Whether what comes from the broker may switch lights, change cameras and capture."""
    keepalive_s: int = Field(default=30, ge=5, le=3600)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("bridges.mqtt: give either password or password_file")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("bridges.mqtt: tls_cert and tls_key belong together")
        if not self.tls and any((self.tls_ca, self.tls_cert)):
            raise ValueError("bridges.mqtt: certificates are of use with tls = true alone")
        return self

    @property
    def broker(self) -> tuple[str, int]:
        """Host and port of the broker."""
        return self.host, self.port or (MQTT_TLS_PORT if self.tls else MQTT_PORT)


class MdnsTable(Model):
    """How the rig is found by name."""

    model_config = ConfigDict(strict=True)

    interfaces: tuple[str, ...] = ()
    """The addresses of this machine on whose networks it is told; all but loopback where none is said."""

    @field_validator("interfaces")
    @classmethod
    def _some(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not one for one in value):
            raise ValueError("an address is empty")
        return value


class BridgesTable(Model):
    """All bridges, and what the rig is called there."""

    model_config = ConfigDict(strict=True)

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,40}$")
    """What no other rig is called; one that is made once and kept in STATE_DIR where it is not said."""
    name: str | None = Field(default=None, min_length=1, max_length=60)
    """For people; the machine's name where it is not said."""
    mqtt: MqttTable | None = None
    mdns: MdnsTable | None = None

    @property
    def secrets(self) -> Iterator[Any]:
        """Give what no client may read: where the broker is, and how one gets in."""
        if self.mqtt is not None:
            host, *keys = "host", "username", "password", "password_file", "tls_ca", "tls_cert", "tls_key"
            yield from (getattr(self.mqtt, key) for key in keys)
            if self.mqtt.host != MqttTable.model_fields[host].default:
                yield self.mqtt.host

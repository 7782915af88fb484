"""Actions on the server itself."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from tetherlight import errors
from tetherlight.protocol.action import Action, Payload, Right
from tetherlight.protocol.cameras import Message, NoPayload
from tetherlight.protocol.models import CameraStatus, Job, LightsStatus, LogLevel, Model, Storage
from tetherlight.protocol.names import Feature, Topic
from tetherlight.protocol.roles import Role


class ServerInfo(Model):
    """What this server is and how it stands."""

    name: Literal["tetherlight"] = "tetherlight"
    version: str
    protocol: int
    features: list[str]
    simulated: bool = False
    token_needed: bool = Field(default=False, description="Whether clients must show a token.")
    role: Role | None = Field(default=None, description="What who asks is; null where its rights are no role's.")
    rights: list[Right] | None = Field(
        default=None, description="What who asks may do; servers that do not say it know one token, which opens all."
    )
    cameras: list[CameraStatus]
    selected: str | None = Field(default=None, description="The selected camera's camera_id.")
    lights: LightsStatus
    storage: Storage
    jobs: list[Job]
    libgphoto2: str | None = Field(default=None, description="Version of the library, once a camera is open.")
    sets_dir: str
    started_at: str


class Description(Model):
    """The protocol as JSON Schema."""

    protocol: int
    schema_: dict[str, Any] = Field(alias="schema")


class Subscribe(Payload):
    """Which topics are wanted, instead of those before."""

    topics: list[Topic]
    snapshots: list[Topic] | None = Field(
        default=None, description="Of which of them the state is wanted as well; of all where it is not said."
    )


class TopicSnapshot(Model):
    """How a topic stands; the next event of it has the next sequence number."""

    seq: int
    snapshot: Any = Field(description="Null where it was not wanted; of `sets` the first page, newest first.")


class Subscription(Model):
    """The topics of this connection."""

    topics: dict[Topic, TopicSnapshot]


class Authenticate(Payload):
    """The server's token."""

    token: str = Field(max_length=512)


class Finding(Model):
    """One finding of the doctor."""

    check: str
    level: Literal["ok", "warning", "error", "info"]
    message: str
    remedy: str | None = Field(default=None, description="The command or the step that mends it.")


class Neighbour(Model):
    """Another rig on the network, as it tells of itself."""

    id: str = Field(description="What no other rig is called.")
    name: str
    url: str = Field(description="Where its pages and its WebSocket are.")
    urls: list[str] = Field(default=[], description="All addresses where it says that they are, IPv4 before IPv6.")
    protocol: int | None = None
    version: str | None = None


class Neighbours(Model):
    """The other rigs on the network."""

    neighbours: list[Neighbour]


class GetLog(Payload):
    """How much of the log is wanted."""

    limit: int = Field(default=200, ge=1, le=1000)
    level: LogLevel = Field(default="INFO", description="The least important level that is wanted.")


class LogLine(Model):
    """One line of the server's log."""

    time: datetime
    level: LogLevel
    logger: str
    message: str = Field(description="With the traceback, where there is one.")


class LogTail(Model):
    """The newest lines of the log, oldest first."""

    lines: list[LogLine]


class Diagnosis(Model):
    """What the doctor found."""

    findings: list[Finding]


TOPICS = Feature("subscribe", "Topics: a state, and then an event for every change.")
NEIGHBOURS = Feature("neighbours", "Other rigs on the network, by mDNS.")
LOG = Feature("log", "The newest lines of the log.")

GET_SERVER_INFO = Action(
    "GET_SERVER_INFO", NoPayload, ServerInfo,
    right="read",
    summary="Tell version, features, cameras, lights, storage and jobs.",
    repeatable=True,
    example_result={"version": "0.1.0", "protocol": 1, "features": ["jobs"], "cameras": [],
                    "lights": {"driver": "simulated", "gpio_available": False, "lights": []},
                    "storage": {"path": "captures", "free_bytes": 1, "total_bytes": 2}, "jobs": [],
                    "sets_dir": "captures/photometric_sets", "started_at": "2023-10-27T13:00:00Z"},
)  # fmt: skip
DESCRIBE = Action(
    "DESCRIBE", NoPayload, Description,
    right="read",
    summary="Give the JSON Schema of every action, event and error code.",
    repeatable=True,
    example_result={"protocol": 1, "schema": {}},
)  # fmt: skip
SUBSCRIBE = Action(
    "SUBSCRIBE", Subscribe, Subscription,
    right="read",
    summary="Give the topics as they stand, and then an event for every change.",
    example={"topics": ["lights", "job"]},
    example_result={"topics": {"lights": {"seq": 7, "snapshot": {}}, "job": {"seq": 2, "snapshot": []}}},
    feature=TOPICS,
)  # fmt: skip
AUTH = Action(
    "AUTH", Authenticate, Message,
    right="read",
    summary="Show the token as the first message of a connection.",
    errors=(errors.Unauthorized, errors.TooManyRequests),
    example={"token": "secret-token"},
    example_result={"message": "Authenticated."},
)  # fmt: skip
PING = Action(
    "PING", NoPayload, Message,
    right="read",
    summary="Answer at once: for measuring the round trip, and for noticing a dead connection.",
    repeatable=True,
    example_result={"message": "Pong."},
)  # fmt: skip
GET_LOG = Action(
    "GET_LOG", GetLog, LogTail,
    right="read",
    summary="Give the newest lines of the server's log.",
    repeatable=True,
    example={"limit": 50, "level": "WARNING"},
    example_result={"lines": [{"time": "2023-10-27T13:00:00Z", "level": "WARNING", "logger": "tetherlight.camera",
                               "message": "The camera does not answer."}]},
    feature=LOG,
)  # fmt: skip
GET_NEIGHBOURS = Action(
    "GET_NEIGHBOURS", NoPayload, Neighbours,
    right="read",
    summary="List the other rigs that the network tells of; none where the rig file has no [bridges.mdns].",
    repeatable=True,
    example_result={"neighbours": [{"id": "5f3a9c1b", "name": "Studio", "url": "http://192.168.1.30:8000/",
                                    "protocol": 1, "version": "0.1.0"}]},
    feature=NEIGHBOURS,
)  # fmt: skip
DIAGNOSE = Action(
    "DIAGNOSE", NoPayload, Diagnosis,
    right="read",
    summary="Look for what is wrong with cameras, lights, disk and settings, and say what mends it.",
    repeatable=True,
    example_result={"findings": [{"check": "disk", "level": "ok", "message": "61 GB free."}]},
)  # fmt: skip

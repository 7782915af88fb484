"""The broker: how one gets in, and why one does not."""

import asyncio
import logging
import socket
import ssl
from pathlib import Path
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from tetherlight.bridges.certificates import distrust
from tetherlight.files.durable import read_regular
from tetherlight.process.threads import in_daemon_thread
from tetherlight.rigfile.bridges import MqttTable

logger = logging.getLogger(__name__)

CONNECT_S = 10.0
"""Seconds that the broker has for each answer."""
MOST_INCOMING = 200
"""Messages from the broker that wait for us; it drops further ones."""
MAX_PASSWORD_BYTES = 10_000
NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Without it each answer waits for 40 ms for a packet to share."""
REFUSED = {4, 5, 134, 135}
"""What a broker answers who knows no such user, or does not let him in."""
CERTIFICATES = "Compare tls_ca in the rig file with the broker's certificate, and the clocks of both machines."
CREDENTIALS = "Compare username and password with the broker's: in the rig file, its password_file, or MQTT_PASSWORD."


class Trouble(Exception):
    """Why there is no connection, in a sentence without any address, and what mends it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def password_of(table: MqttTable, setting: str | None) -> str | None:
    """Return the password, read anew where it lies in a file; raise Trouble; blocking."""
    if table.password_file is None:
        return table.password or setting
    try:
        text = read_regular(Path(table.password_file).expanduser(), most=MAX_PASSWORD_BYTES, follow=True).decode()
    except (OSError, RuntimeError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Trouble(
            f"The password for the broker cannot be read: {reason}.", "Mend password_file of [bridges.mqtt]."
        ) from None
    return text.partition("\n")[0].rstrip("\r")


def tls_of(table: MqttTable) -> ssl.SSLContext | None:
    """Return whom to trust and who we are; None without TLS; raise Trouble; blocking."""
    if not table.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=table.tls_ca)
        if table.tls_cert is not None:
            context.load_cert_chain(table.tls_cert, table.tls_key)
    except OSError as error:  # SSLError is one
        raise Trouble(
            f"The certificates for the broker cannot be used: {error.strerror or error}.",
            "Mend tls_ca, tls_cert and tls_key of [bridges.mqtt]: files in PEM form that the server may read.",
        ) from None
    return context


async def client_of(table: MqttTable, setting: str | None, identifier: str, **options: Any) -> aiomqtt.Client:
    """Return a client, to be entered, for a broker that answers; raise Trouble where it does not."""

    def prepare() -> tuple[str | None, ssl.SSLContext | None]:
        context = tls_of(table)
        _reach(table, context)
        return password_of(table, setting), context

    # In a thread that nobody waits for at the end: names and connections may take minutes.
    password, context = await in_daemon_thread(prepare)
    host, port = table.broker
    return aiomqtt.Client(
        host,
        port,
        identifier=identifier,
        username=table.username,
        password=password if table.username is not None else None,
        tls_context=context,
        keepalive=table.keepalive_s,
        timeout=CONNECT_S,
        max_queued_incoming_messages=MOST_INCOMING,
        socket_options=NODELAY,
        logger=logger.getChild("library"),
        **options,
    )


def _reach(table: MqttTable, context: ssl.SSLContext | None) -> None:
    """Connect and hang up: the library says less of what stands in the way, and holds up the process's end."""
    try:
        with socket.create_connection(table.broker, timeout=CONNECT_S) as connection:
            if context is not None:
                with context.wrap_socket(connection, server_hostname=table.host):
                    pass
    except ssl.SSLCertVerificationError as error:
        raise Trouble(f"The broker's certificate is not trusted: {distrust(error)}.", CERTIFICATES) from None
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).lower().replace("_", " ")
        raise Trouble(f"The broker and this rig find no common TLS: {reason}.", CERTIFICATES) from None
    except TimeoutError:
        raise Trouble(f"The broker does not answer within {CONNECT_S:g} s.", _where(table)) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Trouble(f"The broker cannot be reached: {reason}.", _where(table)) from None


def _where(table: MqttTable) -> str:
    return (
        f"Look whether it runs and listens on port {table.broker[1]}, and compare host and port of [bridges.mqtt] "
        "in the rig file."
    )


def trouble_of(error: aiomqtt.MqttError) -> Trouble:
    """Return what is wrong, in our words."""
    code = getattr(error, "rc", None)
    code = getattr(code, "value", code)
    if isinstance(error, MqttConnectError):
        if code in REFUSED:
            return Trouble("The broker refuses this username and password.", CREDENTIALS)
        return Trouble(f"The broker refuses the connection: {error}.", "Its log says why.")
    return Trouble(f"The connection to the broker was lost: {error}.", "It is tried again by itself.")


async def try_broker(table: MqttTable, setting: str | None) -> None:
    """Connect once and leave; raise Trouble where that is not possible."""
    try:
        async with asyncio.timeout(CONNECT_S + 1), await client_of(table, setting, ""):
            pass
    except aiomqtt.MqttError as error:
        raise trouble_of(error) from None
    except TimeoutError:
        raise Trouble(f"The broker does not answer within {CONNECT_S:g} s.", _where(table)) from None

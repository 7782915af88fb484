"""Network cameras: whether anybody answers at their addresses."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Collection

from tetherlight.protocol.server import Finding

PTPIP_PORT = 15740
ANSWER_DEADLINE_S = 2.0

REMEDY = (
    "Switch the camera and its Wi-Fi on and end its other connections (phones); compare the address with the one in "
    "the camera's network menu; ping it from here."
)


async def check_network(
    addresses: Collection[str], in_use: Collection[str] = (), deadline_s: float = ANSWER_DEADLINE_S
) -> list[Finding]:
    """Try to reach network cameras, all at once; those in use by this server are left in peace."""
    return list(await asyncio.gather(*(_check(address, address in in_use, deadline_s) for address in addresses)))


async def _check(address: str, in_use: bool, deadline_s: float) -> Finding:
    if in_use:
        return Finding(check="network_camera", level="ok", message=f"{address} is used by this server.")
    try:
        host, port = host_and_port(address)
    except ValueError:
        message = f"{address} is no address like ptpip:192.168.1.20."
        return Finding(
            check="network_camera", level="error", message=message, remedy="Correct CAMERAS or the rig file."
        )
    try:
        async with asyncio.timeout(deadline_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        problem = f"nobody answers within {deadline_s:g} s"
    except OSError as error:
        problem = _reason(error)
    else:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return Finding(check="network_camera", level="ok", message=f"{address} answers.")
    message = f"{address} cannot be reached: {problem}."
    return Finding(check="network_camera", level="error", message=message, remedy=REMEDY)


def _reason(error: OSError) -> str:
    # What asyncio says of a failed connection names the address again; what the resolver says has its own numbers.
    known = error.errno and not isinstance(error, socket.gaierror)
    return (os.strerror(error.errno or 0) if known else error.strerror or str(error)).lower()


def host_and_port(address: str) -> tuple[str, int]:
    """Take apart ptpip:HOST or ptpip:HOST:PORT[:PORT]; raise ValueError."""
    host, _, ports = address.removeprefix("ptpip:").partition(":")
    if not host:
        raise ValueError(address)
    return host, int(ports.partition(":")[0]) if ports else PTPIP_PORT

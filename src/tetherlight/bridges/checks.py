"""What the doctor finds of bridges beside a server, which knows its own better."""

import asyncio

from tetherlight.bridges.table import BRIDGES
from tetherlight.errors import NotInstalled
from tetherlight.protocol.server import Finding
from tetherlight.rigfile.bridges import MqttTable
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.settings import Settings


async def check_bridges(settings: Settings, rig_file: RigFile) -> list[Finding]:
    """Try the bridges that the rig file wants; takes ten seconds where a broker does not answer."""
    found = []
    for row in BRIDGES:
        if row.wanted(rig_file) and row.name in CHECKS:
            try:
                row.require()
                found.append(await CHECKS[row.name](settings, rig_file))
            except NotInstalled as error:
                found.append(Finding(check=row.name, level="error", message=error.message, remedy=error.hint))
    return found


async def _mqtt(settings: Settings, rig_file: RigFile) -> Finding:
    from tetherlight.bridges.mqtt.broker import Trouble, try_broker  # noqa: PLC0415 - loads what an extra brings

    table = rig_file.bridges.mqtt or MqttTable()
    try:
        await try_broker(table, settings.mqtt_password)
    except Trouble as trouble:
        return Finding(check="mqtt", level="error", message=trouble.message, remedy=trouble.remedy)
    return Finding(check="mqtt", level="ok", message="The broker lets this rig in.")


async def _mdns(_: Settings, rig_file: RigFile) -> Finding:
    from tetherlight.neighbours import NO_ROUTE_REMEDY, addresses, no_route, unreached  # noqa: PLC0415

    table = rig_file.bridges.mdns
    chosen = table.interfaces if table is not None and table.interfaces else await asyncio.to_thread(addresses)
    reasons = await asyncio.to_thread(unreached, chosen)
    if len(reasons) < len(chosen):
        return Finding(check="mdns", level="ok", message="The network can be told where this rig is.")
    return Finding(check="mdns", level="error", message=no_route(reasons), remedy=NO_ROUTE_REMEDY)


CHECKS = {"mqtt": _mqtt, "mdns": _mdns}

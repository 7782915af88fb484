"""Tokens that come and go while the server runs: who was let in by one that is gone is sent out."""

import asyncio
import logging

from tetherlight.errors import InvalidSetting
from tetherlight.process.threads import in_daemon_thread
from tetherlight.server.access.security import Guard
from tetherlight.server.clients import Clients
from tetherlight.tokens import Tokens

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Seconds between two looks at the file: so long may a revoked token still be used."""


async def follow_tokens(tokens: Tokens, guard: Guard, clients: Clients) -> None:
    """Look at the file of tokens until cancelled."""
    known, told = tokens.version, ""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await in_daemon_thread(tokens.refresh)
        except InvalidSetting as error:
            if error.message != told:
                logger.warning("%s Those that were read before stay valid.", error.message)
            told = error.message
            continue
        told = ""
        if tokens.version != known:
            known = tokens.version
            logger.info("There are %d tokens now", len(tokens))
            clients.dismiss(guard.holds)

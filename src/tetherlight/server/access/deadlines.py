"""The deadline for the body of a request, under whatever server the application runs."""

import asyncio

from starlette.types import Message, Receive

from tetherlight.errors import RequestTooSlow

BODY_SECONDS = 10.0
"""Seconds in which the whole body of a request must have come, however it trickles."""


class TimelyBody:
    """A request's `receive` that gives up where the body does not come.

    Before the response begins RequestTooSlow is raised; after that the client counts as gone.
    """

    def __init__(self, receive: Receive, seconds: float = BODY_SECONDS) -> None:
        self._receive = receive
        self._give_up = asyncio.get_running_loop().time() + seconds
        self._whole = False
        self.answered = False
        """Whether the response has begun."""

    async def __call__(self) -> Message:
        """Return the next message; when the body is whole it is waited for without a deadline."""
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._give_up):
                message = await self._receive()
        except TimeoutError:
            if self.answered:
                return {"type": "http.disconnect"}
            raise RequestTooSlow("The body of the request did not come in time.") from None
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

"""Files over HTTP: fetched in pieces, resumed where they broke off, and checked.

What is not complete lies beside its destination under the same name with `.part` behind it.
"""

import asyncio
import hashlib
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from tetherlight.client.address import Address
from tetherlight.client.replies import http_error
from tetherlight.errors import ServerUnreachable, StoreError
from tetherlight.protocol.models import ImageFile
from tetherlight.protocol.sets import SetFile

CHUNK = 512 * 1024
TRIES = 5
"""Attempts that bring nothing new before a download is given up."""

PAUSE = 0.1
"""Seconds before the next attempt; they double with each one that brought nothing."""

TIMEOUT = httpx.Timeout(30.0, connect=10.0)

Listed = ImageFile | SetFile
"""What a server lists and gives."""

BytesTold = Callable[[int], None]
"""Called with the number of bytes that came, also with those that were there already."""


@dataclass
class Part:
    """What is there of a file."""

    path: Path
    size: int = 0
    etag: str | None = None

    def resume(self) -> None:
        """Go on behind what an earlier attempt left."""
        self.size = self.path.stat().st_size if self.path.is_file() else 0

    def begin(self, size: int = 0) -> None:
        """Drop what lies behind `size` bytes."""
        with self.path.open("ab") as file:
            file.truncate(size)
        self.size = size

    def append(self, piece: bytes) -> None:
        """Add a piece."""
        with self.path.open("ab") as file:
            file.write(piece)
        self.size += len(piece)


class Downloads:
    """One HTTP connection pool to a server."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        self._address = address
        self._http = httpx.AsyncClient(
            headers=address.headers, verify=tls if tls is not None else False, timeout=TIMEOUT, trust_env=False
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def read(self, image: Listed) -> bytes:
        """Return an image's bytes; raise StoreError where they are not what the server listed."""
        try:
            response = await self._http.get(self._address.url(image.url))
        except httpx.TransportError as error:
            raise _lost(image, error) from error
        if response.is_error:
            raise http_error(response.status_code, response.content)
        if image.sha256 is not None and hashlib.sha256(response.content).hexdigest() != image.sha256:
            raise _damaged(image)
        return response.content

    async def send(self, place: str, content: bytes) -> bytes:
        """Send bytes to an address below the server's own and return the answer; raise its error."""
        try:
            response = await self._http.post(self._address.url(place), content=content)
        except httpx.TransportError as error:
            raise ServerUnreachable(f"Sending broke off: {str(error) or type(error).__name__}.") from error
        if response.is_error:
            raise http_error(response.status_code, response.content)
        return response.content

    async def fetch(self, image: Listed, folder: Path, told: BytesTold | None = None, *, renewed: bool = False) -> Path:
        """Bring a file into the folder and return its path; one that is there already is left as it is.

        Nothing is overwritten: another file of the same name stays, and the new one is called name-2, or the old one
        where the new one is `renewed`. Raise ImageNotFound, ServerUnreachable, or StoreError where the bytes are not
        those that the server listed.
        """
        wanted = _place(folder, image)
        await asyncio.to_thread(wanted.parent.mkdir, parents=True, exist_ok=True)
        destination, there = await asyncio.to_thread(_destination, wanted, image, renewed=renewed)
        told = told or (lambda _: None)
        if there:
            told(image.size)
            return destination
        part = Part(destination.with_name(f"{destination.name}.part"))
        if image.sha256 is not None:
            # Without a checksum nobody could tell whether the rest belongs to what is there.
            await asyncio.to_thread(part.resume)
            told(part.size)
        else:
            await asyncio.to_thread(part.begin)
        resumed = part.size > 0
        await self._fill(part, image, told)
        if resumed and not await asyncio.to_thread(_is(image), part.path):
            # What an earlier attempt left may be of another file of that name.
            told(-part.size)
            await asyncio.to_thread(part.begin)
            await self._fill(part, image, told)
        if not await asyncio.to_thread(_is(image), part.path):
            await asyncio.to_thread(part.path.unlink)
            raise _damaged(image)
        if renewed and destination != wanted:
            await asyncio.to_thread(wanted.rename, destination)
            destination = wanted
        await asyncio.to_thread(part.path.rename, destination)
        return destination

    async def _fill(self, part: Part, image: Listed, told: BytesTold) -> None:
        tries = 0
        while part.size < image.size or not part.path.exists():
            before = part.size
            try:
                await self._stream(part, image, told)
                if part.size < image.size:
                    raise httpx.ReadError("the response is too short")
            except httpx.TransportError as error:
                tries = 1 if part.size > before else tries + 1
                if tries >= TRIES:
                    raise _lost(image, error) from error
                await asyncio.sleep(PAUSE * 2**tries)

    async def _stream(self, part: Part, image: Listed, told: BytesTold) -> None:
        headers = {"Accept-Encoding": "identity"}
        if part.size:
            headers["Range"] = f"bytes={part.size}-"
            if part.etag is not None:
                headers["If-Range"] = part.etag
        async with self._http.stream("GET", self._address.url(image.url), headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                # The file has become shorter than it was listed: what is here of it is all, and not what is wanted.
                await asyncio.to_thread(part.path.unlink)
                raise _damaged(image)
            if response.is_error:
                raise http_error(response.status_code, await response.aread())
            if part.size and response.status_code != httpx.codes.PARTIAL_CONTENT:
                told(-part.size)
                await asyncio.to_thread(part.begin)
            part.etag = response.headers.get("etag")
            async for piece in response.aiter_bytes(CHUNK):
                await asyncio.to_thread(part.append, piece)
                told(len(piece))
        if not part.size:
            await asyncio.to_thread(part.begin)


def _place(folder: Path, image: Listed) -> Path:
    """Return where a file belongs; raise StoreError for a name that leads out of the folder or is hidden."""
    parts = PurePosixPath(image.filename).parts
    # A set's file may lie in a folder of the set; an image's name is a name and never a path.
    parts = parts if isinstance(image, SetFile) else parts[-1:]
    if not parts or any(part.startswith((".", "/")) or "\0" in part for part in parts):
        raise StoreError(f"The server listed a file with the name '{image.filename[:200]}', which is none.")
    return folder.joinpath(*parts)


def _destination(wanted: Path, image: Listed, *, renewed: bool) -> tuple[Path, bool]:
    """Return where the file shall lie, and whether it lies there already; a renewed one does only at its own name."""
    is_same = _is(image)
    path, number = wanted, 1
    while os.path.lexists(path):
        if path.is_file() and is_same(path) and (path == wanted or not renewed):
            return path, True
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return path, False


def _is(image: Listed) -> Callable[[Path], bool]:
    def same(path: Path) -> bool:
        if path.stat().st_size != image.size:
            return False
        if image.sha256 is None:
            return True
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == image.sha256

    return same


def _lost(image: Listed, error: Exception) -> ServerUnreachable:
    sentence = f"The download of '{image.filename}' broke off: {str(error) or type(error).__name__}."
    return ServerUnreachable(sentence, hint="What came is kept; the next attempt goes on there.")


def _damaged(image: Listed) -> StoreError:
    return StoreError(
        f"What came for '{image.filename}' is not what the server listed.", hint="List the images again and retry."
    )

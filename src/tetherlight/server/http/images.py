"""Images, thumbnails and whole sets as bytes over HTTP.

Files are read in pieces by threads, so neither the event loop nor the memory knows how large they are, and a client
that reads slowly or leaves costs one open file.
"""

import hashlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from email.utils import formatdate, parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import TypeVar, cast, get_args
from urllib.parse import quote

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from tetherlight.errors import InvalidPayload, TetherlightError
from tetherlight.files.durable import descriptor_of, store_errors
from tetherlight.files.types import mimetype_of
from tetherlight.protocol import routes
from tetherlight.protocol.routes import Route
from tetherlight.protocol.sets import Files
from tetherlight.server.http.pieces import Pieces
from tetherlight.server.http.ranges import Unsatisfiable, byte_range
from tetherlight.server.replies import error_response
from tetherlight.store.contents import Belonging
from tetherlight.store.exif import exif_of
from tetherlight.store.store import Store
from tetherlight.store.thumbnails import DEFAULT_SIZE, Undrawn

T = TypeVar("T")
CHUNK = 256 * 1024
READERS = 16
"""Files that are read at the same moment; others wait for the next piece without a thread."""
MOST_SETS = 1000
"""Sets that one zip holds at most."""
FRESHNESS = "private, no-cache"
"""Clients may keep an image but ask each time whether it is still the same: a set can be deleted and made anew."""


def images_router(store: Store) -> APIRouter:
    """Return the routes of images and sets."""
    return _Routes(store).router


class _Routes:
    """The routes, with the bounds that they share."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reading = CapacityLimiter(READERS)
        # Drawing keeps a processor busy: more at a time would only make the live view stutter.
        self._drawing = CapacityLimiter(max(1, (os.cpu_count() or 1) - 1))
        self.router = APIRouter()
        self._add(routes.IMAGE, self.image)
        self._add(routes.THUMBNAIL, self.thumbnail)
        self._add(routes.EXIF, self.exif)
        self._add(routes.SET_ZIP, self.archive)
        self._add(routes.SETS_ZIP, self.archive_of_several)
        self._add(routes.SET_FILE, self.set_file)
        self._add(routes.SET_EXPORT, self.exported)

    def _add(self, row: Route, endpoint: Callable[..., Awaitable[Response]]) -> None:
        self.router.add_api_route(row.path, endpoint, methods=list(row.methods), include_in_schema=False)

    async def image(self, request: Request, path: str) -> Response:
        """Give an image's bytes, or the part of them that is asked for."""
        try:
            found, descriptor = await self._read(partial(self._store.places.open_image, path, base_first=True))
        except TetherlightError as error:
            return failure(error)
        try:
            return self._opened(request, descriptor, found.name, mimetype_of(found))
        except BaseException:
            os.close(descriptor)
            raise

    async def set_file(self, request: Request, name: str, path: str) -> Response:
        """Give a file that belongs to a set: what the zip has of it."""
        try:
            files = _files(request.query_params.get("files"))
            found = await self._read(partial(self._store.set_file, name, path, files))
            descriptor = await self._read(partial(_descriptor, found))
        except TetherlightError as error:
            return failure(error)
        try:
            return self._opened(request, descriptor, found.path.name, found.mimetype, found.made)
        except BaseException:
            os.close(descriptor)
            raise

    async def thumbnail(self, request: Request, path: str) -> Response:
        """Give a small JPEG of an image."""
        try:
            size = _size(request.query_params.get("size"))
            found = await self._resolve(path)
            thumbnail = await to_thread.run_sync(self._store.thumbnails.look, found, size, limiter=self._drawing)
            if isinstance(thumbnail, Undrawn):
                thumbnail = await self._store.thumbnails.draw(thumbnail)
        except TetherlightError as error:
            return failure(error)
        headers = {"ETag": f'"{thumbnail.key}"', **_common()}
        if _matches(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(thumbnail.jpeg, headers=headers, media_type="image/jpeg")

    async def exif(self, path: str) -> Response:
        """Give the facts that the camera wrote into an image."""
        try:
            found = await self._resolve(path)
            facts = await exif_of(found, self._store.places.captures_dir, self._store.apart)
        except TetherlightError as error:
            return failure(error)
        return JSONResponse(facts.model_dump(mode="json"), headers=_common())

    async def archive(self, request: Request, name: str) -> Response:
        """Give a set as a zip that is made while it is sent."""
        return await self._zip(request, [name], name)

    async def archive_of_several(self, request: Request) -> Response:
        """Give several sets as one zip."""
        names = request.query_params.getlist("name")
        if not 0 < len(names) <= MOST_SETS:
            return failure(InvalidPayload(f"A zip of several sets needs between 1 and {MOST_SETS} names."))
        return await self._zip(request, names, f"{len(set(names))}-sets")

    async def _zip(self, request: Request, names: list[str], title: str) -> Response:
        try:
            files = _files(request.query_params.get("files"))
            pieces = await self._read(partial(self._store.zip_sets, names, files))
        except TetherlightError as error:
            return failure(error)
        suffix = "" if files == "all" else f"-{files}"
        return self._zipped(request, f"{title}{suffix}.zip", pieces)

    async def exported(self, request: Request, name: str, to: str) -> Response:
        """Give an export of a set as a zip that is made while it is sent."""
        try:
            pieces = await self._read(partial(self._store.zip_export, name, to))
        except TetherlightError as error:
            return failure(error)
        return self._zipped(request, f"{name}-{to}.zip", pieces)

    def _zipped(self, request: Request, filename: str, pieces: Generator[bytes]) -> Response:
        headers = {"Content-Disposition": _attachment(filename), **_common()}
        if request.method == "HEAD":
            pieces.close()
            reply = Response(headers=headers, media_type="application/zip")
            del reply.headers["content-length"]  # nobody knows the length before the zip is made; it is not 0
            return reply

        async def stream() -> AsyncGenerator[bytes]:
            while (piece := await self._read(partial(next, pieces, None))) is not None:
                yield piece

        return Pieces(stream(), 200, {"Content-Type": "application/zip", **headers}, pieces.close)

    def _opened(
        self, request: Request, descriptor: int, filename: str, mimetype: str, made: bytes | None = None
    ) -> Response:
        """Answer a request for an open file, which is closed where the response does not need it any more."""
        status = os.fstat(descriptor)
        tag = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
        headers = {
            "Content-Type": mimetype,
            "Accept-Ranges": "bytes",
            "ETag": f'"{tag if made is None else hashlib.sha256(made).hexdigest()}"',
            **_common(),
        }
        if made is None and (changed := _http_date(status.st_mtime)) is not None:
            headers["Last-Modified"] = changed
        if request.query_params.get("download") == "1":
            headers["Content-Disposition"] = _attachment(filename)
        response = self._file(request, descriptor, status.st_size, headers)
        if not isinstance(response, Pieces):
            os.close(descriptor)
        return response

    def _file(self, request: Request, descriptor: int, size: int, headers: dict[str, str]) -> Response:
        """Answer a request for an open file; the descriptor is the response's own if it is Pieces."""
        if _unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        start, end, code = 0, size, 200
        wanted = request.headers.get("range")
        if wanted is not None and request.method == "GET" and _still_same(request, headers):
            try:
                part = byte_range(wanted, size)
            except Unsatisfiable:
                refusal = failure(InvalidPayload(f"The range lies outside the file of {size} bytes."))
                refusal.status_code = 416
                refusal.headers["Content-Range"] = f"bytes */{size}"
                return refusal
            if part is not None:
                start, end, code = *part, 206
                headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        headers["Content-Length"] = str(end - start)
        if request.method == "HEAD":
            return Response(headers=headers)
        return Pieces(self._pieces(descriptor, start, end), code, headers, partial(os.close, descriptor))

    async def _pieces(self, descriptor: int, start: int, end: int) -> AsyncGenerator[bytes]:
        while start < end:
            piece = await self._read(partial(os.pread, descriptor, min(CHUNK, end - start), start))
            if not piece:  # cut short by somebody meanwhile; the missing length tells the client
                return
            start += len(piece)
            yield piece

    async def _resolve(self, path: str) -> Path:
        return await self._read(partial(self._store.places.resolve_image, path, base_first=True))

    async def _read(self, read: Callable[[], T]) -> T:
        return await to_thread.run_sync(read, limiter=self._reading)


def failure(error: TetherlightError) -> Response:
    """Answer with an error in the form that all of them have."""
    response = error_response(error)
    response.headers.update(_common())
    return response


def _descriptor(found: Belonging) -> int:
    """Open a file of a set; what is not on the disk is put into memory as a file."""
    if found.made is None:
        with store_errors("The file could not be read"):
            return descriptor_of(found.path, within=found.within)
    descriptor = os.memfd_create(found.path.name, os.MFD_CLOEXEC)
    try:
        os.write(descriptor, found.made)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _http_date(changed: float) -> str | None:
    """Write a time as HTTP does; None where it has no such year."""
    try:
        return formatdate(changed, usegmt=True)
    except (ValueError, OverflowError, OSError):
        return None


def _size(text: str | None) -> int:
    """Read the wanted size of a thumbnail in pixels; raise InvalidPayload."""
    if not text:
        return DEFAULT_SIZE
    if not text.isascii() or not text.isdecimal() or not 0 < len(text) <= 6:
        raise InvalidPayload("The size of a thumbnail is a number of pixels.")
    return int(text)


def _files(text: str | None) -> Files:
    """Read which files of a set are wanted, all where nothing is said; raise InvalidPayload."""
    if not text:
        return "all"
    for choice in get_args(Files):
        if text == choice:
            return cast("Files", choice)
    raise InvalidPayload("The files of a set can be all, jpeg or raw.")


def _common() -> dict[str, str]:
    return {"Cache-Control": FRESHNESS, "X-Content-Type-Options": "nosniff"}


def _attachment(filename: str) -> str:
    """Return the header that makes a browser save the file under its name."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\' else "_" for sign in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _unchanged(request: Request, headers: dict[str, str]) -> bool:
    """Say whether the client has the file already."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return _matches(tags, headers["ETag"])
    since, changed = request.headers.get("if-modified-since"), headers.get("Last-Modified")
    return since is not None and changed is not None and _seconds(changed) <= _seconds(since, -1.0)


def _still_same(request: Request, headers: dict[str, str]) -> bool:
    """Say whether a part of the file fits to what the client has of it."""
    condition = request.headers.get("if-range")
    return condition is None or condition.strip() in {headers["ETag"], headers.get("Last-Modified")}


def _matches(tags: str | None, tag: str) -> bool:
    """Compare entity tags the weak way, which is the one for asking whether anything changed."""
    if tags is None:
        return False
    return tags.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in tags.split(",")}


def _seconds(date: str, unreadable: float = 0.0) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, OSError):
        return unreadable

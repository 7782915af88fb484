"""The client for notebooks and scripts: the same methods, which block until there is an answer.

The connection lives on an event loop of its own in a thread, so it also works where a loop runs already, as in Jupyter.
"""

import asyncio
import concurrent.futures
import contextlib
import functools
import queue
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast

from tetherlight.client.address import DEFAULT, Address
from tetherlight.client.client import Client as AsyncClient
from tetherlight.protocol.action import Action, P, R
from tetherlight.protocol.server import ServerInfo

A = ParamSpec("A")
T = TypeVar("T")

CANCEL_SECONDS = 5.0
"""Seconds that interrupted work has to clean up."""


def _blocking(
    method: Callable[Concatenate[AsyncClient, A], Awaitable[T]],
) -> Callable[Concatenate["Client", A], T]:
    @functools.wraps(method)
    def blocking(self: "Client", /, *args: A.args, **named: A.kwargs) -> T:
        return self.wait_for(method(self.asynchronous, *args, **named))

    return blocking


def _iterating(
    method: Callable[Concatenate[AsyncClient, A], AsyncGenerator[T]],
) -> Callable[Concatenate["Client", A], Generator[T]]:
    @functools.wraps(method)
    def iterating(self: "Client", /, *args: A.args, **named: A.kwargs) -> Generator[T]:
        source = method(self.asynchronous, *args, **named)
        try:
            while True:
                try:
                    item = self.wait_for(anext(source))
                except StopAsyncIteration:
                    return
                yield item
        finally:
            # An interruption may hit at any point, also when the next item has just come: the source stays open then.
            if self.running:
                self.wait_for(source.aclose())

    return iterating


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, then end what is left on it; Ctrl-C, which hits another thread, cannot."""
    loop.run_forever()
    loop.run_until_complete(_end_all())
    loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


class UnderWay(Generic[T]):
    """Work on a loop in another thread, and its result.

    What Ctrl-C raises can hit the waiting thread between any two steps, also when it has just taken a lock and nothing
    yet sees to its release; the loop's thread would wait for that lock for ever. So they share a queue that needs none.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> None:
        self.done = False
        self._loop = loop
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def begin(self) -> Self:
        """Let the loop begin the work."""
        self._loop.call_soon_threadsafe(self._begin)
        return self

    def wait(self) -> T:
        """Wait for the end, once; return the result, or raise what the work raised or CancelledError."""
        result, error = self._ended.get()
        if error is not None:
            raise error
        return cast("T", result)

    def cancel(self) -> None:
        """Cancel the work and wait until it has cleaned up: what it used is free then."""
        if not self.done:
            self._loop.call_soon_threadsafe(self._cancel)
            with contextlib.suppress(queue.Empty):
                self._ended.put(self._ended.get(timeout=CANCEL_SECONDS))

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._work)
        self._task.add_done_callback(self._end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        elif not self.done:
            self._work.close()
            self._tell(None, concurrent.futures.CancelledError())

    def _end(self, task: asyncio.Task[T]) -> None:
        # The task must die on this thread: weak references are cleaned up where Ctrl-C would be lost.
        self._task = None
        if task.cancelled():
            self._tell(None, concurrent.futures.CancelledError())
        elif (error := task.exception()) is not None:
            self._tell(None, error)
        else:
            self._tell(task.result(), None)

    def _tell(self, result: T | None, error: BaseException | None) -> None:
        self.done = True
        self._ended.put((result, error))


class Client:
    """A connection to a server, open while the context lasts, or from `connect` to `close`."""

    def __init__(
        self, url: str = DEFAULT, *, token: str | None = None, reconnect: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.address = Address.parse(url, token)
        self._make = functools.partial(AsyncClient, url, token=token, reconnect=reconnect, tls=tls)
        self._client: AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def connect(self) -> Self:
        """Connect; raise ServerUnreachable, Unauthorized or Forbidden."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=_run, args=(self._loop,), name=f"client of {self.address.http}", daemon=True
        )
        self._thread.start()
        try:
            self._client = self.wait_for(self._enter())
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Leave; jobs that were started go on. A second call does nothing."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        try:
            self.wait_for(self._leave())
        finally:
            self._loop = self._thread = self._client = None
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def __enter__(self) -> Self:
        """Connect."""
        return self.connect()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave."""
        self.close()

    @property
    def running(self) -> bool:
        """Whether the client is connected and not closed."""
        return self._client is not None

    @property
    def asynchronous(self) -> AsyncClient:
        """The asynchronous client behind this one."""
        if self._client is None:
            raise RuntimeError("The client is not connected: use it in a `with` block, or call connect().")
        return self._client

    @property
    def server(self) -> ServerInfo:
        """What the server said of itself when the connection was made."""
        return self.asynchronous.server

    def request(self, action: Action[P, R], payload: P | dict[str, Any] | None = None) -> R:
        """Ask for any action of the table and return its result; raise the error of the server's answer."""
        return self.wait_for(self.asynchronous.request(action, payload))

    def wait_for(self, work: Awaitable[T]) -> T:
        """Run asynchronous work on the client's loop and return its result; interrupted, it is cancelled."""
        loop = self._loop
        if loop is None:
            raise RuntimeError("The client is not connected: use it in a `with` block, or call connect().")

        if threading.current_thread() is self._thread:
            if asyncio.iscoroutine(work):
                work.close()
            raise RuntimeError("A callback of the client cannot wait for the client; do it when the call has returned.")

        async def run() -> T:
            return await work

        under_way = UnderWay(loop, run())
        try:
            return under_way.begin().wait()
        except BaseException:
            under_way.cancel()
            raise

    async def _enter(self) -> AsyncClient:
        return await self._make().__aenter__()

    async def _leave(self) -> None:
        if self._client is not None:
            await self._client.__aexit__(None, None, None)

    info = _blocking(AsyncClient.info)
    describe = _blocking(AsyncClient.describe)
    diagnose = _blocking(AsyncClient.diagnose)
    neighbours = _blocking(AsyncClient.neighbours)
    ping = _blocking(AsyncClient.ping)
    log = _blocking(AsyncClient.log)
    events = _iterating(AsyncClient.events)
    cameras = _blocking(AsyncClient.cameras)
    select = _blocking(AsyncClient.select)
    deselect = _blocking(AsyncClient.deselect)
    get_config = _blocking(AsyncClient.get_config)
    list_config = _blocking(AsyncClient.list_config)
    set_config = _blocking(AsyncClient.set_config)
    capture = _blocking(AsyncClient.capture)
    capture_all = _blocking(AsyncClient.capture_all)
    capture_series = _blocking(AsyncClient.capture_series)
    autofocus = _blocking(AsyncClient.autofocus)
    drive_focus = _blocking(AsyncClient.drive_focus)
    liveview = _iterating(AsyncClient.liveview)
    lights = _blocking(AsyncClient.lights)
    set_light = _blocking(AsyncClient.set_light)
    set_lights = _blocking(AsyncClient.set_lights)
    set_rig = _blocking(AsyncClient.set_rig)
    measure_lights = _blocking(AsyncClient.measure_lights)
    capture_set = _blocking(AsyncClient.capture_set)
    capture_axes = _blocking(AsyncClient.capture_axes)
    retake = _blocking(AsyncClient.retake)
    sets = _blocking(AsyncClient.sets)
    sets_page = _blocking(AsyncClient.sets_page)
    set_facets = _blocking(AsyncClient.set_facets)
    show_set = _blocking(AsyncClient.show_set)
    set_images = _blocking(AsyncClient.set_images)
    set_files = _blocking(AsyncClient.set_files)
    delete_set = _blocking(AsyncClient.delete_set)
    restore_set = _blocking(AsyncClient.restore_set)
    trash = _blocking(AsyncClient.trash)
    empty_trash = _blocking(AsyncClient.empty_trash)
    rename_set = _blocking(AsyncClient.rename_set)
    reconstruct_set = _blocking(AsyncClient.reconstruct_set)
    merge_focus = _blocking(AsyncClient.merge_focus)
    export_set = _blocking(AsyncClient.export_set)
    set_scale = _blocking(AsyncClient.set_scale)
    relight_set = _blocking(AsyncClient.relight_set)
    calibrate_lights = _blocking(AsyncClient.calibrate_lights)
    annotate_set = _blocking(AsyncClient.annotate_set)
    objects = _blocking(AsyncClient.objects)
    import_objects = _blocking(AsyncClient.import_objects)
    select_object = _blocking(AsyncClient.select_object)
    next_object = _blocking(AsyncClient.next_object)
    set_object_state = _blocking(AsyncClient.set_object_state)
    move_object = _blocking(AsyncClient.move_object)
    delete_objects = _blocking(AsyncClient.delete_objects)
    scan_code = _blocking(AsyncClient.scan_code)
    object_report = _blocking(AsyncClient.object_report)
    recipes = _blocking(AsyncClient.recipes)
    save_recipe = _blocking(AsyncClient.save_recipe)
    delete_recipe = _blocking(AsyncClient.delete_recipe)
    apply_recipe = _blocking(AsyncClient.apply_recipe)
    capture_recipe = _blocking(AsyncClient.capture_recipe)
    captures = _blocking(AsyncClient.captures)
    naming = _blocking(AsyncClient.naming)
    set_naming = _blocking(AsyncClient.set_naming)
    annotate_image = _blocking(AsyncClient.annotate_image)
    delete_image = _blocking(AsyncClient.delete_image)
    restore_image = _blocking(AsyncClient.restore_image)
    read = _blocking(AsyncClient.read)
    download = _blocking(AsyncClient.download)
    jobs = _blocking(AsyncClient.jobs)
    cancel_job = _blocking(AsyncClient.cancel_job)
    pause_job = _blocking(AsyncClient.pause_job)
    resume_job = _blocking(AsyncClient.resume_job)
    retry_steps = _blocking(AsyncClient.retry_steps)
    skip_steps = _blocking(AsyncClient.skip_steps)
    follow_job = _iterating(AsyncClient.follow_job)

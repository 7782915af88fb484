"""Who has which camera, the lights and the processor: a job gets all that it claims, or nothing."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tetherlight.camera.camera import Camera
from tetherlight.errors import CameraLost, CpuBusy, TetherlightError, held
from tetherlight.protocol.models import CameraState

T = TypeVar("T")
CAMERA = "camera"
LIGHTS = "lights"
CPU = "cpu"


def camera(camera_id: str | None) -> str:
    """Return the claim on a camera; on the selected one where no id is given."""
    return CAMERA if camera_id is None else f"{CAMERA}:{camera_id}"


class Claimable(Protocol):
    """A thing that one job at a time has for itself."""

    @property
    def owner(self) -> str | None:
        """The job that has it."""

    def claim(self, owner: str) -> None:
        """Give it to a job from now on; raise what `errors.held` makes where another one has it."""

    def release(self, owner: str) -> None:
        """Take it back from a job; where that has it no more, nothing changes."""


class Cameras(Protocol):
    """Who knows the cameras, and which one a request means."""

    @property
    def open(self) -> tuple[Camera, ...]:
        """The open cameras."""

    async def take_all(
        self,
        camera_ids: Collection[str | None],
        take: Callable[[tuple[Camera, ...]], T],
        give_back: Callable[[T], None] = ...,
    ) -> T:
        """Take something of cameras, in the order of the requests."""


class Processor:
    """The right to compute for long: one job at a time has it, however many cores there are."""

    def __init__(self) -> None:
        self.owner: str | None = None

    def claim(self, owner: str) -> None:
        """Give it to a job from now on; raise CpuBusy where another one has it."""
        if self.owner is not None and self.owner != owner:
            raise held(CpuBusy, "the processor", self.owner)
        self.owner = owner

    def release(self, owner: str) -> None:
        """Take it back from a job that has it."""
        if self.owner == owner:
            self.owner = None


@dataclass(frozen=True)
class Grant:
    """What a job was given, until it is given back; giving back twice changes nothing."""

    job_id: str
    things: Mapping[str, Claimable]
    """By the claims on them; that on a camera has its id."""
    cameras: tuple[Camera, ...] = ()
    """The cameras among them."""

    @property
    def camera(self) -> Camera:
        """The camera of a job that claims one."""
        (only,) = self.cameras
        return only

    def give_back(self) -> None:
        """Let others have it."""
        for thing in self.things.values():
            thing.release(self.job_id)


class Claims:
    """The one place in which things are given to jobs, and in which one sees who has what."""

    def __init__(self, cameras: Cameras, lights: Claimable) -> None:
        self._cameras = cameras
        self._things: dict[str, Claimable] = {LIGHTS: lights, CPU: Processor()}

    def owners(self) -> dict[str, str]:
        """Return which job has what, by the claims that are held."""
        things = {camera(one.camera_id): one for one in self._cameras.open} | self._things
        return {claim: thing.owner for claim, thing in things.items() if thing.owner is not None}

    async def take(
        self,
        job_id: str,
        claims: Collection[str],
        check: Callable[[], object],
        granted: Callable[[Grant], T],
        *,
        give_back: Callable[[T], None],
    ) -> T:
        """Give a job what it claims, all at once and behind what was asked of the cameras before.

        That is done before anything is awaited where no earlier request is about to choose one of its cameras. First
        `check` is called; what `granted` makes of the grant is returned, and goes to `give_back` where the caller has
        given up meanwhile. Raises what `check` raises, CameraLost, and the refusals of what another job has.
        """
        named = [claim for claim in claims if claim.partition(":")[0] == CAMERA]
        others = {claim: self._things[claim] for claim in sorted(claims) if claim not in named}

        def take(cameras: tuple[Camera, ...]) -> T:
            check()
            for one in cameras:
                _require_ready(one)
            claimed = _claimed(job_id, {camera(one.camera_id): one for one in cameras} | others)
            return granted(Grant(job_id, claimed, cameras))

        wanted = [claim.partition(":")[2] or None for claim in sorted(named)]
        return await self._cameras.take_all(wanted, take, give_back)


def _claimed(job_id: str, things: Mapping[str, Claimable]) -> Mapping[str, Claimable]:
    """Claim all of the things, or none where another job has one of them."""
    taken: dict[str, Claimable] = {}
    try:
        for claim, thing in things.items():
            thing.claim(job_id)
            taken[claim] = thing
    except TetherlightError:
        Grant(job_id, taken).give_back()
        raise
    return taken


def _require_ready(one: Camera) -> None:
    if one.state is not CameraState.READY:
        raise CameraLost(f"Camera '{one.camera_id}' is {one.state.value}.", hint="The server goes on looking for it.")

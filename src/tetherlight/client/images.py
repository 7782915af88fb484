"""What the client asks about image sets and images: capture, list, annotate, delete, and bring them here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from tetherlight.client.address import Address
from tetherlight.client.capturing import PlanCapture, Progress, SetCapture
from tetherlight.client.session import Session
from tetherlight.errors import StoreError
from tetherlight.protocol import axes as axis_table
from tetherlight.protocol import calibration as calibration_table
from tetherlight.protocol import cameras as camera_table
from tetherlight.protocol import captures as capture_table
from tetherlight.protocol import results as results_table
from tetherlight.protocol import set_lists
from tetherlight.protocol import sets as set_table
from tetherlight.protocol import together as together_table
from tetherlight.protocol import trash as trash_table
from tetherlight.protocol.action import Action, P, R
from tetherlight.protocol.models import ImageFile, ImageSet, Job

if TYPE_CHECKING:
    from tetherlight.client.downloads import BytesTold, Downloads

Downloadable = (
    ImageFile
    | camera_table.CaptureResult
    | capture_table.SeriesResult
    | together_table.CaptureAllResult
    | ImageSet
    | set_table.SetDetails
    | set_table.PhotometricSetResult
)


TRIES = 3
"""Times that a file of a set may change while it is on its way."""


Circle = tuple[float, float, float]
"""Centre and radius in pixels: x right, y down, the centre of the first pixel 0, 0."""


class Requests:
    """Requests of one session."""

    def __init__(self, address: Address, session: Session) -> None:
        self.address = address
        self._session = session

    async def request(self, action: Action[P, R], payload: P | Mapping[str, Any] | None = None) -> R:
        """Ask for any action of the table and return its result; raise the error of the server's answer."""
        if not isinstance(payload, action.payload):
            payload = action.parse(dict(cast("Mapping[str, Any]", payload or {})))
        return await self._session.request(action, payload)

    async def _ask(self, action: Action[P, R], **fields: Any) -> R:
        return await self.request(action, fields)


def places_of(focus: tuple[int, int] | axis_table.FocusPlaces | None) -> dict[str, Any] | None:
    """Return places of focus as a request has them."""
    if focus is None:
        return None
    if isinstance(focus, axis_table.FocusPlaces):
        return focus.model_dump()
    count, step = focus
    return {"count": count, "step": step}


def exposures_of(exposure: Sequence[float | Mapping[str, str | float]] | None) -> list[Any] | None:
    """Return exposures as a request has them."""
    return None if exposure is None else [dict(one) if isinstance(one, Mapping) else one for one in exposure]


class ImageRequests(Requests):
    """The client's methods on image sets and images."""

    def __init__(self, address: Address, session: Session) -> None:
        super().__init__(address, session)
        self._downloads: Downloads | None = None

    def capture_set(
        self,
        light_sequence: Sequence[str],
        *,
        prefix: str | None = None,
        ambient: bool = False,
        on_failure: str = "fail",
        retakes: int = 1,
        metering: Literal["set", "light"] | None = None,
        trigger: Literal["line", "burst", "software"] | None = None,
        notes: str | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
        focus: tuple[int, int] | axis_table.FocusPlaces | None = None,
        exposure: Sequence[float | Mapping[str, str | float]] | None = None,
        levels: Mapping[str, float] | None = None,
        camera_id: str | None = None,
        progress: Progress | None = None,
    ) -> SetCapture:
        """Take one image per light: await it for the result, or iterate over it for the steps.

        `focus` is a count of places and the size of a drive between them, from -3 to 3; `exposure` are EV offsets from
        the exposure now, or settings by alias. Each multiplies the images. A frame without its light is taken again by
        itself, `retakes` times at most. With `metering` test shots find the exposure time, for all lights or for each.
        `levels` says how bright lights are, above 0 to 1; the others are as bright as they were last. `trigger` says
        what releases the camera: its line, the line held for a burst, or its connection.
        """
        plan = set_table.CAPTURE_PHOTOMETRIC_SET.parse({
            "light_sequence": list(light_sequence), "set_name_prefix": prefix, "ambient": ambient,
            "on_failure": on_failure, "retakes": retakes, "notes": notes, "camera_id": camera_id,
            "metering": metering, "trigger": trigger,
            "catalogue_number": catalogue_number, "scale_mm_per_pixel": scale_mm_per_pixel,
            "focus": places_of(focus), "exposure": exposures_of(exposure), "levels": levels and dict(levels),
        })  # fmt: skip
        return SetCapture(self._session, plan, progress)

    def capture_axes(
        self,
        axes: Sequence[axis_table.AxisPlan | Mapping[str, Any]],
        *,
        prefix: str | None = None,
        on_failure: str = "fail",
        retakes: int = 1,
        metering: Literal["set", "light"] | None = None,
        trigger: Literal["line", "burst", "software"] | None = None,
        notes: str | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
        camera_id: str | None = None,
        progress: Progress | None = None,
    ) -> PlanCapture:
        """Take one image for each combination of the axes' values, the last one changing fastest.

        Await it for the result, or iterate over it for the steps. `trigger` is as of `capture_set`.
        """
        given = [axis.model_dump() if isinstance(axis, axis_table.AxisPlan) else dict(axis) for axis in axes]
        plan = set_table.CAPTURE_SET.parse({
            "axes": given, "set_name_prefix": prefix, "on_failure": on_failure, "retakes": retakes, "notes": notes,
            "camera_id": camera_id, "metering": metering, "trigger": trigger,
            "catalogue_number": catalogue_number, "scale_mm_per_pixel": scale_mm_per_pixel,
        })  # fmt: skip
        return PlanCapture(self._session, plan, progress)

    async def retake(
        self, set_name: str, lights: Sequence[str] | None = None, *, steps: Sequence[int] | None = None
    ) -> Job:
        """Take frames of a set again: under these lights, or of these steps, or all that have an error; return its job.

        `follow_job` tells when it has ended.
        """
        wanted = {
            "lights": list(lights) if lights is not None else None, "steps": list(steps) if steps is not None else None
        }  # fmt: skip
        return await self._ask(set_table.RETAKE_FRAMES, set_name=set_name, **wanted)

    async def sets(self) -> list[ImageSet]:
        """Return all image sets, newest first."""
        return cast("list[ImageSet]", (await self._ask(set_lists.LIST_IMAGE_SETS)).root)

    async def sets_page(
        self,
        limit: int = 60,
        *,
        cursor: str | None = None,
        search: str | None = None,
        order: set_lists.SetOrder = "newest",
        complete: bool | None = None,
        min_rating: int | None = None,
        max_rating: int | None = None,
        day: str | None = None,
        object: str | None = None,  # noqa: A002 - as the wire has it
        camera: str | None = None,
    ) -> set_lists.ImageSetPage:
        """Return at most `limit` of the image sets that match; the page's `cursor` gives the next one, None ends it."""
        reply = await self._ask(
            set_lists.LIST_IMAGE_SETS, limit=limit, cursor=cursor, search=search, order=order, complete=complete,
            min_rating=min_rating, max_rating=max_rating, day=day, object=object, camera=camera,
        )  # fmt: skip
        return cast("set_lists.ImageSetPage", reply.root)

    async def set_facets(self, search: str | None = None) -> set_lists.SetFacets:
        """Return by which days, objects and cameras the sets that match can be narrowed down, with counts."""
        return await self._ask(set_lists.LIST_SET_FACETS, search=search)

    async def show_set(self, set_name: str) -> set_table.SetDetails:
        """Return a set with its images and its manifest."""
        return await self._ask(set_table.GET_IMAGE_SET, set_name=set_name)

    async def set_images(self, set_name: str) -> list[ImageFile]:
        """Return the images of a set by filename."""
        return (await self._ask(set_table.GET_IMAGE_SET_CONTENTS, set_name=set_name)).root

    async def set_files(self, set_name: str, files: set_table.Files = "all") -> list[set_table.SetFile]:
        """Return everything that belongs to a set, as its zip holds it; `files` chooses the images of one kind."""
        if "set_files" in self._session.info.features:
            return (await self._ask(set_table.GET_IMAGE_SET_FILES, set_name=set_name, files=files)).root
        # An older server lists only images.
        images = await self.set_images(set_name)
        return [set_table.SetFile.model_validate(one, from_attributes=True) for one in images]

    async def delete_set(self, set_name: str) -> str:
        """Move a set to the trash and return the server's sentence."""
        return (await self._ask(set_table.DELETE_IMAGE_SET, set_name=set_name)).message

    async def restore_set(self, set_name: str) -> str:
        """Bring a set back from the trash."""
        return (await self._ask(set_table.RESTORE_IMAGE_SET, set_name=set_name)).message

    async def trash(self, kind: trash_table.TrashKind | None = None, limit: int = 1000) -> list[trash_table.TrashItem]:
        """Return what was deleted and can be brought back, what was deleted last first."""
        return (await self._ask(trash_table.LIST_TRASH, kind=kind, limit=limit)).items

    async def empty_trash(self, kind: trash_table.TrashKind | None = None) -> trash_table.TrashEmptied:
        """Remove for good what lies in the trash now, or what of it are sets or captures."""
        return await self._ask(trash_table.EMPTY_TRASH, kind=kind)

    async def rename_set(self, set_name: str, new_name: str) -> str:
        """Give a set another name."""
        return (await self._ask(set_table.RENAME_IMAGE_SET, set_name=set_name, new_name=new_name)).message

    async def reconstruct_set(
        self,
        set_name: str,
        *,
        method: results_table.Method = "auto",
        response: results_table.CodedAs = "auto",
        near: bool = False,
        files: Literal["jpeg", "raw"] = "jpeg",
        flat_set_name: str | None = None,
        preview: bool = False,
        exclude: Sequence[str] = (),
    ) -> results_table.Reconstructed:
        """Let the server compute normals, albedo and height of a set, and wait for it; `download` brings them.

        Without the lights of `exclude`.

        It is a job of the server, which goes on where this is given up; `follow_job` tells how far it is.
        """
        return await self._ask(
            results_table.RECONSTRUCT_SET,
            set_name=set_name,
            method=method,
            response=response,
            near=near,
            files=files,
            flat_set_name=flat_set_name,
            preview=preview,
            exclude=list(exclude) or None,
        )

    async def relight_set(
        self,
        set_name: str,
        *,
        basis: results_table.RelightBasis = "auto",
        planes: int = 9,
        files: Literal["jpeg", "raw"] = "jpeg",
        ptm: bool = False,
    ) -> results_table.MadeResult:
        """Let the server make a picture of a set that can be lit anew, and wait for it; `download` brings it.

        It is a job of the server, which goes on where this is given up; `follow_job` tells how far it is.
        """
        return await self._ask(
            results_table.RELIGHT_SET, set_name=set_name, basis=basis, planes=planes, files=files, ptm=ptm
        )

    async def merge_focus(self, set_name: str, *, files: Literal["jpeg", "raw"] = "jpeg") -> results_table.MadeResult:
        """Let the server merge what a set has of each light into one image: focus, repeats, exposures; wait for it."""
        return await self._ask(results_table.MERGE_FOCUS, set_name=set_name, files=files)

    async def export_set(
        self, set_name: str, to: results_table.ExportForm, *, base_url: str | None = None
    ) -> results_table.Exported:
        """Let the server make a set into what another tool opens, and wait; the zip comes from the `url` told."""
        return await self._ask(results_table.EXPORT_SET, set_name=set_name, to=to, base_url=base_url)

    async def set_scale(
        self,
        set_name: str,
        mm_per_pixel: float | None = None,
        *,
        points: tuple[set_table.Point, set_table.Point] | None = None,
        length_mm: float | None = None,
    ) -> float:
        """Say how large a pixel of a set's images is, or by two points how long what is between them is; return it."""
        asked = {"mm_per_pixel": mm_per_pixel, "points": points, "length_mm": length_mm}
        return (await self._ask(set_table.SET_SCALE, set_name=set_name, **asked)).scale_mm_per_pixel

    async def calibrate_lights(
        self,
        set_name: str,
        *,
        spheres: Sequence[Circle] | None = None,
        matte: Circle | None = None,
        flat_set_name: str | None = None,
        dome: Mapping[str, Sequence[float]] | None = None,
        apply: bool = False,
    ) -> calibration_table.LightCalibration:
        """Let the server tell where lights are, from mirror spheres in a set; circles are x, y, radius in pixels.

        `dome` has the known places of a dome's lamps by the names of the lights, in any unit, turned in any way.
        With `apply` the rig file has it from then on. It is a job of the server, which goes on where this is given up.
        """
        return await self._ask(
            calibration_table.CALIBRATE_LIGHTS,
            set_name=set_name,
            spheres=None if spheres is None else [_circle(one) for one in spheres],
            matte=None if matte is None else _circle(matte),
            flat_set_name=flat_set_name,
            dome=None if dome is None else [{"light": name, "place": list(place)} for name, place in dome.items()],
            apply=apply,
        )

    async def annotate_set(
        self,
        set_name: str,
        *,
        notes: str | None = None,
        rating: int | None = None,
        ratings: Mapping[str, int] | None = None,
        catalogue_number: str | None = None,
        scale_mm_per_pixel: float | None = None,
    ) -> str:
        """Keep notes and ratings with a set; only what is given changes, the empty text and a scale of 0 remove."""
        fields = {
            "notes": notes, "rating": rating, "ratings": dict(ratings) if ratings is not None else None,
            "catalogue_number": catalogue_number, "scale_mm_per_pixel": scale_mm_per_pixel,
        }  # fmt: skip
        return (await self._ask(set_table.ANNOTATE_IMAGE_SET, set_name=set_name, **fields)).message

    async def captures(self, limit: int = 100) -> list[ImageFile]:
        """Return the newest single captures, newest first."""
        return (await self._ask(set_lists.LIST_CAPTURES, limit=limit)).root

    async def annotate_image(
        self, image: ImageFile | str, *, rating: int | None = None, notes: str | None = None
    ) -> ImageFile:
        """Keep a rating from -1 (reject) to 5, or notes, with an image; 0 and the empty text remove."""
        return await self._ask(capture_table.ANNOTATE_IMAGE, image_path=_path_of(image), rating=rating, notes=notes)

    async def delete_image(self, image: ImageFile | str) -> list[str]:
        """Move a single capture with all its files to the trash and return their names."""
        return (await self._ask(capture_table.DELETE_IMAGE, image_path=_path_of(image))).filenames

    async def restore_image(self, image: ImageFile | str) -> ImageFile:
        """Bring a single capture back from the trash."""
        return await self._ask(capture_table.RESTORE_IMAGE, image_path=_path_of(image))

    async def naming(self, *, captures: str | None = None, sets: str | None = None) -> capture_table.Naming:
        """Return the templates of names and what they give; other templates are tried and not kept."""
        return await self._ask(capture_table.GET_NAMING, capture=captures, set=sets)

    async def set_naming(self, *, captures: str | None = None, sets: str | None = None) -> capture_table.Naming:
        """Name captures and sets by these templates from now on; raise InvalidName."""
        return await self._ask(capture_table.SET_NAMING, capture=captures, set=sets)

    async def read(self, image: ImageFile) -> bytes:
        """Return an image's bytes over HTTP."""
        return await self._http().read(image)

    async def download(
        self,
        what: Downloadable | str,
        to: str | Path = ".",
        *,
        files: set_table.Files = "all",
        progress: "BytesTold | None" = None,
    ) -> list[Path]:
        """Bring an image, a capture, a series or a set (also by its name) into a folder and return the paths.

        A set gets a folder of its own in it, with its manifest, light directions and results; `files` chooses the
        images of one kind. Files that are there already are not fetched again, interrupted ones are resumed, each is
        checked against the server's checksum; nothing is overwritten: an older manifest is called manifest-2.json.
        """
        match what:
            case ImageFile():
                return [await self._http().fetch(what, Path(to), progress)]
            case camera_table.CaptureResult() | capture_table.SeriesResult() | together_table.CaptureAllResult():
                return [await self._http().fetch(file, Path(to), progress) for file in what.files]
        name = _set_name(what)
        return await self._download_set(name, Path(to) / Path(name).name, files, progress)

    async def _download_set(
        self, name: str, folder: Path, files: set_table.Files, progress: "BytesTold | None"
    ) -> list[Path]:
        """Bring a set; what tells of the images comes last, and anew where it was written meanwhile."""
        listed = await self.set_files(name, files)
        listed.sort(key=_tells_of_others)
        return [await self._fetch_current(name, file, files, folder, progress) for file in listed]

    async def _fetch_current(
        self, name: str, file: set_table.SetFile, files: set_table.Files, folder: Path, progress: "BytesTold | None"
    ) -> Path:
        """Bring a file of a set as it is now; it may be written anew while it is on its way."""
        for _ in range(TRIES):
            try:
                return await self._http().fetch(file, folder, progress, renewed=_tells_of_others(file))
            except StoreError:
                now = next((one for one in await self.set_files(name, files) if one.filename == file.filename), file)
                if now == file:
                    raise
                file = now
        return await self._http().fetch(file, folder, progress, renewed=_tells_of_others(file))

    def _http(self) -> "Downloads":
        if self._downloads is None:
            from tetherlight.client.downloads import Downloads  # noqa: PLC0415 - httpx takes long to load

            self._downloads = Downloads(self.address, self._session.tls)
        return self._downloads

    async def _close_downloads(self) -> None:
        if self._downloads is not None:
            await self._downloads.close()


def _tells_of_others(file: set_table.SetFile) -> bool:
    """Say whether a file is the set's manifest or the like, which is written anew when the images change."""
    return not file.mimetype.startswith("image/")


def _set_name(what: ImageSet | set_table.SetDetails | set_table.PhotometricSetResult | str) -> str:
    match what:
        case set_table.PhotometricSetResult():
            return what.set_folder.rpartition("/")[2]
        case set_table.SetDetails():
            return what.set.name
        case ImageSet():
            return what.name
    return what


def _path_of(image: ImageFile | str) -> str:
    return image if isinstance(image, str) else image.path


def _circle(circle: Circle) -> dict[str, float]:
    return dict(zip(("x", "y", "r"), circle, strict=True))

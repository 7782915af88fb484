"""The table of features: words by which a client learns that a server has a part which older ones lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the table: the word, what is there, and the names of the actions, events and routes that it brings."""

    name: str
    summary: str
    brings: tuple[str, ...] = ()


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        row.name: row
        for row in (
            Feature(
                "jobs", "What takes long runs as a job that can be followed, paused and cancelled.",
                ("GET_JOBS", "CANCEL_JOB", "PAUSE_JOB", "RESUME_JOB", "RETRY_STEPS", "SKIP_STEPS", "job_changed"),
            ),
            Feature("series", "Bursts, time-lapses and brackets.", ("CAPTURE_SERIES", "series_progress")),
            Feature("subscribe", "Topics: a state, and then an event for every change.", ("SUBSCRIBE",)),
            Feature(
                "binary_liveview", "Frames as binary messages with a header, paced where that is wanted.",
                ("START_LIVEVIEW", "READY"),
            ),
            Feature("mjpeg", "The live view as motion JPEG.", ("LIVEVIEW",)),
            Feature("several_cameras", "Several open cameras, told apart by `camera_id`.", ("cameras_changed",)),
            Feature(
                "trash", "What is deleted can be restored for a while.",
                ("DELETE_IMAGE", "RESTORE_IMAGE", "RESTORE_IMAGE_SET"),
            ),
            Feature("thumbnails", "Small versions of images.", ("THUMBNAIL",)),
            Feature("zip", "A whole set as one file.", ("SET_ZIP",)),
            Feature("ratings", "Ratings and notes of single captures.", ("ANNOTATE_IMAGE",)),
            Feature("naming", "Templates for the names of captures and sets.", ("GET_NAMING", "SET_NAMING")),
            Feature("log", "The newest lines of the log.", ("GET_LOG",)),
            Feature("focus_point", "Autofocus at a point of the live view.", ("AUTOFOCUS",)),
            Feature("set_files", "Every file of a set by itself.", ("GET_IMAGE_SET_FILES", "SET_FILE")),
            Feature("axes", "Sets over several axes, such as focus by light.", ("CAPTURE_SET",)),
            Feature("set_pages", "Sets by pages, searched and sorted by the server.", ("LIST_IMAGE_SETS",)),
        )
    }
)  # fmt: skip

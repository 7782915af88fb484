"""How captures and sets are called: the templates in force, what they give, and how they are changed for good."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from tetherlight.collection.changes import Changes
from tetherlight.naming.templates import FIRST, WORDS, Known, Subject, Templates, moment_texts, number_text
from tetherlight.protocol.captures import Naming, NamingTemplates, Placeholder
from tetherlight.rigfile.rigfile import RigFile
from tetherlight.store.store import Store

EXAMPLE = Subject(
    model="Canon EOS Rebel T6",
    serial="062071001234",
    camera_id="canon-eos-rebel-t6-062071001234",
    catalogue_number="1923.41",
)
"""What examples show where no camera is open."""
EXAMPLE_EXTENSION = ".jpg"


class Names:
    """The templates of the rig file; the store has those in force."""

    def __init__(self, store: Store, rig_file: RigFile, changes: Changes) -> None:
        self._store = store
        self._rig_file = rig_file
        self._changes = changes

    async def show(self, wanted: NamingTemplates, camera: Known | None) -> Naming:
        """Tell the templates and what they give now, other templates where some are wanted; raise InvalidName."""
        templates = self._store.templates.changed(wanted.capture, wanted.set)
        return await asyncio.to_thread(self._described, templates, _subject(camera))

    async def keep(self, wanted: NamingTemplates, camera: Known | None) -> Naming:
        """Write the wanted templates into the rig file and use them from now on.

        Raises InvalidName before anything is touched; InvalidSetting or StoreError where the file cannot be changed.
        """
        templates = self._store.templates.changed(wanted.capture, wanted.set)
        if wanted.capture is not None or wanted.set is not None:
            templates = await self._changes.make(partial(self._keep, wanted))
        return await asyncio.to_thread(self._described, templates, _subject(camera))

    def _keep(self, wanted: NamingTemplates) -> Templates:
        self._store.templates = self._rig_file.save_naming(wanted.capture, wanted.set).naming
        return self._store.templates

    def _described(self, templates: Templates, subject: Subject) -> Naming:
        now = datetime.now(UTC)
        capture, set_name = self._store.example_names(templates, subject, now)
        return Naming(
            capture=templates.capture.text,
            set=templates.set.text,
            capture_example=capture + EXAMPLE_EXTENSION,
            set_example=set_name,
            placeholders=_placeholders(subject, now),
        )


def _subject(camera: Known | None) -> Subject:
    """Return what examples are about: the camera where there is one, and an object with a catalogue number."""
    if camera is None:
        return EXAMPLE
    return replace(Subject.of(camera), catalogue_number=EXAMPLE.catalogue_number)


def _placeholders(subject: Subject, now: datetime) -> list[Placeholder]:
    examples = subject.texts() | moment_texts(now) | {"number": number_text(FIRST)}
    return [
        Placeholder(name=name, meaning=word.meaning, example=examples[name], used_in=list(word.used_in))
        for name, word in WORDS.items()
    ]

"""Things in the places where the store expects its folders."""

import shutil
from pathlib import Path

import pytest

from tetherlight.errors import StoreError
from tetherlight.settings import Settings
from tetherlight.store.store import Store


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_file_in_the_place_of_the_sets_is_no_empty_archive() -> None:
    """Whoever lists them is told, instead of believing that all is gone."""
    store = Store(Settings(min_free_bytes=0))
    store.prepare()
    shutil.rmtree(store.places.sets_dir)
    store.places.sets_dir.write_text("something else")
    with pytest.raises(StoreError, match=r"^The sets could not be listed: Not a directory\.$"):
        store.sets.names()
    store.close()


@pytest.mark.parametrize("name", ["captures", "captures/photometric_sets"])
def test_a_file_in_the_place_of_a_folder_is_named_at_the_start(name: str) -> None:
    place = Path(name)
    place.parent.mkdir(exist_ok=True)
    place.write_text("something else")
    store = Store(Settings(min_free_bytes=0))
    with pytest.raises(StoreError, match=f"{place.name} is a file, where a folder is needed"):
        store.prepare()
    store.close()

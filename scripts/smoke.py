"""Install what was built, each wheel and source archive in an environment of its own, and see that it works there.

python scripts/smoke.py FOLDER, by default dist.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S = 300.0
"""The first time ever the simulator's scene is rendered, which takes a small and busy machine minutes."""
STOP_S = 60.0
PAUSE_S = 0.1
NAME = re.compile(r"tetherlight-(?P<version>[^-]+?)(?:-py3-none-any\.whl|\.tar\.gz)")


class SmokeError(Exception):
    """What was built does not work."""


def install(package: Path, folder: Path) -> Path:
    """Install a package with the pinned versions of what it needs; return its program."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = (folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    for part in ("runtime", "build"):
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / f"{part}.txt"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", package], check=True)
    return folder / "bin" / "tetherlight"


def tells_version(program: Path, version: str) -> None:
    """See that --version gives the version that was built; raise SmokeError."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if said != version:
        raise SmokeError(f"Version {version} was built, and {program} says that it is {said}.")


def serves(program: Path, version: str, folder: Path, *, pages: bool) -> None:
    """See that it serves a simulated rig, with the pages if wanted, and ends when told; raise SmokeError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(program), "serve", "--simulate", "--width", "480", "--height", "320", "--port", str(port)]
    environment = os.environ | {"XDG_STATE_HOME": str(folder / "state"), "MIN_FREE_BYTES": "0"}
    server = subprocess.Popen(words, cwd=folder, env=environment)
    try:
        told = json.loads(_answer(server, f"http://127.0.0.1:{port}/health"))
        if told != {"status": "ok", "version": version}:
            raise SmokeError(f"/health of version {version} answers {told}.")
        if pages and b"/_next/" not in _answer(server, f"http://127.0.0.1:{port}/"):
            raise SmokeError("The server has no pages: it was built without the web application.")
        server.send_signal(signal.SIGTERM)
        if (status := server.wait(STOP_S)) != 0:
            raise SmokeError(f"The server ended with status {status}.")
    except subprocess.TimeoutExpired:
        raise SmokeError(f"The server did not end within {STOP_S:g} s.") from None
    finally:
        server.kill()
        server.wait()


def _answer(server: "subprocess.Popen[bytes]", address: str) -> bytes:
    """Return what the server answers, once it does."""
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise SmokeError(f"The server ended with status {server.returncode} before it answered.")
        try:
            with urllib.request.urlopen(address, timeout=START_S) as answer:  # noqa: S310 - an address of our own
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise SmokeError(f"{address} answers with status {error.code}.") from None
        except OSError:
            time.sleep(PAUSE_S)
    raise SmokeError(f"{address} does not answer within {START_S:g} s.")


def main() -> int:
    """Try everything that was built; return the exit status."""
    built = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    packages = sorted(path for path in built.iterdir() if NAME.fullmatch(path.name))
    if [path.suffix for path in packages] != [".whl", ".gz"]:
        print(f"{built} must hold one wheel and one source archive, and holds {[one.name for one in packages]}.")
        return 1
    for package in packages:
        version = NAME.fullmatch(package.name)["version"]  # type: ignore[index]  # it was matched above
        with tempfile.TemporaryDirectory(prefix="tetherlight-smoke-") as place:
            try:
                program = install(package, Path(place, "environment"))
                tells_version(program, version)
                serves(program, version, Path(place), pages=True)
            except (SmokeError, subprocess.CalledProcessError) as error:
                print(f"{package.name}: {error}", file=sys.stderr)
                return 1
        print(f"{package.name} can be installed, and serves a simulated rig and its pages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

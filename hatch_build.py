"""Put the web application into wheels and source archives.

Without Node.js a wheel is built without it, unless TETHERLIGHT_REQUIRE_WEB=1 asks for it, as releases do.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface[Any]):
    """Builds web/ and adds its static export; editable installs are served from the checkout and skip it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the export to what is built; raise RuntimeError where it is required and cannot be made."""
        if version == "editable":
            return
        root = Path(self.root)
        export = root / "web" / "out"
        unpacked_archive = (root / "PKG-INFO").is_file()
        if not (unpacked_archive and (export / "index.html").is_file()):
            self._build(root)
        if (export / "index.html").is_file():
            inside = "tetherlight/web" if self.target_name == "wheel" else "web/out"
            build_data["force_include"][str(export)] = inside
        elif os.environ.get("TETHERLIGHT_REQUIRE_WEB") == "1":
            raise RuntimeError("The web application is required and was not built: Node.js 22 or newer is needed.")
        else:
            self.app.display_warning("Built without the web application: Node.js 22 or newer is needed for it.")

    def _build(self, root: Path) -> None:
        command = [sys.executable, str(root / "scripts" / "web.py"), "build", "--optional"]
        if subprocess.run(command, cwd=root, check=False).returncode != 0:
            raise RuntimeError("The web application could not be built; the lines above say why.")

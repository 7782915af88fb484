"""Write the light position file of a set for RTI software: python docs/examples/export_lp.py SET_FOLDER."""

import json
import sys
from pathlib import Path


def main() -> None:
    """Read the manifest and write one line per image: its name and the direction of its light."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    steps = json.loads((folder / "manifest.json").read_text())["steps"]
    lit = [step for step in steps if step["light"] and step["state"] == "done"]
    lines = [f"{step['files'][0]['filename']} {' '.join(str(part) for part in step['direction'])}" for step in lit]
    (folder / "lights.lp").write_text("\n".join([str(len(lines)), *lines]) + "\n")
    print(f"{len(lines)} lights in {folder / 'lights.lp'}")


if __name__ == "__main__":
    main()

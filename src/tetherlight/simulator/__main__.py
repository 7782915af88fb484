"""Run the simulator: `python -m tetherlight.simulator`."""

import sys

from tetherlight.simulator.program import main

if __name__ == "__main__":
    sys.exit(main())

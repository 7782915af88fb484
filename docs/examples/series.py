"""Take a bracket and then a time-lapse with the Python client: python docs/examples/series.py [ADDRESS]."""

import sys

from tetherlight import SyncClient
from tetherlight.errors import SequenceFailed
from tetherlight.protocol.events import SeriesProgress

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"


def told(step: SeriesProgress) -> None:
    """Print how far the series is."""
    print(f"{step.status} {step.index} of {step.total}", step.value or "")


with SyncClient(ADDRESS) as rig:
    rig.select()
    try:
        bracket = rig.capture_series(bracket=("shutterspeed", ["1/250", "1/60", "1/15"]), progress=told)
        rig.capture_series(count=3, interval_s=1, progress=told)
    except SequenceFailed as failed:
        print(failed.message, failed.data)
        raise SystemExit(1) from failed
    for path in rig.download(bracket, to="pictures"):
        print(path)

"""Open every camera and take one picture with all in one moment: python docs/examples/all_cameras.py [ADDRESS]."""

import sys

from tetherlight import SyncClient
from tetherlight.errors import CaptureIncomplete

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"

with SyncClient(ADDRESS) as rig:
    for camera in rig.cameras():
        rig.select(camera_id=camera.camera_id, select=False)
    try:
        shot = rig.capture_all()  # by lines where the rig file has them for all, else by software
    except CaptureIncomplete as failed:
        print(failed.message)
        shot = failed.data
    print(f"{shot.exposure_id} by {shot.trigger}, {shot.skew_ms:g} ms from the first release to the last")
    for frame in shot.frames:
        print(frame.camera_id, frame.error or frame.file_path)

"""Take a picture with the Python client: python docs/examples/five_lines.py [ADDRESS]."""

import sys

from tetherlight import SyncClient

with SyncClient(*sys.argv[1:]) as rig:
    print(rig.select().model)
    rig.set_config("iso", "200")
    picture = rig.capture()
    print(*rig.download(picture, to="pictures"))

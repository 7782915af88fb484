"""Take a picture with the Python client: python docs/examples/five_lines.py [ADDRESS]."""

import sys

from tetherlight.client.sync import Client

with Client(*sys.argv[1:]) as rig:
    print(rig.select().model)
    rig.set_config("iso", "200")
    picture = rig.capture()
    print(*rig.download(picture, to="pictures"))

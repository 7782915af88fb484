"""Use a rig cell by cell, as in a notebook: python docs/examples/notebook.py [ADDRESS]."""

import sys

from tetherlight import SyncClient

# Open until close(), so that it outlives a cell.
rig = SyncClient(*sys.argv[1:])
rig.connect()
rig.select()

# One frame of the live view, for Pillow and for numpy.
frame = next(rig.liveview())
print(frame.image().size, frame.array().shape)

# A set, and what its manifest knows of it.
done = rig.capture_set(["light_left", "light_right"], prefix="notebook")
manifest = rig.show_set(done.set_folder.rpartition("/")[2]).manifest
if manifest is not None:
    for step in manifest.steps:
        print(step.index, step.light, step.direction, [file.filename for file in step.files])

rig.close()

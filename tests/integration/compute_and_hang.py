"""A stand-in for a server: lets a child compute for ever, which leaves its process id in a file, until it is killed."""

import asyncio
import sys

from tetherlight.process.run import run

asyncio.run(run("support.working:endless", {"mark": sys.argv[1]}, deadline=3600, memory=1 << 30))

"""What a server keeps of the memory that it needed for a moment."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
from tetherlight.server.memory import give_back_freed_memory
if {given_back}:
    give_back_freed_memory()
largest = bytearray(b"x") * (30 << 20)
del largest
# Between pictures that are done with lies what is still needed.
pictures, kept = [], []
for _ in range(200):
    pictures.append(bytearray(b"x") * (1 << 20))
    kept.append(bytearray(b"x") * 1000)
del pictures
lines = open("/proc/self/status").read().splitlines()
print(next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")))
"""


def resident_mb(*, given_back: bool) -> int:
    program = PROGRAM.format(given_back=given_back)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give freed memory back by themselves")
def test_memory_of_pictures_that_are_done_with_goes_back_to_the_machine() -> None:
    assert resident_mb(given_back=False) > 200, "the allocator has learned it: our setting can go"
    assert resident_mb(given_back=True) < 100

"""The C library's allocator, told to give back what is free."""

import ctypes
import logging

logger = logging.getLogger(__name__)

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGE_BYTES = 128 * 1024


def give_back_freed_memory() -> None:
    """Keep glibc from holding on to the blocks of pictures that are done with; other C libraries have no need of it.

    By itself it raises both thresholds with the largest block that was ever freed, up to 32 MB: after a gallery of
    pictures some hundred megabytes stay with a process that needs none of them.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    for option in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        if not mallopt(option, LARGE_BYTES):
            logger.debug("The allocator did not take option %d", option)

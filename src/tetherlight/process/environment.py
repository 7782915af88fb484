"""What programs that we start find in their environment."""

import os
from collections.abc import Mapping

SECRETS = frozenset({"API_TOKEN"})
"""Settings of the server that no program needs which it starts."""


def child_environment(added: Mapping[str, str] = {}) -> dict[str, str]:
    """Return our own environment without secrets, and with what is added."""
    return {name: value for name, value in os.environ.items() if name.upper() not in SECRETS} | dict(added)

"""Secrets of hooks, read when they are needed from a file or from the environment, and never kept."""

import base64
import binascii
import hashlib
import hmac
import os
from pathlib import Path

from tetherlight.errors import InvalidSetting
from tetherlight.files.durable import read_regular

MAX_BYTES = 4096
PREFIX = "whsec_"


def read_secret(what: str, file: str | None, variable: str | None) -> str | None:
    """Return a secret, None where the hook has none; raise InvalidSetting where it cannot be had. Blocking."""
    if file is not None:
        try:
            content = read_regular(Path(file).expanduser(), most=MAX_BYTES, follow=True)
            found = content.decode().partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise InvalidSetting(f"The file with the {what} cannot be read: {why}.") from None
    elif variable is not None:
        found = os.environ.get(variable, "")
    else:
        return None
    if not found or not found.isprintable():
        raise InvalidSetting(f"The {what} is empty, or has characters that cannot be seen.")
    return found


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the HMAC-SHA256 of a message as the Standard Webhooks specification has it (`webhook-signature`)."""
    key = secret.encode()
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise InvalidSetting(f"What follows {PREFIX} in the secret is no Base64.") from None
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"

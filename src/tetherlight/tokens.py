"""The tokens beside API_TOKEN: a file in STATE_DIR that has the name, the role and the hash of each.

Whoever reads the file learns no token: each is 256 random bits, of which it has the SHA-256.
"""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from tetherlight.errors import InvalidName, InvalidSetting, StoreError
from tetherlight.files.durable import read_regular, write_atomically
from tetherlight.files.locks import folder_kept
from tetherlight.protocol.models import Model, first_fault
from tetherlight.protocol.roles import Role

FILE = "tokens.json"
MAX_BYTES = 1_000_000
MOST = 1000
PREFIX = "tl_"
"""How each token begins, so that people and programs know one where they see it."""

Stamp = tuple[int, int, int]


class Token(Model):
    """What the file has of a token."""

    name: str = Field(min_length=1, max_length=64)
    role: Role
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    made_at: datetime

    @field_validator("name")
    @classmethod
    def _readable(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("it has a character that cannot be seen, or a space at an end")
        return value


class TokenFile(Model):
    """The whole file."""

    version: Literal[1] = 1
    tokens: list[Token] = Field(default_factory=list, max_length=MOST)


class Tokens:
    """The tokens of a file as they stood when it was last read. All methods but those that find read the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_hash: Mapping[str, Token] = {}
        self._stamp: Stamp | None = None
        self.version = 0
        """How often the file was found to be another one."""

    @classmethod
    def beside(cls, state_dir: Path) -> "Tokens":
        """Return the tokens of a state folder."""
        return cls(state_dir / FILE)

    def __len__(self) -> int:
        return len(self._by_hash)

    def find(self, secret: str) -> Token | None:
        """Return the token with this text."""
        return self._by_hash.get(hashed(secret))

    def with_hash(self, sha256: str) -> Token | None:
        """Return the token with this hash."""
        return self._by_hash.get(sha256)

    def refresh(self) -> bool:
        """Read the file if it has changed since; say whether it had.

        Raises InvalidSetting where it cannot be read; what was known stays.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return False
        found = self._read()
        self._by_hash = {token.sha256: token for token in found}
        self._stamp = stamp
        self.version += 1
        return True

    def all(self) -> list[Token]:
        """Return every token, the oldest first; raise InvalidSetting."""
        self.refresh()
        return list(self._by_hash.values())

    def add(self, name: str, role: Role) -> str:
        """Make a token, keep what tells it from others, and return its text, which nobody can ask for again.

        Raises InvalidName where there is one of that name, StoreError where the file cannot be written.
        """
        secret = PREFIX + secrets.token_urlsafe(32)
        try:
            made = Token(name=name, role=role, sha256=hashed(secret), made_at=datetime.now(UTC).replace(microsecond=0))
        except ValidationError as error:
            raise InvalidName(f"A token cannot be called '{name[:80]}': {first_fault(error).reason}.") from None
        with self._changing() as found:
            if any(token.name == name for token in found):
                raise InvalidName(f"There is already a token '{name}'.", hint="Revoke it, or choose another name.")
            found.append(made)
        return secret

    def revoke(self, name: str) -> Token:
        """Remove a token, which opens nothing from then on; raise InvalidName where there is none of that name."""
        with self._changing() as found:
            gone = next((token for token in found if token.name == name), None)
            if gone is None:
                raise InvalidName(f"There is no token '{name[:80]}'.", hint="`tetherlight token list` shows them.")
            found.remove(gone)
        return gone

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """Give the list of the file's tokens, written when the block ends well; nobody else changes it meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with folder_kept(self.path.parent):
                found = self._read()
                yield found
                self._write(found)
        except OSError as error:
            raise StoreError(
                f"The tokens in {self.path} cannot be changed: {error.strerror}.",
                hint="Do it as the user who runs the server, with the STATE_DIR that it has.",
            ) from None

    def _write(self, tokens: list[Token]) -> None:
        content = TokenFile(tokens=tokens).model_dump_json(indent=1).encode() + b"\n"
        write_atomically(self.path, content, mode=0o600)
        if os.geteuid() == 0:
            # Made by an administrator for the server, which runs as the user whose folder it is.
            owner = self.path.parent.stat()
            os.chown(self.path, owner.st_uid, owner.st_gid)

    def _look(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InvalidSetting(f"The tokens in {self.path} cannot be read: {error.strerror}.") from None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> list[Token]:
        try:
            content = read_regular(self.path, most=MAX_BYTES, follow=True)
            return TokenFile.model_validate(json.loads(content)).tokens
        except FileNotFoundError:
            return []
        except OSError as error:
            why = error.strerror or str(error)
        except ValidationError as error:
            why = first_fault(error).message
        except ValueError:
            why = "it is no JSON"
        raise InvalidSetting(
            f"The tokens in {self.path} cannot be read: {why}.",
            hint="Let the server's user read it, or remove it and make new tokens: `tetherlight token add NAME`.",
        )


def hashed(secret: str) -> str:
    """Return what the file has of a token's text."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()

"""What somebody is let in as."""

from dataclasses import dataclass

from starlette.types import Scope

from tetherlight.protocol.action import Right
from tetherlight.protocol.roles import OWNER, ROLES, Role

GRANT = "tetherlight.grant"
"""Where it stands in the scope of a request."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and by what it was given."""

    key: str
    """The hash of a token, or one of the two words below."""
    role: Role
    name: str | None = None
    """What the token is called; None for API_TOKEN, and where none is needed."""

    @property
    def rights(self) -> frozenset[Right]:
        """What it opens."""
        return ROLES[self.role].rights


OPEN = Grant("open", OWNER.name)
"""Everybody, where no token is needed."""
MASTER = Grant("master", OWNER.name)
"""Who has shown API_TOKEN."""


def grant_of(scope: Scope) -> Grant | None:
    """Return what the sender of a request is let in as; None for a stranger."""
    found: Grant | None = scope.get(GRANT)
    return found

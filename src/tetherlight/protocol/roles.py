"""The table of roles: what a token opens."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tetherlight.errors import RightMissing
from tetherlight.protocol.action import EVERY_RIGHT, Right

Role = Literal["viewer", "operator", "owner", "metrics"]


@dataclass(frozen=True, eq=False)
class RoleRow:
    """One row of the table."""

    name: Role
    rights: frozenset[Right]
    summary: str


VIEWER = RoleRow("viewer", frozenset({"read", "metrics"}), "Looks: states, images, the log, the live view.")
OPERATOR = RoleRow("operator", VIEWER.rights | {"control"}, "Works with the rig: cameras, lights, jobs, notes.")
OWNER = RoleRow("owner", EVERY_RIGHT, "May do everything: also throw away, and change the rig itself.")
METRICS = RoleRow("metrics", frozenset({"metrics"}), "Reads the figures at /metrics, and nothing else.")

ROLES: Mapping[Role, RoleRow] = MappingProxyType({row.name: row for row in (VIEWER, OPERATOR, OWNER, METRICS)})
"""From the one who may do least to the one who may do all; the last is for programs that collect figures."""


def role_of(rights: Set[Right]) -> Role | None:
    """Return the role that has exactly these rights, None where they are nobody's."""
    return next((row.name for row in ROLES.values() if row.rights == rights), None)


def role_with(right: Right) -> Role:
    """Return the role that is enough for a right."""
    return next(row.name for row in ROLES.values() if right in row.rights)


def right_missing(what: str, right: Right, who: str) -> RightMissing:
    """Return the refusal of something, named by the beginning of the sentence, that needs a right."""
    return RightMissing(
        f"{what} needs the right '{right}', which {who} does not have.",
        hint=f"Use a token of the role '{role_with(right)}': `tetherlight token add` makes one on that machine.",
        details={"right": right},
    )

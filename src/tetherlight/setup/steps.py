"""What is done to a machine, each step for itself: whether it is there, how it is made, how it is taken back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from tetherlight.setup.machine import Machine

RULES = "/etc/udev/rules.d/60-tetherlight.rules"
UDEV = "/run/udev/control"
UNIT = "/etc/systemd/system/tetherlight.service"
SERVICE_USER = "tetherlight"
SERVICE_HOME = "/var/lib/tetherlight"


class Step(ABC):
    """One change of a machine."""

    name: ClassVar[str]

    @property
    def words(self) -> Sequence[str]:
        """What the note keeps of it, the name first: enough to take it back."""
        return (self.name,)

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What it is, after it was done; without a full stop."""

    @abstractmethod
    def there(self, machine: Machine) -> bool:
        """Say whether it is so already, by whomever."""

    @abstractmethod
    def do(self, machine: Machine) -> None:
        """Do it; raise SetupFailed."""

    @abstractmethod
    def undo(self, machine: Machine) -> None:
        """Take it back; raise SetupFailed."""


class Group(Step):
    """A group of those who may open devices."""

    name = "group"

    def __init__(self, group: str) -> None:
        self._group = group

    @property
    def words(self) -> Sequence[str]:
        """The group."""
        return (self.name, self._group)

    @property
    def sentence(self) -> str:
        """The group is there."""
        return f"The group {self._group} is there"

    def there(self, machine: Machine) -> bool:
        """Look into /etc/group."""
        return self._group in machine.members()

    def do(self, machine: Machine) -> None:
        """Make it."""
        machine.run("groupadd", "--system", self._group)

    def undo(self, machine: Machine) -> None:
        """Remove it."""
        if self.there(machine):
            machine.run("groupdel", self._group)


class Member(Step):
    """A user in a group."""

    name = "member"

    def __init__(self, user: str, group: str) -> None:
        self._user, self._group = user, group

    @property
    def words(self) -> Sequence[str]:
        """User and group."""
        return (self.name, self._user, self._group)

    @property
    def sentence(self) -> str:
        """Who is in which group."""
        return f"{self._user} is in the group {self._group}, from the next login on"

    def there(self, machine: Machine) -> bool:
        """Look into /etc/group."""
        return self._user in machine.members().get(self._group, ())

    def do(self, machine: Machine) -> None:
        """Add the user to the group."""
        machine.run("usermod", "-aG", self._group, self._user)

    def undo(self, machine: Machine) -> None:
        """Take the user out of the group."""
        if self.there(machine):
            machine.run("gpasswd", "--delete", self._user, self._group)


class Rules(Step):
    """The udev rules that give these groups cameras and GPIO lines."""

    name = "rules"

    def __init__(self, text: str = "") -> None:
        self._text = text

    @property
    def sentence(self) -> str:
        """The file is there."""
        return f"{RULES} gives the groups cameras and GPIO lines"

    def there(self, machine: Machine) -> bool:
        """Compare the file."""
        return machine.content(RULES) == self._text

    def do(self, machine: Machine) -> None:
        """Write the file and let udev read it."""
        machine.write(RULES, self._text)
        _reload_rules(machine)

    def undo(self, machine: Machine) -> None:
        """Remove the file."""
        machine.path(RULES).unlink(missing_ok=True)
        _reload_rules(machine)


class ServiceUser(Step):
    """The user that the service runs as."""

    name = "service-user"

    @property
    def sentence(self) -> str:
        """The user is there."""
        return f"The user {SERVICE_USER} is there; captures, rig.toml and the token are kept in {SERVICE_HOME}"

    def there(self, machine: Machine) -> bool:
        """Look into /etc/passwd."""
        return SERVICE_USER in machine.users()

    def do(self, machine: Machine) -> None:
        """Make the user, in the groups."""
        words = ("--system", "--home-dir", SERVICE_HOME, "--groups", "plugdev,gpio", SERVICE_USER)
        machine.run("useradd", *words)

    def undo(self, machine: Machine) -> None:
        """Remove the user; what it owns stays."""
        if self.there(machine):
            machine.run("userdel", SERVICE_USER)


class Service(Step):
    """The systemd service, started now and at each start of the machine."""

    name = "service"

    def __init__(self, text: str = "") -> None:
        self._text = text

    @property
    def sentence(self) -> str:
        """It runs."""
        return "The service tetherlight runs, now and after each start; `journalctl -u tetherlight` shows its log"

    def there(self, machine: Machine) -> bool:
        """Compare the unit."""
        return machine.content(UNIT) == self._text

    def do(self, machine: Machine) -> None:
        """Write the unit and start it."""
        machine.write(UNIT, self._text)
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "enable", "--now", "tetherlight")

    def undo(self, machine: Machine) -> None:
        """Stop it and remove the unit."""
        if machine.content(UNIT) is not None:
            machine.run("systemctl", "disable", "--now", "tetherlight")
            machine.path(UNIT).unlink(missing_ok=True)
            machine.run("systemctl", "daemon-reload")


def of_words(words: Sequence[str]) -> Step:
    """Return the step that a note means, to take it back; raise ValueError for words that mean none."""
    match list(words):
        case [Group.name, group]:
            return Group(group)
        case [Member.name, user, group]:
            return Member(user, group)
        case [Rules.name]:
            return Rules()
        case [ServiceUser.name]:
            return ServiceUser()
        case [Service.name]:
            return Service()
        case _:
            raise ValueError(f"There is no step '{' '.join(words)}'.")


def _reload_rules(machine: Machine) -> None:
    """Let them count now; where udev does not run, as in a card's image that is prepared, they count when it starts."""
    if machine.path(UDEV).exists():
        machine.run("udevadm", "control", "--reload")
        machine.run("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=gpio")

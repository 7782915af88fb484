"""A camera's clock, which nobody may have set."""

from datetime import datetime, timedelta

from tetherlight.simulator.ptp import Kind, timestamp


class Clock:
    """The time of one body: the machine's, off by `offset`."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """Give the time that the body believes it is."""
        return (datetime.now().astimezone() + self.offset).astimezone()

    def set(self, when: datetime) -> None:
        """Set the body's time, local where it has no zone."""
        self.offset = when.astimezone() - datetime.now().astimezone()

    def read(self, kind: Kind) -> int | str:
        """Give the time as a property of this kind tells it: PTP's text, or seconds as if local time were UTC."""
        now = self.now()
        if kind is Kind.TEXT:
            return timestamp(now)
        return int(now.timestamp() + (now.utcoffset() or timedelta()).total_seconds())

    def write(self, value: int | str) -> None:
        """Set the time from a property's value; raise ValueError for what is no time."""
        if isinstance(value, str):
            self.set(datetime.strptime(value[:15], "%Y%m%dT%H%M%S").astimezone())
            return
        try:
            self.set((datetime(1970, 1, 1) + timedelta(seconds=value)).astimezone())  # noqa: DTZ001 - local time
        except OverflowError:
            raise ValueError(value) from None

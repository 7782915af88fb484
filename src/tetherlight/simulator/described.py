"""Cameras whose properties are described, read and set by the standard operations."""

from tetherlight.simulator import ptp
from tetherlight.simulator.device import Body
from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Code, Kind, Op, Operation, PtpError, Reply
from tetherlight.simulator.standard import StandardCamera


class DescribedCamera(StandardCamera):
    """A camera that tells of each property what it is now and what it may be."""

    def __init__(self, body: Body) -> None:
        super().__init__(body)
        self._handlers |= {
            Op.GET_PROPERTY_DESCRIPTION: self._describe_property,
            Op.GET_PROPERTY_VALUE: self._get_property,
            Op.SET_PROPERTY_VALUE: self._set_property,
        }

    def _entry(self, operation: Operation) -> Property:
        entry = self.body.properties.get(operation.param(0))
        if entry is None:
            raise PtpError(Code.PROPERTY_NOT_SUPPORTED)
        return entry

    def _describe_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation)
        return Reply(
            data=ptp.property_description(
                entry.code,
                entry.kind,
                writable=entry.writable,
                default=entry.default,
                current=self.body.value(entry.code),
                choices=entry.texts or list(entry.labels),
                span=entry.span,
            )
        )

    def _get_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation)
        return Reply(data=ptp.value(entry.kind, self.body.value(entry.code)))

    def _set_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation)
        if not entry.writable:
            return Reply(Code.ACCESS_DENIED)
        text = entry.kind is Kind.TEXT
        try:
            self.body.set_value(
                entry.code, ptp.read_text(operation.data) if text else ptp.read_number(entry.kind, operation.data)
            )
        except ValueError:
            return Reply(Code.INVALID_VALUE)
        return Reply()

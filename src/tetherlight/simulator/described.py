"""Cameras whose properties are described, read and set by the standard operations."""

from tetherlight.simulator import ptp
from tetherlight.simulator.device import Body
from tetherlight.simulator.properties import Property
from tetherlight.simulator.ptp import Code, Kind, Op, Operation, PtpError, Reply
from tetherlight.simulator.standard import StandardCamera

UNNAMED = {0x5007: Kind.UINT32, 0x500D: Kind.INT32, 0x5010: Kind.INT32}
"""Types other than those for which libgphoto2 has names: aperture, exposure time and exposure compensation."""


class DescribedCamera(StandardCamera):
    """A camera that tells of each property what it is now and what it may be."""

    tells_readonly = True

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
                self._kind(entry),
                writable=entry.writable and not self._claims_readonly(entry.code),
                default=entry.default,
                current=self.body.value(entry.code),
                choices=entry.texts or list(entry.labels),
                span=entry.span,
            )
        )

    def _kind(self, entry: Property) -> Kind:
        """Give a property's type on the wire: one that libgphoto2 does not expect leaves it with the number as name."""
        return UNNAMED.get(entry.code, entry.kind) if self.body.quirks.raw_only else entry.kind

    def _claims_readonly(self, code: int) -> bool:
        """Tell whether a property that can be set claims that it cannot, and count the claim."""
        fault = self.body.quirks.property_faults.get(code)
        if fault is None or fault.effect != "readonly" or fault.count == 0:
            return False
        if fault.count is not None:
            fault.count -= 1
        return True

    def _get_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation)
        return Reply(data=ptp.value(self._kind(entry), self.body.value(entry.code)))

    def _set_property(self, operation: Operation) -> Reply:
        entry = self._entry(operation)
        if not entry.writable:
            return Reply(Code.ACCESS_DENIED)
        kind, data = self._kind(entry), operation.data
        try:
            self.body.request_value(
                entry.code, ptp.read_text(data) if kind is Kind.TEXT else ptp.read_number(kind, data)
            )
        except ValueError:
            return Reply(Code.INVALID_VALUE)
        return Reply()

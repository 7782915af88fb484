"""The doctor: what is wrong with the machine around a rig, and what mends it."""

from tetherlight.doctor.diagnose import diagnose
from tetherlight.doctor.usb import claimed_hint, forbidden_hint

__all__ = ["claimed_hint", "diagnose", "forbidden_hint"]

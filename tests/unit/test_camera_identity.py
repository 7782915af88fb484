"""Names of cameras, addresses, and what the texts of libgphoto2 say."""

import pytest

from tetherlight.camera.identity import camera_ids, normal_address
from tetherlight.camera.worker import jpeg, messages


def test_a_camera_is_named_by_model_and_serial_where_that_is_unique() -> None:
    found = camera_ids(
        [
            ("Canon EOS 1300D", "usb:001,002", "0123", None),
            ("Canon EOS 1300D", "usb:001,003", "0456", None),
            ("Nikon D750", "usb:001,004", "7", None),
            ("Nikon D750", "usb:001,005", "7", None),
            ("Other", "ptpip:10.0.0.1", None, None),
        ]
    )
    assert [each.camera_id for each in found] == [
        "canon-eos-1300d-0123",
        "canon-eos-1300d-0456",
        "nikon-d750-usb-001-004",
        "nikon-d750-usb-001-005",
        "other-ptpip-10-0-0-1",
    ]


def test_two_cameras_without_a_serial_are_told_apart_by_their_ports() -> None:
    found = camera_ids([("Canon EOS 1300D", "usb:001,002", None, None), ("Canon EOS 1300D", "usb:001,003", None, None)])
    assert [each.camera_id for each in found] == ["canon-eos-1300d-usb-001-002", "canon-eos-1300d-usb-001-003"]


def test_a_camera_without_a_serial_is_named_by_its_usb_socket_which_a_replug_keeps() -> None:
    for port in ("usb:001,002", "usb:001,003"):
        (found,) = camera_ids([("Canon EOS 1300D", port, None, "1-2.3")])
        assert found.camera_id == "canon-eos-1300d-usb-1-2-3"


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("ptpip:10.0.0.1", "ptpip:10.0.0.1"),
        ("ptpip:10.0.0.1:5000", "ptpip:10.0.0.1:5000:5000"),
        ("ptpip:10.0.0.1:5000:5001", "ptpip:10.0.0.1:5000:5001"),
        ("ptpip:camera.local", "ptpip:camera.local"),
    ],
)
def test_a_port_is_given_twice(address: str, normal: str) -> None:
    assert normal_address(address) == normal


def test_a_summary_tells_model_and_serial() -> None:
    text = "Manufacturer: Canon Inc.\nModel: Canon EOS 1300D\n  Version: 3\n  Serial Number: 0870\nVendor: x\n"
    assert messages.identity(text) == ("Canon EOS 1300D", "0870")


@pytest.mark.parametrize("serial", ["", "0000000", "None", "unknown"])
def test_a_serial_that_says_nothing_is_none(serial: str) -> None:
    assert messages.identity(f"Model: X\n  Serial Number: {serial}\nNext: y\n") == ("X", None)
    assert messages.identity("") == (None, None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('PTP Property 00005007 changed, "f-number" to "f/2.8"', "f-number"),
        ("PTP Property d101 changed", "d101"),
        ("PTP Property 00005001 changed", "5001"),
        ("Camera Status 1", None),
    ],
)
def test_an_event_tells_which_entry_changed(text: str, name: str | None) -> None:
    assert messages.changed_property(text) == name


def test_only_a_jpeg_has_a_size() -> None:
    header = bytes.fromhex("ffd8ffe000040000ffffc0001108 02a80400 03".replace(" ", ""))
    assert jpeg.size(header + bytes(20)) == (1024, 680)
    for data in (b"", b"\xff\xd8", b"GIF89a" + bytes(20), header[:12], bytes.fromhex("ffd8ffda0008") + bytes(20)):
        assert jpeg.size(data) is None
    assert jpeg.size(b"\xff\xd8" + bytes(40)) is None

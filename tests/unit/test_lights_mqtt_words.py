"""What lamps on MQTT are told, and how they are understood."""

import pytest

from tetherlight.lights.mqtt_words import words_of


@pytest.mark.parametrize(
    ("address", "command", "on", "off", "says_on", "dims"),
    [
        ("tasmota:plug1", "cmnd/plug1/POWER", "ON", "OFF", ("stat/plug1/POWER", "ON"), False),
        ("tasmota-dimmer:d", "cmnd/d/Dimmer", "50", "0", ("stat/d/POWER", "ON"), True),
        (
            "zigbee2mqtt:bulb 1", "zigbee2mqtt/bulb 1/set", '{"state": "ON", "brightness": 127}', '{"state": "OFF"}',
            ("zigbee2mqtt/bulb 1", '{"state": "ON", "linkquality": 80}'), True,
        ),
        (
            "shelly:shelly1-AB/0", "shellies/shelly1-AB/relay/0/command", "on", "off",
            ("shellies/shelly1-AB/relay/0", "on"), False,
        ),
        (
            "shelly2:plus-1/2", "plus-1/command/switch:2", "on", "off",
            ("plus-1/status/switch:2", '{"output": true}'), False,
        ),
        ("topic:home/lamp/set", "home/lamp/set", "ON", "OFF", None, False),
        ("json:home/lamp/set", "home/lamp/set", '{"state": "ON", "brightness": 127}', '{"state": "OFF"}', None, True),
    ],
)  # fmt: skip
def test_each_kind_has_its_words(  # noqa: PLR0917 - a column each
    address: str, command: str, on: str, off: str, says_on: tuple[str, str] | None, dims: bool
) -> None:
    words = words_of(address)
    assert words is not None
    assert (words.command, words.say(0.5), words.say(0.0), words.dims) == (command, on, off, dims)
    if says_on is None:
        assert words.state is None
    else:
        assert (words.state, words.read(says_on[1]), words.read("nonsense"), words.read("[]")) == (
            says_on[0], True, None, None,
        )  # fmt: skip


@pytest.mark.parametrize("address", [None, "", "plug1", "tasmota:", "fridge:x", "topic:a/#", "topic:a/+/b"])
def test_what_is_no_address_is_known(address: str | None) -> None:
    assert words_of(address) is None

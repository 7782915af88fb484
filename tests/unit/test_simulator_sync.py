"""The simulated contact for a flash: one closing for each exposure, however close they are."""

from tetherlight.simulator.sync import SyncContact


def edges(contact: SyncContact, after: int = 0) -> list[bool]:
    return [closed for _, _, closed in contact.wait(after, 0)]


def test_two_exposures_at_once_close_it_twice() -> None:
    contact = SyncContact()
    first = contact.close()
    contact.close()
    contact.open(first)
    assert edges(contact) == [True, False, True]


def test_it_opens_at_the_end_of_its_own_exposure() -> None:
    contact = SyncContact()
    contact.open(contact.close())
    assert edges(contact) == [True, False]
    assert edges(contact, after=2) == []
    assert contact.count == 2

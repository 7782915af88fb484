"""Tables of the commands on terminals of every width."""

import pytest

from tetherlight.cli.terminal import print_folded

NAME = "größe_日本語_20261122-154233"
IDS = ("canon-eos-1300d-062071001234", "ptpip:192.168.1.20:15740")
HEAD = [("SET", "CAMERA_ID", "PORT", "SIZE", "NOTES")]
ROWS = [(NAME, *IDS, "12.3 MB", "seen from above, with the cracks that nobody has told of before")]


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 100, 104, 110, 120, 200])
def test_no_width_breaks_a_name_an_id_or_a_number(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is copied from a terminal must be what can be typed into it; nothing is left out either."""
    monkeypatch.setenv("COLUMNS", str(width))
    print_folded(HEAD, ROWS)
    printed = capsys.readouterr().out
    assert all(cell in printed for cell in (NAME, *IDS, "12.3 MB"))
    assert set(ROWS[0][-1].split()) <= set(printed.split())


def test_texts_give_way_first_and_then_each_row_is_a_list(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three stages: one line for a row, folded texts, a list."""
    monkeypatch.setenv("COLUMNS", "200")
    print_folded(HEAD, ROWS)
    assert len(capsys.readouterr().out.splitlines()) == 2
    monkeypatch.setenv("COLUMNS", "120")
    print_folded(HEAD, ROWS)
    folded = capsys.readouterr().out.splitlines()
    assert len(folded) > 2
    assert folded[0].split() == list(HEAD[0])
    monkeypatch.setenv("COLUMNS", "60")
    print_folded(HEAD, [*ROWS, *ROWS])
    listed = capsys.readouterr().out.splitlines()
    assert listed[:2] == [f"set: {NAME}", f"camera_id: {IDS[0]}"]
    assert listed[5] == ""


def test_a_table_without_titles_has_them_in_its_first_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in ("12", "30", "100"):
        monkeypatch.setenv("COLUMNS", width)
        print_folded([], [("cameras", f"{IDS[0]} (ready)"), ("simulated", "no [b]")])
        printed = capsys.readouterr().out
        assert IDS[0] in printed
        assert "no [b]" in printed

"""What is tried on a package that was built finds a package that does not work."""

from pathlib import Path

import pytest

import smoke


def program(folder: Path, text: str) -> Path:
    path = folder / "tetherlight"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_another_version_than_the_built_one_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(smoke.SmokeError, match=r"Version 1\.2\.3 was built, and .* says that it is 1\.2\.2"):
        smoke.tells_version(program(tmp_path, "echo 1.2.2"), "1.2.3")


def test_a_server_that_ends_by_itself_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(smoke.SmokeError, match="ended with status 3 before it answered"):
        smoke.serves(program(tmp_path, "exit 3"), "1.2.3", tmp_path, pages=False)


@pytest.mark.parametrize("names", [(), ("tetherlight-1.2.3-py3-none-any.whl",), ("a.tar.gz", "b.whl")])
def test_a_folder_without_both_packages_is_a_fault(
    tmp_path: Path, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in names:
        (tmp_path / name).touch()
    monkeypatch.setattr("sys.argv", ["smoke.py", str(tmp_path)])
    assert smoke.main() == 1
    assert "must hold one wheel and one source archive" in capsys.readouterr().out

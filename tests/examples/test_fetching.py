"""Data for an example, from a path or an address: complete or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cauce.errors import CauceError
from cauce.examples.copying import copy_example
from cauce.examples.fetching import fetch


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not chat."""

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where the files of tmp_path/served are served."""
    (tmp_path / "served").mkdir()
    handler = partial(Quiet, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def refusal(source: str, target: Path) -> str:
    with pytest.raises(CauceError) as caught:
        fetch(source, target)
    assert [path for path in target.parent.iterdir() if path.is_file()] == []
    return caught.value.code


def test_a_path_and_an_address_bring_the_same_bytes(tmp_path: Path, address: str) -> None:
    """Whether the user downloads or Cauce does must not matter."""
    (tmp_path / "served" / "rows.csv").write_bytes(b"a,b\r\n1,\xc3\xa9\r\n")
    fetch(f"{address}/rows.csv?limit=5", tmp_path / "one" / "data.csv")
    fetch(str(tmp_path / "served" / "rows.csv"), tmp_path / "two" / "data.csv")
    assert (tmp_path / "one" / "data.csv").read_bytes() == b"a,b\r\n1,\xc3\xa9\r\n"
    assert (tmp_path / "two" / "data.csv").read_bytes() == b"a,b\r\n1,\xc3\xa9\r\n"


def test_of_an_archive_the_named_file_is_taken(tmp_path: Path) -> None:
    """The published archive holds a second table, which is not the data."""
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("set/data.csv", "right")
        archive.writestr("set/mapping.csv", "wrong")
    fetch(str(tmp_path / "all.zip"), tmp_path / "here" / "data.csv")
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["data.csv"]
    assert (tmp_path / "here" / "data.csv").read_text() == "right"


def test_what_cannot_be_had_is_said_and_leaves_nothing(tmp_path: Path, address: str) -> None:
    """A half-written table would be read as a whole one."""
    (tmp_path / "here").mkdir()
    target = tmp_path / "here" / "data.csv"
    assert refusal(str(tmp_path / "absent.csv"), target) == "E1603"
    assert refusal(f"{address}/absent.csv", target) == "E1603"
    assert refusal("http://127.0.0.1:1/closed", target) == "E1603"
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("one.csv", "1")
        archive.writestr("two.csv", "2")
    assert refusal(str(tmp_path / "two.zip"), target) == "E1604"


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    """Messages end up in logs and screenshots."""
    with pytest.raises(CauceError) as caught:
        fetch("http://ana:secret@127.0.0.1:1/data?token=hidden", tmp_path / "data.csv")
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_an_edited_project_file_is_never_replaced(tmp_path: Path) -> None:
    """Writing the example again must not cost the user the changes made to it."""
    copy_example("diabetes", tmp_path)
    copy_example("diabetes", tmp_path)
    (tmp_path / "cauce.toml").write_text("mine")
    with pytest.raises(CauceError) as caught:
        copy_example("diabetes", tmp_path)
    assert caught.value.code == "E1602"
    assert (tmp_path / "cauce.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nothing", "here"], 2, "E1601"),
        (["diabetes", "here"], 2, "E1606"),
        (["diabetes", "here", "absent.csv"], 69, "E1603"),
        ([], 1, "PATH_OR_URL"),
    ],
)
def test_mistakes_end_with_a_code_and_no_traceback(
    arguments: list[str], status: int, said: str, tmp_path: Path
) -> None:
    """A user who types it wrong is told what is right."""
    command = [sys.executable, "-m", "cauce.examples", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr

"""What a user reads when a project file is wrong."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from cauce.errors import CATALOGUE, CauceError, CauceErrors, Exit
from cauce.language import use_language
from cauce.spec import project_from_mapping, project_from_text, read_project

GOLDEN = Path(__file__).parent / "refusals.txt"
VALID = 'name = "a"\n[data]\nsource = "a.csv"\n[target]\ncolumn = "y"\n'


def cases() -> dict[str, tuple[str, str]]:
    """Title -> TOML and the text it is refused with: blocks of `# title`, TOML, `>` lines."""
    found = {}
    for block in GOLDEN.read_text(encoding="utf-8").split("\n=== ")[1:]:
        title, _, rest = block.partition("\n")
        toml, _, said = rest.partition("\n--- said\n")
        found[title] = (toml + "\n", said.strip("\n"))
    return found


def told(toml: str) -> str:
    with pytest.raises(CauceErrors) as caught:
        project_from_text(toml)
    return "\n".join(f"{error}\n    {error.hint}" for error in caught.value.errors)


@pytest.mark.parametrize(("toml", "said"), cases().values(), ids=cases().keys())
def test_every_refusal_reads_as_agreed(toml: str, said: str) -> None:
    """The text, place and hint are what a user has to find the mistake with."""
    assert told(toml) == said


def test_every_code_of_the_project_file_is_shown_by_an_example() -> None:
    """A code without an example is one whose text nobody has read."""
    shown = set(re.findall(r"^E03\d\d", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE))
    unread = {"E0301", "E0302", "E0303", "E0304", "E0305"}
    assert shown | unread == {code for code in CATALOGUE if code.startswith("E03")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b'name = "a"\n[data\n',
            "E0305 {}:2:6: This is not valid TOML: Expected ']' at the end of a table dec",
        ),
        (b"name = 'a'\nname = 'b'\n", "E0305 {}:2:11: This is not valid TOML: Cannot overwrite a value."),
        (b"a = [1,\n", "E0305 {}:2:1: This is not valid TOML: Invalid value."),
        (b"a = " + b"1" * 5000, "E0305 {}: This is not valid TOML: Exceeds the limit"),
        (b"a = " + b"[" * 5000, "E0305 {}: This is not valid TOML: nested too deeply."),
        ("name = 'añ'\n# ñ".encode("latin-1"), "E0304 {}:1:10: The byte 0xF1 is not UTF-8 text."),
        ("name = 'a'".encode("utf-16"), "E0304 {}:1:1: The byte 0xFF is not UTF-8 text."),
        (b"#" * 1_000_001, "E0303 {} is larger than 1000000 bytes, too large for a project file."),
    ],
)
def test_a_file_that_is_not_toml_is_refused_at_its_place(content: bytes, said: str, tmp_path: Path) -> None:
    """Without the place, a stray byte in a long file takes an hour to find."""
    file = tmp_path / "p.toml"
    file.write_bytes(content)
    with pytest.raises(CauceError) as caught:
        read_project(file)
    # the path may be longer than what a message shows of it
    file_name = str(file)
    assert str(caught.value).startswith(said.format(file_name))
    assert caught.value.exit_code == Exit.CONFIG


def test_a_missing_file_and_a_folder_without_one_say_how_to_begin(tmp_path: Path) -> None:
    """The first command of a new user must end with the command to run next."""
    for path in (tmp_path, tmp_path / "no.toml"):
        with pytest.raises(CauceError) as caught:
            read_project(path)
        assert caught.value.code == "E0301"
        assert "cauce init" in caught.value.hint


def test_a_path_that_cannot_be_opened_is_no_traceback(tmp_path: Path) -> None:
    """A NUL in a path, or a file in place of a folder, must end in a code."""
    file = tmp_path / "a.toml"
    file.write_text(VALID)
    for path in (file / "cauce.toml", "a\0b"):
        with pytest.raises(CauceError) as caught:
            read_project(path)
        assert caught.value.code == "E0302"


def test_a_folder_stands_for_the_project_file_in_it(tmp_path: Path) -> None:
    """Users name the folder they work in; a BOM and CRLF from Windows editors change nothing."""
    text = VALID.replace("\n", "\r\n")
    (tmp_path / "cauce.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_project(tmp_path) == project_from_text(VALID)


def test_no_refusal_repeats_a_secret() -> None:
    """A password in a wrong file would end in terminals and logs."""
    secret = "hunter2"
    toml = VALID.replace("a.csv", f"s3://u:{secret}@b/x").replace("[data]", f'pass = "{secret}"\n[data]')
    toml += f'[tracking]\nuri = "postgresql://u:{secret}@h/db"\n[store]\nurl = "s3://u:{secret}@b"\n'
    with pytest.raises(CauceErrors) as caught:
        project_from_text(toml)
    assert sorted(error.code for error in caught.value.errors) == ["E0307", "E0312", "E2501", "E2501"]
    assert secret not in repr([(str(error), error.hint, error.values) for error in caught.value.errors])


@pytest.mark.parametrize(
    "uri", ["http://h/?token=x", "http://u:p/w@h", "mysql://u:@h", "postgresql+psycopg://u:p@h/d?a=b"]
)
def test_secrets_in_a_tracking_address_are_found(uri: str) -> None:
    """The file is shared; the secret with it."""
    with pytest.raises(CauceErrors, match="E0312"):
        project_from_text(VALID + f'[tracking]\nuri = "{uri}"\n')


@pytest.mark.parametrize(
    "uri", ["sqlite:///a:b@c.db", "http://u@host:5000/x", "http://h/p@q", "http://h:5000/p@q", "databricks"]
)
def test_addresses_without_secrets_pass(uri: str) -> None:
    """A false alarm would keep a user from their own tracking server."""
    assert project_from_text(VALID + f'[tracking]\nuri = "{uri}"\n').tracking.uri == uri


def test_windows_paths_are_not_taken_for_addresses() -> None:
    """A drive letter is not a URL scheme."""
    for source in (r"C:\data\a.csv", "c:/data/a.csv", "a:b.csv"):
        mapping = {"name": "a", "data": {"source": source}, "target": {"column": "y"}}
        assert project_from_mapping(mapping).data.source == (source,)


def test_errors_travel_between_processes_and_follow_the_language() -> None:
    """A worker's error must arrive whole, and be told in the reader's language."""
    with pytest.raises(CauceErrors) as caught:
        project_from_text("name = 3\n")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    use_language("es")
    assert str(again).startswith("E0310 cauce.toml")


def test_a_mapping_that_is_no_toml_is_refused_not_crashed_on() -> None:
    """From Python any object can be passed; the answer is still a list of faults."""
    for wrong in ({1: 2}, {"name": object(), "data": None, "target": ()}, {"models": "boosting", "data": []}):
        with pytest.raises(CauceErrors):
            project_from_mapping(wrong)  # type: ignore[arg-type]

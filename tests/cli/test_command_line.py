"""The command line as a user meets it: what goes wrong is said with a code, in place of a traceback."""

from __future__ import annotations

import json
import logging
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_runs import CAUCE, cauce, surroundings

from cauce.cli.main import run_line
from cauce.cli.pages import EXIT_CODES
from cauce.errors import CATALOGUE

Lines = Callable[[str, Path], "subprocess.CompletedProcess[str]"]
ROWS = "id,late,hours\n" + "".join(f"{n},{'yes' if n % 3 else 'no'},{n % 7}.5\n" for n in range(60))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small table."""
    (tmp_path / "flights.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Run a line in this process."""

    def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(folder)
        status = run_line(line.split())
        said = capsys.readouterr()
        return subprocess.CompletedProcess(line, status, said.out, said.err)

    yield run
    logging.disable(logging.NOTSET)


def coded(done: subprocess.CompletedProcess[str], code: str) -> None:
    """The run ended with this code, said so on standard error alone, and showed no traceback."""
    assert f"error[{code}]:" in done.stderr, done.stderr
    assert f"more: cauce explain {code}" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.returncode == int(CATALOGUE[code].exit)


WRONG = [
    ("rnu", "E1501"),
    ("plan --jsno", "E1502"),
    ("predict", "E1503"),
    ("init flights.csv --split grup --yes", "E1504"),
    ("--lang fr plan", "E1504"),
    ("explain --lang", "E1505"),
    ("predict a --out", "E1505"),
    ("run --quiet=yes", "E1506"),
    ("init --yes=no", "E1506"),
    ("explain E0301 E0302", "E1507"),
    ("init flights.csv", "E1508"),
    ("explain E0000", "E1513"),
    ("explain", "E1518"),
    ("plan", "E0301"),
    ("init nothing.csv --yes", "E0401"),
    ("init flights.csv --target lat --yes", "E1515"),
]


@pytest.mark.parametrize(("line", "code"), WRONG)
def test_a_wrong_line_ends_in_a_code_and_a_hint(line: str, code: str, folder: Path, lines: Lines) -> None:
    """Without it, a typing mistake would look like a broken program."""
    coded(lines(line, folder), code)


@pytest.mark.parametrize(("line", "code"), [WRONG[0], WRONG[-1]])
def test_a_process_ends_with_the_same(line: str, code: str, folder: Path) -> None:
    """What holds for a function call must hold for the program."""
    coded(cauce(*line.split(), folder=folder), code)


def test_messages_are_in_the_language_asked_for(
    folder: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Spanish reader would be left with English: by option, by environment, by the project."""
    spanish = "No existe el archivo de proyecto"
    assert spanish in lines("plan --lang es", folder).stderr
    monkeypatch.setenv("CAUCE_LANG", "es_CO.UTF-8")
    assert spanish in lines("plan", folder).stderr
    assert "There is no project file" in lines("plan --lang=en", folder).stderr
    monkeypatch.setenv("CAUCE_LANG", "en")
    (folder / "cauce.toml").write_text('schema = 1\nlang = "es"\nname = 3\n', encoding="utf-8")
    (folder / "other").mkdir()
    below = lines("plan", folder / "other")
    assert "../cauce.toml:3" in below.stderr
    assert "name espera un texto" in below.stderr
    assert below.returncode == 78


def test_a_failure_is_a_document_for_programs(folder: Path, lines: Lines) -> None:
    """A script would have to parse sentences."""
    done = lines("plan --json", folder)
    document = json.loads(done.stdout)
    assert document["schema"] == "cauce.error/1"
    assert document["exit"] == done.returncode == 78
    assert [one["code"] for one in document["errors"]] == ["E0301"]
    assert "error[E0301]" in done.stderr


def test_standard_output_holds_the_document_and_nothing_else(folder: Path) -> None:
    """`cauce version --json | jq` would fail on a friendly line."""
    done = cauce("--json", "version", folder=folder)
    assert json.loads(done.stdout)["schema"] == "cauce.version/1"
    assert done.stdout.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    """`cauce explain --all | head -1` would end in a traceback."""
    command = subprocess.Popen(
        [*CAUCE, "explain", "--all"],
        cwd=folder,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()
    said = command.stderr.read().decode()
    command.stderr.close()
    assert (command.wait(60), said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_an_output_on_a_full_disk_is_said_and_named(folder: Path) -> None:
    """A cut-off document would pass for a whole one."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = cauce(
            "version", "--json", folder=folder, capture_output=False, stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 74
    assert "error[E0503]: No space is left for the standard output" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_closed_output_is_said(folder: Path) -> None:
    """What was asked for would vanish while the exit code says that all is well."""
    line = " ".join([*CAUCE, "version", ">&-"])
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=surroundings(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 74
    assert "error[E0506]" in done.stderr


def test_a_place_that_cannot_be_written_is_said_and_named(folder: Path, lines: Lines) -> None:
    """The user would not learn which folder, nor what to do."""
    done = lines("init flights.csv --yes --project flights.csv/cauce.toml", folder)
    coded(done, "E0504")
    assert "flights.csv/cauce.toml" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_said(folder: Path) -> None:
    """The user would look for a mistake in the data."""
    folder.chmod(0o555)
    coded(cauce("init", "flights.csv", "--yes", folder=folder), "E0505")


def test_an_interrupted_command_says_how_to_go_on(folder: Path) -> None:
    """Ctrl-C in a terminal goes to the whole group of processes; the user must learn that nothing is lost."""
    code = (
        "import sys, time, cauce.api.explain as e\n"
        "def wait(*a, **k): print('on', flush=True); time.sleep(60)\n"
        "e.explain = wait\n"
        "sys.argv = ['cauce', 'explain', 'E0301']\nfrom cauce.cli.main import main; main()"
    )
    command = subprocess.Popen(
        [CAUCE[0], "-c", code],
        cwd=folder,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert command.stdout is not None
    assert command.stdout.readline() == "on\n"
    os.killpg(command.pid, signal.SIGINT)
    out, said = command.communicate(timeout=60)
    assert command.returncode == 130
    assert said.splitlines()[:2] == [
        "error[E1511]: Interrupted.",
        "hint: Type the same command again to go on: cauce explain E0301",
    ]
    assert out == ""


def test_a_defect_is_reported_without_data(folder: Path) -> None:
    """A report that quotes rows, values or secrets could not be sent to anybody."""
    (folder / ".cauce").mkdir()
    code = (
        "import sys, cauce.api.explain as e\n"
        "def broken(*a, **k): raise ZeroDivisionError('row 17: Ana Pérez, password hunter2')\n"
        "e.explain = broken\n"
        "sys.argv = ['cauce', 'explain', 'hunter2', '--project', 'secret.toml']\n"
        "from cauce.cli.main import main; main()"
    )
    done = subprocess.run(
        [CAUCE[0], "-c", code], cwd=folder, env=surroundings(), capture_output=True, text=True, check=False
    )
    coded(done, "E1510")
    assert "hunter2" not in done.stderr
    (report,) = (folder / ".cauce").glob("crash-*.txt")
    text = report.read_text(encoding="utf-8")
    assert str(report.relative_to(folder)) in done.stderr
    assert "ZeroDivisionError" in text
    assert "command: explain … --project …" in text
    for secret in ("hunter2", "Ana", "secret.toml", str(folder)):
        assert secret not in text


def test_a_traceback_is_there_for_whoever_asks(folder: Path, lines: Lines) -> None:
    """A developer would have to guess."""
    done = lines("plan --debug", folder)
    assert "Traceback (most recent call last)" in done.stderr
    assert done.returncode == 78


def test_every_exit_code_an_error_can_have_is_documented() -> None:
    """A script that waits for 75 to try again has to know what 75 means."""
    assert {int(entry.exit) for entry in CATALOGUE.values()} <= {int(code) for code in EXIT_CODES}


def read_terminal(line: list[str], folder: Path, answers: str = "", **env: str) -> tuple[int, str]:
    """Run on a terminal of 80 columns, with these answers typed; the exit code and what was shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        line, cwd=folder, env=surroundings(TERM="xterm", **env), stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    os.write(master, answers.encode())
    shown, end = b"", time.monotonic() + 60
    while time.monotonic() < end:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        shown += piece
    os.close(master)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_colours_only_on_a_terminal_and_only_where_wanted(folder: Path) -> None:
    """Escape signs in a log, or colours for somebody who cannot see them."""
    plain, coloured = "error[E1501]:", "\x1b[1;31merror[E1501]:\x1b[0m"
    assert coloured in read_terminal([*CAUCE, "rnu"], folder)[1]
    assert plain in read_terminal([*CAUCE, "rnu", "--no-color"], folder)[1]
    assert plain in read_terminal([*CAUCE, "rnu"], folder, NO_COLOR="1")[1]
    assert "\x1b" not in cauce("rnu", folder=folder).stderr


def test_init_asks_explains_its_guesses_and_takes_corrections(folder: Path) -> None:
    """Whoever does not know the options would not get a project."""
    answers = "lat\nlate\n\nyes\n\n\n\n\nmy-flights\n"
    status, shown = read_terminal([*CAUCE, "init", "flights.csv"], folder, answers)
    assert status == 0, shown
    assert "Which column is to be predicted?" in shown
    assert "Near it" not in shown
    assert "--target names the column lat, which the data do not have." in shown
    assert "Enter takes id (its name says so, and no value came twice in 60 rows); - takes none." in shown
    text = (folder / "cauce.toml").read_text(encoding="utf-8")
    for line in (
        'name = "my-flights"',
        'column = "late"',
        'positive = "yes"',
        'key = "id"',
        'source = "flights.csv"',
    ):
        assert f"\n{line}\n" in text
    assert "Next: " in shown


def test_completion_knows_commands_and_options(folder: Path) -> None:
    """Tab would offer files where a command belongs."""
    for line, offered in (
        ("cauce ver", ["verify", "version"]),
        ("cauce init --split ", ["random", "stratified", "group", "time"]),
        ("cauce plan --l", ["--lang"]),
    ):
        place = str(line.count(" "))
        asked = {"_CAUCE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": place}
        assert cauce(folder=folder, env=asked).stdout.split() == offered


def test_completion_is_installed_for_the_shell_in_use(folder: Path) -> None:
    """The promise of the help would be empty."""
    line = " ".join([*CAUCE, "--install-completion", "--lang", "es", "&& true"])
    environment = surroundings(HOME=str(folder))
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    script = folder / ".bash_completions" / "cauce.sh"
    assert "complete -o default -F _cauce_completion cauce" in script.read_text(encoding="utf-8")
    assert str(script) in done.stderr
    assert done.stdout == ""

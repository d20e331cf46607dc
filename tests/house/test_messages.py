"""Everything Cauce says is said in Spanish too, with the same values in it."""

from __future__ import annotations

import gettext
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "messages.py"
PO = Path("src/cauce/locale/es/LC_MESSAGES/cauce.po")

CODE = """
from cauce.language import gettext_noop, gettext_noop as _, ngettext_noop, translate, translate_plural

WORD = _("Column {column} does not exist here.")
OTHER = gettext_noop("Nothing to do.")
FILES = ngettext_noop("{files} file in {folder}", "{files} files in {folder}", by="files")

def told(count: int) -> str:
    # TRANSLATORS: shown at the end of a run
    return translate("Finished ") + translate_plural("{count} row", "{count} rows", count).format(count=count)
"""
FINISHED = {
    "Column {column} does not exist here.": ["La columna {column} no existe aquí."],
    "Nothing to do.": ["No hay nada que hacer."],
    "Finished ": ["Terminado "],
    "{count} row": ["{count} fila", "{count} filas"],
    "{files} file in {folder}": ["un archivo en {folder}", "{files} archivos en {folder}"],
}


def messages(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, "--root", root, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def translated(root: Path, texts: dict[str, list[str]]) -> None:
    """Fill in the catalogue as a translator would."""
    file = root / "open.json"
    file.write_text(json.dumps(texts), encoding="utf-8")
    assert messages(root, "--fill", str(file)).returncode == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small package whose catalogue is complete."""
    source = tmp_path / "src" / "cauce" / "a.py"
    source.parent.mkdir(parents=True)
    source.write_text(CODE, encoding="utf-8")
    assert messages(tmp_path).returncode == 0
    opened = json.loads(messages(tmp_path, "--open").stdout)
    assert {english: len(forms) for english, forms in opened.items()} == {
        english: len(forms) for english, forms in FINISHED.items()
    }
    translated(tmp_path, FINISHED)
    return tmp_path


def test_the_spanish_catalogue_is_complete() -> None:
    """A Spanish reader never meets an English sentence, nor a hole where a value should stand."""
    done = messages(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_complete_catalogue_passes_and_says_it_in_spanish(project: Path) -> None:
    """The check, the update and the compiled file agree; updating twice changes nothing."""
    assert messages(project, "--check").stderr == ""
    before = (project / PO).read_bytes()
    assert messages(project).stdout == "es: 5 messages, 0 to translate\n"
    assert (project / PO).read_bytes() == before
    spoken = gettext.translation("cauce", project / "src/cauce/locale", languages=["es"])
    assert spoken.gettext("Nothing to do.") == "No hay nada que hacer."
    assert spoken.ngettext("{count} row", "{count} rows", 2) == "{count} filas"
    assert "#. shown at the end of a run" in before.decode()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("no existe aquí", "", "placeholders differ"),
        ('msgstr "No hay nada que hacer."', 'msgstr ""', "not translated: 'Nothing to do.'"),
        ("{count} filas", "{n} filas", "placeholders differ"),
        ("un archivo en {folder}", "un archivo en {place}", "placeholders differ"),
        ("un archivo en {folder}", "un archivo{blank}", "placeholders differ"),
        ('msgstr[1] "{count} filas"', 'msgstr[1] ""', "not translated: '{count} row'"),
        ("La columna {column}", "La columna {column!r}", "placeholders differ"),
        ("La columna {column}", "La columna {column", "not a format text"),
        ('"Terminado "', '"Terminado"', "blanks at an end differ"),
        ('msgid "Nothing to do."', '#, fuzzy\nmsgid "Nothing to do."', "fuzzy"),
        ('msgid "Nothing to do."', 'msgid "Nothing at all."', "obsolete"),
        ('msgid "Nothing to do."', 'msgid "Nothing at all."', "missing"),
    ],
)
def test_each_fault_of_a_translation_is_found(project: Path, old: str, new: str, fault: str) -> None:
    """Any of these would reach a user as an English sentence, a wrong one or a crash."""
    text = (project / PO).read_text(encoding="utf-8")
    assert old in text
    replaced = new if new or "{" in old else "{column} {columna}"
    (project / PO).write_text(text.replace(old, replaced), encoding="utf-8")
    done = messages(project, "--check")
    assert done.returncode == 1
    assert fault in done.stderr


@pytest.mark.parametrize(
    "call",
    [
        '_(f"Row {1}")',
        '_("a" + word)',
        'translate("{}".format(1))',
        "gettext_noop(word)",
        '_("a b").replace("a ", "")',
        'ngettext_noop("{count} row", word)',
        'ngettext_noop("{count} row", "{count} rows").replace("rows", word)',
    ],
)
def test_a_text_that_cannot_be_extracted_is_refused(project: Path, call: str) -> None:
    """It would stay English for ever."""
    with (project / "src/cauce/a.py").open("a", encoding="utf-8") as file:
        file.write(f"\nword = ''\nmade = {call}\n")
    done = messages(project, "--check")
    assert done.returncode == 1
    assert "must be literal" in done.stderr


def test_a_changed_sentence_keeps_its_old_translation_as_a_proposal(project: Path) -> None:
    """The translator confirms a small change instead of starting again; until then the check fails."""
    source = project / "src/cauce/a.py"
    source.write_text(source.read_text().replace("does not exist here", "is not here"), encoding="utf-8")
    assert messages(project).stdout == "es: 5 messages, 1 to translate\n"
    text = (project / PO).read_text(encoding="utf-8")
    assert "La columna {column} no existe aquí." in text
    assert "does not exist" not in text
    assert "fuzzy" in messages(project, "--check").stderr


def test_a_sentence_that_became_a_counted_one_keeps_its_translation_for_both(project: Path) -> None:
    """Saying "1 row" right in English would otherwise cost the Spanish of the sentence."""
    source = project / "src/cauce/a.py"
    old, new = '_("Nothing to do.")', 'ngettext_noop("{count} thing to do.", "Nothing to do.")'
    text = source.read_text().replace('gettext_noop("Nothing to do.")', new).replace(old, new)
    source.write_text(text, encoding="utf-8")
    assert messages(project).stdout == "es: 5 messages, 1 to translate\n"
    opened = json.loads(messages(project, "--open").stdout)
    assert opened == {"{count} thing to do.": ["No hay nada que hacer."] * 2}

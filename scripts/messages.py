"""Keep the message catalogues in step with the code.

Without options it updates and compiles them. For translating many at once: `--open > open.json` writes
what has no finished translation, as {English: [forms]}; `--fill open.json` reads it back.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from hatch_build import LOCALE, compile_catalogues  # noqa: E402

LANGUAGES = ("es",)
# The calls that mark texts, and how many of their arguments are texts.
_TEXTS = {"_": 1, "gettext_noop": 1, "translate": 1, "ngettext_noop": 2, "translate_plural": 2}
_COMMENT = "# TRANSLATORS:"
_MARKERS = frozenset({"_", "gettext_noop", "ngettext_noop", "translate_plural"})
_DEFINING = frozenset({"_", "gettext_noop", "ngettext_noop"})
_JOINING = frozenset({"format", "format_map", "join", "replace"})
_ALIKE = 0.6

Key = tuple[str, ...]


def extract(root: Path) -> Catalog:
    """Every literal message of the code."""
    catalogue = Catalog(project="Cauce", charset="utf-8")
    for path in sorted((root / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and (message := _literals(call)):
                place = (path.relative_to(root).as_posix(), 0)
                catalogue.add(message, locations=[place], auto_comments=_comment_above(text, call.lineno))
    return catalogue


def _literals(call: ast.Call) -> str | tuple[str, ...] | None:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    count = _TEXTS.get(name, 0)
    texts = tuple(
        text.value
        for text in call.args[:count]
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    )
    if not count or len(texts) != count or not all(texts):
        return None
    return texts[0] if count == 1 else texts


def _comment_above(text: str, line: int) -> list[str]:
    above = text.splitlines()[line - 2].strip() if line > 1 else ""
    return [above.removeprefix(_COMMENT).strip()] if above.startswith(_COMMENT) else []


def key_of(message: Message) -> Key:
    """The English text, singular and plural where there are two."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def texts_of(message: Message) -> Key:
    """The translated text, one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def by_key(catalogue: Catalog) -> dict[Key, Message]:
    return {key_of(message): message for message in catalogue if message.id}


def po_path(root: Path, language: str) -> Path:
    return root / LOCALE / language / "LC_MESSAGES" / "cauce.po"


def read_catalogue(root: Path, language: str) -> Catalog:
    """The committed catalogue of `language`, an empty one where there is none yet."""
    path = po_path(root, language)
    if not path.exists():
        return Catalog(locale=language, project="Cauce", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(root: Path, language: str) -> tuple[int, int]:
    """Write the catalogue anew: (messages, of them without a finished translation).

    A message whose English changed keeps its old translation, marked fuzzy until someone confirms it.
    """
    template, old = by_key(extract(root)), by_key(read_catalogue(root, language))
    gone = {key[-1]: old[key] for key in old.keys() - template.keys() if any(texts_of(old[key]))}
    fresh = Catalog(locale=language, project="Cauce", charset="utf-8", fuzzy=False)
    open_ = 0
    for key in sorted(template):
        added = fresh.add(
            template[key].id,
            locations=sorted({(file, 0) for file, _ in template[key].locations}),
            auto_comments=template[key].auto_comments,
        )
        _carry_over(added, old.get(key), gone)
        open_ += added.fuzzy or not all(texts_of(added))
    write(root, language, fresh)
    return len(template), open_


def open_texts(root: Path, language: str) -> dict[str, list[str]]:
    """What has no finished translation: English (the singular) -> its forms, as far as they exist."""
    return {
        key_of(message)[0]: list(texts_of(message))
        for message in by_key(read_catalogue(root, language)).values()
        if message.fuzzy or not all(texts_of(message))
    }


def fill(root: Path, language: str, texts: dict[str, list[str]]) -> None:
    """Take `texts` (as `open_texts` gives them) for finished translations; empty ones stay open."""
    catalogue = read_catalogue(root, language)
    for key, message in by_key(catalogue).items():
        if all(forms := texts.get(key[0], [""])):
            message.string = forms[0] if len(key) == 1 else tuple(forms)
            message.flags.discard("fuzzy")
    write(root, language, catalogue)


def write(root: Path, language: str, catalogue: Catalog) -> None:
    """Write the catalogue of `language` in its one form, without dates or line numbers."""
    path = po_path(root, language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(_header(language))
        write_po(file, catalogue, width=100, include_lineno=False, omit_header=True)


def _header(language: str) -> bytes:
    plural = Catalog(locale=language).plural_forms
    lines = [
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {plural}",
    ]
    return ('msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines) + "\n").encode()


def _carry_over(added: Message, old: Message | None, gone: dict[str, Message]) -> None:
    if old is not None:
        added.string, added.flags = old.string, added.flags | (old.flags & {"fuzzy"})
        added.user_comments = old.user_comments
        return
    forms = len(texts_of(added))
    for text in difflib.get_close_matches(key_of(added)[-1], list(gone), n=1, cutoff=_ALIKE):
        known = texts_of(gone[text])
        added.string = known[-1] if forms == 1 else (known if len(known) == forms else (known[-1],) * forms)
        added.flags |= {"fuzzy"}


def fields(text: str) -> frozenset[str]:
    """The placeholders of a format text, with their conversions and format specifications."""
    return frozenset(
        f"{name}!{conversion or ''}:{spec}"
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    )


def check(root: Path, language: str) -> list[str]:
    """What is wrong with the catalogue of `language`, one sentence each."""
    template, known = by_key(extract(root)), by_key(read_catalogue(root, language))
    faults = [f"missing, run `make messages`: {key[0]!r}" for key in sorted(template.keys() - known.keys())]
    faults += [f"obsolete, run `make messages`: {key[0]!r}" for key in sorted(known.keys() - template.keys())]
    for key in sorted(known.keys() & template.keys()):
        faults += [f"{fault}: {key[0]!r}" for fault in message_faults(known[key], plurals(language))]
    return [f"{language}: {fault}" for fault in faults]


def plurals(language: str) -> int:
    """How many forms a counted text has in `language`."""
    return int(Catalog(locale=language).num_plurals)


def message_faults(message: Message, forms: int) -> Iterator[str]:
    """What is wrong with one translation. forms: how many a counted text has."""
    texts, key = texts_of(message), key_of(message)
    if not all(texts) or len(texts) != (forms if len(key) > 1 else 1):
        yield "not translated"
        return
    if message.fuzzy:
        yield "fuzzy (confirm the translation and remove the mark)"
    for place, text in enumerate(texts):
        english = key[min(place, len(key) - 1)]
        try:
            differing = _differing(key, text, form=place)
        except ValueError as error:
            yield f"not a format text ({error})"
            continue
        if differing:
            yield f"placeholders differ ({', '.join(sorted(differing))})"
        if english[-1:].isspace() != text[-1:].isspace() or english[:1].isspace() != text[:1].isspace():
            yield "blanks at an end differ"


def _differing(key: Key, text: str, *, form: int) -> frozenset[str]:
    """Placeholders on one side only. The form for a count of one may say the count in words."""
    whole, found = fields(key[-1]), fields(text)
    if len(key) > 1 and form == 0 and found <= whole and len(whole - found) <= 1:
        return frozenset()
    return whole ^ found


def unmarked(root: Path) -> list[str]:
    """Texts that cannot be extracted because they are put together inside the marking call."""
    faults = []
    for path in sorted((root / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (_is_joined(node) or _is_changed_after(node)):
                faults.append(f"{path.relative_to(root)}:{node.lineno}: marked texts must be literal")
    return faults


def _is_changed_after(call: ast.Call) -> bool:
    marked = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(marked, ast.Call) and ast.unparse(marked.func) in _DEFINING


def _is_joined(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    texts = call.args[: _TEXTS.get(name, 1)]
    if name in _MARKERS:
        return any(not (isinstance(text, ast.Constant) and isinstance(text.value, str)) for text in texts)
    return name == "translate" and any(
        isinstance(text, ast.JoinedStr | ast.BinOp)
        or (isinstance(text, ast.Call) and getattr(text.func, "attr", "") in _JOINING)
        for text in texts
    )


def main() -> int:
    """Do what the options say; 1 where something is unfinished or cannot be translated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail on anything unfinished")
    parser.add_argument("--open", action="store_true", help="print what is to be translated, as JSON")
    parser.add_argument("--fill", type=Path, metavar="FILE", help="take translations from such JSON")
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args()
    faults = unmarked(options.root)
    for language in LANGUAGES:
        if options.check:
            faults += check(options.root, language)
        elif options.open:
            print(json.dumps(open_texts(options.root, language), ensure_ascii=False, indent=1))
        else:
            _refresh(options.root, language, options.fill)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _refresh(root: Path, language: str, filling: Path | None) -> None:
    count, open_ = update(root, language)
    if filling:
        fill(root, language, json.loads(filling.read_text(encoding="utf-8")))
        count, open_ = update(root, language)
    compile_catalogues(root)
    print(f"{language}: {count} messages, {open_} to translate")


if __name__ == "__main__":
    sys.exit(main())

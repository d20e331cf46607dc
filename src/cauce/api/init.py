"""A project file for a table: what cannot be known is asked, or answered by the caller."""

from __future__ import annotations

import difflib
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from cauce.api import looking
from cauce.api.asking import CHOICES, Answers, Ask, Talk
from cauce.api.looking import Guess, Look
from cauce.core.faults import translated
from cauce.core.task import Target
from cauce.errors import CauceError
from cauce.language import active_language, translate
from cauce.language import gettext_noop as _
from cauce.running.bringing import Here, Report, brought_here
from cauce.sources.brought import Wanted
from cauce.spec import FILE_NAME, Project, Store, project_from_mapping, write_project
from cauce.spec.addresses import Address, is_brought, parse_address


@dataclass(frozen=True)
class NewProject:
    """The file that was written, the project in it, and the guesses that were taken, by question."""

    file: Path
    project: Project
    guesses: dict[str, Guess]

    def to_json(self) -> dict[str, Any]:
        """A JSON value."""
        taken = {name: {"value": one.value, "why": one.why} for name, one in self.guesses.items()}
        return {"file": str(self.file), "project": self.project.to_mapping(), "guesses": taken}


class InitAnswers(Answers, total=False):
    """report(done, total) tells how much of the rows behind an address is here."""

    report: Report | None


def init(
    source: str | None = None,
    *,
    project: str | Path = FILE_NAME,
    yes: bool = False,
    force: bool = False,
    ask: Ask | None = None,
    **answers: Unpack[InitAnswers],
) -> NewProject:
    """Write a commented project file for the data in `source`: a file, folder or pattern, or an address, of
    which the rows are brought into the project's store.

    project: the file to write, or its folder. yes: take every guess. force: replace an existing file.
    ask: puts the open questions to a person. Without `yes` and `ask`, E1508 names what is open. E1509 where
    the file exists; E1515 for a column the data do not have; what reading the data raises (E0401 to E0429)
    and bringing them (E25.. and E26..), and what a project file may not say (E03..).
    """
    file = Path(project)
    file = file / FILE_NAME if file.is_dir() else file
    if file.exists() and not force:
        raise CauceError("E1509", file=file)
    report = answers.pop("report", None)
    talk = Talk({name: value for name, value in answers.items() if value is not None}, ask, yes)
    if source is not None:
        talk.given["source"] = source
    if source is None:
        source = str(talk.settle("source", Guess("", translate(_("nothing was named"))), check=_needed))
    elif not yes and ask is None:
        talk.settle("name", _guess_name(source), check=str)
    here = here_for(source, file, store=Store().path, report=report)
    made = project_from_mapping(_mapping(source, here, file=file, talk=talk), file=str(file))
    write_text(file, write_project(made), force=force)
    return NewProject(file, made, talk.taken)


def here_for(source: str, file: Path, *, store: str, report: Report | None = None) -> Here:
    """The source as files, what is behind an address in the store's folder beside the project's `file`."""
    folder = file.parent.resolve()
    with brought_here((source,), Wanted(home=folder), folder=folder / store, report=report) as here:
        return here


def guessed(
    source: str, file: Path, *, here: Here, answers: Mapping[str, Any]
) -> tuple[Project, dict[str, Guess]]:
    """The project that `init` would write to `file` with every guess taken, and these guesses.

    here: the files of `source`.
    """
    talk = Talk({name: value for name, value in answers.items() if value is not None}, None, yes=True)
    made = _mapping(source, here, file=file, talk=talk)
    return project_from_mapping(made, file=str(file)), talk.taken


def _needed(text: str) -> str:
    if not text:
        raise CauceError("E1503", command="cauce init", parameter="SOURCE")
    return text


def _mapping(source: str, here: Here, *, file: Path, talk: Talk) -> dict[str, Any]:
    """The project as plain values."""
    seen, missing = _seen(here, talk)
    target = _target(seen, talk)
    roles = _roles(seen, target, talk)
    guess = looking.guess_split(roles["group"], roles["time"])
    split = talk.settle("split", guess, check=_one_of("split"))
    name = talk.settle("name", _guess_name(source), check=str)
    data = {"source": _from(file, source), "missing": missing, **roles}
    language = {"lang": active_language()} if active_language() != "en" else {}
    present = {key: value for key, value in data.items() if value not in ("", ())}
    return {"name": name, **language, "data": present, "target": target, "split": {"kind": split}}


def _seen(here: Here, talk: Talk) -> tuple[Look, tuple[str, ...]]:
    """The data, read with the texts that mean a missing value."""
    if "missing" in talk.given:
        declared = talk.several("missing")
        return looking.look(here, declared), declared
    seen = looking.look(here)
    guess = looking.guess_missing(seen)
    missing: tuple[str, ...] = () if guess is None else talk.settle("missing", guess, check=_parts)
    return (looking.look(here, missing) if missing else seen), missing


def _target(seen: Look, talk: Talk) -> dict[str, Any]:
    formula, column = talk.given.get("formula") or None, None
    named: dict[str, Any] = {"formula": formula}
    if formula is None:
        column = talk.settle(
            "target", looking.guess_target(seen), check=lambda text: _column(seen, "target", text)
        )
        named = {"column": column}
    about = looking.target_of(seen, column, formula=formula)
    # A positive class makes a binary task of any number of classes: the classes are those of the values.
    rest = bool(talk.given.get("positive")) and talk.given.get("task") in (None, "", "binary")
    found, said = looking.inferred(seen, about, task=None if rest else talk.given.get("task") or None)
    why = looking.sentence(said, lambda: translate(_("it was declared")))
    guess = Guess("binary", translate(_("a positive class was named"))) if rest else Guess(found.task, why)
    task = talk.settle("task", guess, check=_one_of("task"))
    if task != found.task and not rest:
        found, _said = looking.inferred(seen, about, task=task)
    return {**named, "task": task, **({"positive": _positive(found, talk)} if task == "binary" else {})}


def _positive(found: Target, talk: Talk) -> Any:
    classes = ", ".join(found.class_names)
    why = translate(_("the classes are {classes}")).format(classes=classes)
    text = talk.settle("positive", Guess(found.positive or "", why), check=str)
    return looking.class_of(found, text)


def _roles(seen: Look, target: dict[str, Any], talk: Talk) -> dict[str, Any]:
    """Columns by role, as `[data]` names them."""
    drop, after = _columns(seen, "drop", talk), _columns(seen, "known_after", talk)
    used = [*drop, *after, *([target["column"]] if "column" in target else [])]
    if "key" in talk.given:
        key = _columns(seen, "key", talk)
    else:
        key = talk.settle("key", looking.guess_key(seen, used), check=lambda text: _keys(seen, text))
    used += key
    group = talk.settle(
        "group", looking.guess_group(seen, used), check=lambda text: _column(seen, "group", text)
    )
    time = talk.settle("time", looking.guess_time(seen, used), check=lambda text: _column(seen, "time", text))
    weight = _column(seen, "weight", talk.given.get("weight", ""))
    return {
        "key": key,
        "group": group,
        "time": time,
        "weight": weight,
        "drop": drop,
        "known_after": after,
    }


def _column(seen: Look, role: str, text: str) -> str:
    """The text, if it is a column's name or empty; E1515."""
    if text and text not in seen.names:
        near = difflib.get_close_matches(text, seen.names[:5000], n=3) or seen.names[:10]
        raise CauceError("E1515", flag=f"--{role.replace('_', '-')}", column=text, near=", ".join(near))
    return text


def _columns(seen: Look, role: str, talk: Talk) -> tuple[str, ...]:
    return tuple(_column(seen, role, name) for name in talk.several(role))


def _keys(seen: Look, text: str) -> tuple[str, ...]:
    """The columns a text names, separated by commas; a name that holds a comma stands alone."""
    return (text,) if text in seen.names else tuple(_column(seen, "key", part) for part in _parts(text))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _one_of(name: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in CHOICES[name]:
            raise CauceError("E1504", option=f"--{name}", choices=", ".join(CHOICES[name]), value=text)
        return text

    return check


def _guess_name(source: str) -> Guess:
    """A name from the file's: letters, digits, - and _ only."""
    named = _named(parse_address(source)) if is_brought(source) else source
    stem = Path(named.rstrip("/")).name.split(".")[0].replace("*", "")
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-_")[:64]
    return Guess(name or "project", translate(_("it is the name of the data")))


def _named(address: Address) -> str:
    """What an address gives its rows as a name: a table, else the last part of the path without a pattern."""
    parts = [part for part in address.path.partition("?")[0].split("/") if part and "*" not in part]
    return address.fragment or (parts[-1] if parts else address.host)


def _from(file: Path, source: str) -> str:
    """The source as the project file names it: relative to its folder, or absolute, or an address."""
    if is_brought(source):
        return source
    path = Path(source).expanduser()
    return str(path) if path.is_absolute() else Path(os.path.relpath(path, file.parent)).as_posix()


def write_text(file: Path, text: str, *, force: bool) -> None:
    """Write the file whole or not at all; E1509 where another came first."""
    with translated(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".cauce-", suffix=".toml", dir=file.parent)
        draft = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            draft.chmod(0o644)
            _publish(draft, file, force=force)
        finally:
            draft.unlink(missing_ok=True)


def _publish(draft: Path, file: Path, *, force: bool) -> None:
    if force:
        draft.replace(file)
        return
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        raise CauceError("E1509", file=file) from None
    except OSError:  # a file system without hard links
        draft.replace(file)

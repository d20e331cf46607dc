"""The options every command takes, wherever they stand in the line."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cauce.errors import CauceError
from cauce.language import LANGUAGES, language_of_environment

FILE_NAME = "cauce.toml"
_SWITCHES = {"--quiet": "quiet", "--json": "json", "--no-color": "plain", "--debug": "debug"}
_VALUED = {"--lang": "lang", "--project": "project"}
_LARGEST = 1_000_000


@dataclass(frozen=True)
class Settings:
    """What was set for the whole command. fault: what is wrong with it, told once the language is known."""

    lang: str | None = None
    project: str | None = None
    quiet: bool = False
    json: bool = False
    plain: bool = False
    debug: bool = False
    fault: CauceError | None = None

    @property
    def project_file(self) -> str:
        """The project file that was named, else the nearest cauce.toml from here upwards."""
        return self.project if self.project is not None else str(nearest_project() or FILE_NAME)


def take_settings(arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    """The settings among the arguments, and the other arguments. Nothing is looked at after "--"."""
    settings, others = Settings(), list[str]()
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            return settings, [*others, word, *waiting]
        if name in _SWITCHES and equals:
            settings = replace(settings, fault=CauceError("E1506", option=name))
        elif name in _SWITCHES:
            settings = replace(settings, **_set(_SWITCHES[name], True))
        elif name in _VALUED and not equals and (not waiting or waiting[0].startswith("--")):
            settings = replace(settings, fault=CauceError("E1505", option=name))
        elif name in _VALUED:
            settings = _with_value(settings, name, value=value if equals else waiting.pop(0))
        else:
            others.append(word)
    return settings, others


def _with_value(settings: Settings, name: str, *, value: str) -> Settings:
    if name == "--lang" and value not in LANGUAGES:
        fault = CauceError("E1504", option=name, choices=", ".join(LANGUAGES), value=value)
        return replace(settings, fault=fault)
    return replace(settings, **_set(_VALUED[name], value))


def _set(name: str, value: object) -> dict[str, Any]:
    return {name: value}


def nearest_project() -> Path | None:
    """The nearest cauce.toml in this folder or those above it, as a path relative to here where it can be."""
    try:
        here = Path.cwd()
    except OSError:
        return None
    for steps, folder in enumerate((here, *here.parents)):
        if (folder / FILE_NAME).is_file():
            return Path(*[".."] * steps, FILE_NAME)
    return None


def peek(settings: Settings) -> tuple[str, int | None]:
    """The language to speak and the threads to take, before anything heavy is imported.

    A project that cannot be read yet says nothing here; the command that reads it says what is wrong.
    """
    declared = _declared(settings)
    lang, engine = declared.get("lang"), declared.get("engine")
    threads = engine.get("threads") if isinstance(engine, dict) else None
    language = settings.lang or (lang if lang in LANGUAGES else language_of_environment())
    return language, threads if type(threads) is int and threads >= 1 else None


def tracks(settings: Settings) -> bool:
    """Whether the project seems to track its runs, before it is read."""
    declared = _declared(settings)
    tracking = declared.get("tracking", {})
    return bool(declared) and isinstance(tracking, dict) and tracking.get("enabled", True) is True


def _declared(settings: Settings) -> dict[str, Any]:
    file = Path(settings.project_file)
    try:
        file = file / FILE_NAME if file.is_dir() else file
        if file.stat().st_size > _LARGEST or not file.is_file():
            return {}
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}

"""The examples' files, written where a user wants them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from cauce.errors import CauceError

EXAMPLES = ("flights", "diabetes", "contracts")
_KINDS = (".toml", ".md")


def copy_example(name: str, folder: Path) -> tuple[Path, ...]:
    """Write the project files and the README of the example `name` into `folder`; their paths.

    E1601 for an unknown name; E1602 where a file of that name holds something else: it is left alone.
    """
    if name not in EXAMPLES:
        raise CauceError("E1601", name=name, known=", ".join(EXAMPLES))
    found = [one for one in (files("cauce.examples") / name).iterdir() if one.name.endswith(_KINDS)]
    contents = {folder / one.name: one.read_bytes() for one in sorted(found, key=lambda one: one.name)}
    for path, content in contents.items():
        if path.exists() and (not path.is_file() or path.read_bytes() != content):
            raise CauceError("E1602", file=path)
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        path.write_bytes(content)
    return tuple(contents)

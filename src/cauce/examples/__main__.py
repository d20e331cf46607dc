"""Writes an example's folder: python -m cauce.examples NAME FOLDER [PATH_OR_URL]

NAME: flights, diabetes or contracts. flights needs no source: its data come with cauce[demo].
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from cauce.cli.terminal import Terminal
from cauce.errors import CauceError
from cauce.examples.copying import copy_example
from cauce.examples.fetching import fetch
from cauce.language import language_of_environment, use_language

DATA = {"diabetes": "diabetic_data.csv", "contracts": "contracts.csv"}


def write_example(name: str, folder: Path, *, source: str | None = None) -> None:
    """Write the example `name` and its data into `folder`. source: where the data are, a path or a URL.

    E1601 to E1605; E1606 where a source is needed.
    """
    if name in DATA and source is None:
        raise CauceError("E1606", name=name)
    copy_example(name, folder)
    if name in DATA:
        fetch(str(source), folder / DATA[name])
    else:
        from cauce.examples.flights.prepare import main as prepare

        prepare(str(folder))


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code."""
    use_language(language_of_environment())
    if not 2 <= len(arguments) <= 3:
        sys.exit(__doc__)
    name, folder, *source = arguments
    try:
        write_example(name, Path(folder), source=source[0] if source else None)
    except CauceError as error:
        Terminal().error(error)
        return int(error.exit_code)
    Terminal().next(f"cd {shlex.quote(folder)} && cauce run")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What `submit` answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.errors import shown
from cauce.language import format_number, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.submit import Submission

_LONGEST = 4000


def starting(made: Submission) -> str:
    """What is said before the job begins."""
    return "\n".join([*_packed(made), translate(_("Submitted to {master}.")).format(master=made.job.master)])


def submitted(made: Submission) -> Answer:
    """The command and what goes along where nothing was started; else the job's own exit code."""
    if made.status is not None:
        said = translate(_("What Spark itself said is in {file}."))
        failed = made.status != 0 and made.log is not None
        notes = (said.format(file=shown(made.log)),) if failed else ()
        return Answer("cauce.submit/1", made.to_json(), notes=notes, status=made.status)
    told = [*_packed(made)]
    if made.job.files_at is not None:
        told.append(translate(_("Copy to {place}:")).format(place=shown(made.job.files_at)))
        told += [f"  {shown(file)}" for file in made.files]
    if any(word.endswith("=(hidden)") for word in made.command):
        told.append(translate(_("Put the values in place of (hidden) yourself; they are shown to nobody.")))
    return Answer("cauce.submit/1", made.to_json(), shown(made.line, most=_LONGEST), notes=tuple(told))


def _packed(made: Submission) -> Iterator[str]:
    archive = made.archive
    if archive is None:
        return
    count = len(archive.environment.distributions)
    text = translate_plural(
        "{count} library for Python {python} in {file}: {size} MB, {unpacked} MB unpacked",
        "{count} libraries for Python {python} in {file}: {size} MB, {unpacked} MB unpacked",
        count,
    )
    yield text.format(
        count=format_number(count),
        python=archive.environment.python,
        file=shown(archive.file),
        size=format_number(round(archive.bytes / 1e6)),
        unpacked=format_number(round(archive.environment.bytes / 1e6)),
    )

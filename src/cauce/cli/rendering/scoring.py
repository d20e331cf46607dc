"""What `predict`, `models`, `verify` and `demo` answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.errors import Exit, shown
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.demo import DemoResult
    from cauce.ports.registry import ModelVersion
    from cauce.running.prediction import Prediction
    from cauce.running.verification import Check, Verification

_HEADERS = (_("version"), _("aliases"), _("registered"), _("model"), _("address"))


def predicted(done: Prediction) -> Answer:
    """Where the predictions are, and how many."""
    content = {
        "path": str(done.path),
        "rows": done.rows,
        "rejected": done.rejected,
        "rejected_path": None if done.rejected_path is None else str(done.rejected_path),
        "columns": list(done.columns),
        "notices": [notice.message for notice in done.notices],
    }
    said = translate_plural("{rows} prediction in {file}", "{rows} predictions in {file}", done.rows)
    notes = [f"- {shown(notice.message)}" for notice in done.notices]
    if done.rejected_path is not None:
        left = translate_plural(
            "{rejected} row could not be read; it is in {file}",
            "{rejected} rows could not be read; they are in {file}",
            done.rejected,
        )
        notes.append(left.format(rejected=format_number(done.rejected), file=shown(done.rejected_path)))
    text = said.format(rows=format_number(done.rows), file=shown(done.path))
    return Answer("cauce.predict/1", content, text, tuple(notes))


def registered(versions: Sequence[ModelVersion], width: int) -> Answer:
    """A table of versions."""
    content = {"models": [one.to_json() for one in versions]}
    if not versions:
        return Answer(
            "cauce.models/1", content, translate(_("No model is registered yet.")), next="cauce run"
        )
    rows = [_version(one) for one in versions]
    address = rows[0][-1]
    return Answer(
        "cauce.models/1",
        content,
        table([translate(one) for one in _HEADERS], rows, width=width),
        next=f"cauce verify {address}",
    )


def _version(one: ModelVersion) -> tuple[str, ...]:
    return (
        f"{one.name} {one.version}",
        ", ".join(one.aliases) or "–",
        one.created.astimezone().strftime("%Y-%m-%d %H:%M"),
        "–" if one.digest is None else one.digest[:12],
        f"models:/{one.name}@{one.aliases[0]}" if one.aliases else f"models:/{one.name}/{one.version}",
    )


def verified(found: Verification) -> Answer:
    """Each check, and the libraries that are others than when the model was born."""
    lines = [translate(_("Model {name} {digest}")).format(name=shown(found.name), digest=found.identity)]
    lines += map(_checked, found.checks)
    for library, then, now in found.libraries:
        if then != now:
            text = translate(_("{library} was {then} when the model was made and is {now} here"))
            lines.append("      " + text.format(library=library, then=then, now=now or "–"))
    status = 0 if found.holds else int(Exit.GATE)
    return Answer("cauce.verify/1", found.to_json(), "\n".join(lines), status=status)


def _checked(check: Check) -> str:
    line = f"{'ok' if check.holds else 'fail':<4}  {check.says}"
    if check.difference is not None:
        text = translate(_("largest difference {found}, at most {allowed}"))
        found, allowed = format_significant(check.difference, 2), format_significant(check.tolerance or 0.0)
        line += f" ({text.format(found=found, allowed=allowed)})"
    return line if not check.reason else f"{line}: {shown(check.reason)}"


def demonstrated(made: DemoResult) -> Answer:
    """What the demonstration made; it brings its own words."""
    return Answer("cauce.demo/1", made.to_json(), str(made), next=made.next)

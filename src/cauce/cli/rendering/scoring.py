"""What `predict`, `verify` and `demo` answer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.errors import Exit, shown
from cauce.language import format_number, format_significant, translate, translate_plural
from cauce.language import gettext_noop as _

if TYPE_CHECKING:
    from cauce.api.demo import DemoResult
    from cauce.running.certificate import Certificate, EngineCheck
    from cauce.running.prediction import Prediction
    from cauce.running.verification import Check, Verification


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


def certified(found: Certificate) -> Answer:
    """What engines made of the same rows, and whether it is the same."""
    engines = ", ".join(found.engines)
    lines = [translate(_("Model {name} {digest}")).format(name=shown(found.name), digest=found.identity)]
    counted = translate_plural("{rows} row on {engines}", "{rows} rows on {engines}", found.rows)
    lines.append(counted.format(rows=format_number(found.rows), engines=engines))
    lines += map(_compared, found.checks)
    status = 0 if found.holds else int(Exit.GATE)
    return Answer(
        "cauce.certificate/1", found.to_json(), "\n".join(lines), next="cauce report", status=status
    )


def _compared(check: EngineCheck) -> str:
    mark = "–" if check.holds is None else "ok" if check.holds else "fail"
    line = f"{mark:<4}  {check.says}"
    if check.holds is None:
        return f"{line}: {check.why}"
    if math.isinf(check.difference):
        return f"{line}: " + translate(_("not the same at {place}")).format(place=shown(check.place or "–"))
    if not check.difference:
        return f"{line}: " + translate(_("the same")) + (f" ({check.why})" if check.why else "")
    text = translate(_("largest difference {found}, at most {allowed}"))
    values = (format_significant(check.difference, 2), format_significant(check.tolerance))
    return f"{line} ({text.format(found=values[0], allowed=values[1])}, {shown(check.place)})"


def demonstrated(made: DemoResult) -> Answer:
    """What the demonstration made; it brings its own words."""
    return Answer("cauce.demo/1", made.to_json(), str(made), next=made.next)

"""What `models`, `promote`, `rollback`, `history` and `champion` answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cauce.cli.answer import Answer
from cauce.cli.table import table
from cauce.errors import shown
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from cauce.core.promotion.history import Change, Held
    from cauce.ports.registry import ModelVersion
    from cauce.running.charge import Charge, Past
    from cauce.running.promotion import Promotion

_VERSIONS = (_("version"), _("aliases"), _("registered"), _("model"), _("address"))
_ENTRIES = (_("entry"), _("when"), _("what"), _("model"), _("who"), _("why"), _("webhook"))
_EVENTS = {
    "promote": _("promoted"),
    "rollback": _("rolled back"),
    "refuse": _("refused by the gate"),
    "remove": _("nobody in charge"),
}
_FORCED = _("promoted, gate overruled")
_TOLD = {"told": _("told"), "waiting": _("waits"), "given up": _("given up"), "nobody": "–"}
_AGREEMENTS = {
    "agrees": _("The registry agrees."),
    "moved": _("The registry shows another: version {found}."),
    "waiting": _("It is not in the registry yet; the next run sends it there."),
    "unknown": _("The registry could not be asked."),
}


def registered(versions: Sequence[ModelVersion], width: int) -> Answer:
    """A table of versions."""
    content = {"models": [one.to_json() for one in versions]}
    if not versions:
        return Answer(
            "cauce.models/1", content, translate(_("No model is registered yet.")), next="cauce run"
        )
    rows = [_version(one) for one in versions]
    return Answer(
        "cauce.models/1",
        content,
        table([translate(one) for one in _VERSIONS], rows, width=width),
        next=f"cauce verify {rows[0][-1]}",
    )


def _version(one: ModelVersion) -> tuple[str, ...]:
    return (
        f"{one.name} {one.version}",
        ", ".join(one.aliases) or "–",
        _moment(one.created),
        "–" if one.digest is None else one.digest[:12],
        f"models:/{one.name}@{one.aliases[0]}" if one.aliases else f"models:/{one.name}/{one.version}",
    )


def carded(version: str, text: str) -> Answer:
    """A model card, as it is."""
    return Answer("cauce.card/1", {"version": version, "markdown": text}, text.rstrip("\n"))


def promoted(done: Promotion) -> Answer:
    """Who is in charge now, and who was."""
    words = {"name": shown(done.model), "after": _held(done.after), "before": _held(done.before)}
    if not done.changed:
        since = translate(_("{name} {after} is the champion already, since {when} by {who}."))
        text = since.format(**words, when=_moment(done.entry.when), who=_who(done.entry))
    elif done.after is None:
        text = translate(_("Nobody is in charge of {name} any more; it was {before}.")).format(**words)
    elif done.before is None:
        text = translate(_("{name} {after} is the champion.")).format(**words)
    else:
        text = translate(_("{name} {after} is the champion; before it was {before}.")).format(**words)
    notes = []
    if done.entry.forced:
        notes.append(f"- {translate(_('The gate was overruled; the history says so.'))}")
        notes += [f"- {shown(one)}" for one in (done.verdict.failures if done.verdict else ())]
    return Answer("cauce.promotion/1", done.to_json(), text, tuple(notes), next="cauce history")


def in_charge(charge: Charge) -> Answer:
    """Who is in charge, since when and why; and what the registry shows."""
    return Answer("cauce.champion/1", charge.to_json(), "\n".join(_charge(charge)), next="cauce history")


def _charge(charge: Charge) -> Iterator[str]:
    name, entry = shown(charge.model), charge.entry
    if charge.moment is not None:
        zone = charge.moment.strftime("%Y-%m-%d %H:%M:%S %z")
        yield translate(_("At {moment}:")).format(moment=zone)
    if charge.champion is None or entry is None:
        yield translate(_("Nobody is in charge of {name}.")).format(name=name)
    else:
        text = translate(_("{name} {version} ({digest}), in charge since {when}, by {who}"))
        yield text.format(
            name=name,
            version=charge.champion.version or "–",
            digest=charge.champion.digest[:12],
            when=_moment(entry.when),
            who=_who(entry),
        )
        if entry.why:
            yield translate(_("Why: {why}")).format(why=shown(entry.why))
    if charge.moment is None and (charge.champion is not None or charge.agreement == "moved"):
        found = "–" if charge.registry is None else charge.registry.version
        yield translate(_AGREEMENTS[charge.agreement]).format(found=found)


def remembered(past: Past, width: int) -> Answer:
    """A table of entries, the latest first."""
    if not past.entries:
        text = translate(_("The history of {name} is empty.")).format(name=shown(past.charge.model))
        return Answer("cauce.history/1", past.to_json(), text, next="cauce run")
    hooked = any(one.notify for one in past.entries)
    heads = [translate(one) for one in (_ENTRIES if hooked else _ENTRIES[:-1])]
    rows = [_entry(one, past, hooked=hooked) for one in reversed(past.entries)]
    return Answer("cauce.history/1", past.to_json(), table(heads, rows, width=width), next="cauce champion")


def _entry(one: Change, past: Past, *, hooked: bool) -> tuple[object, ...]:
    what = translate(_FORCED if one.forced else _EVENTS[one.event])
    about = one.refused if one.event == "refuse" else one.after
    told = (translate(_TOLD[past.told.get(one.number, "nobody")]),) if hooked else ()
    return (one.number, _moment(one.when), what, _held(about), _who(one), shown(_why(one)), *told)


def _why(one: Change) -> str:
    if one.why:
        return one.why
    if one.event == "refuse" and one.verdict is not None:
        return "; ".join(one.verdict.failures)
    return "–" if one.run is None else translate(_("run {run}")).format(run=one.run)


def _who(one: Change) -> str:
    return shown(f"{one.who or '–'}@{one.host}")


def _held(one: Held | None) -> str:
    if one is None:
        return "–"
    return one.digest[:12] if one.version is None else f"{one.version} ({one.digest[:12]})"


def _moment(when: datetime) -> str:
    return when.astimezone().strftime("%Y-%m-%d %H:%M")

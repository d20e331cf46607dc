"""What `stack` answers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from cauce.cli.answer import Answer
from cauce.errors import Exit, shown
from cauce.language import gettext_noop as _
from cauce.language import translate

if TYPE_CHECKING:
    from cauce.api.stack import Stack

_SAID = {
    "render": _("The stack {name} is written in {folder}."),
    "up": _("The stack {name} is up, and each server takes its user."),
    "down": _("The stack {name} is down."),
}


def stacked(stack: Stack) -> Answer:
    """What a stack is now, and what is worth typing next."""
    folder = shown(str(stack.folder))
    content: dict[str, Any] = {
        "action": stack.action,
        "folder": str(stack.folder),
        "name": stack.name,
        "ports": dict(stack.ports),
        "services": [vars(one) for one in stack.services],
        "project": list(stack.project),
        "environment": str(stack.environment),
    }
    if stack.action == "status":
        lines = [f"{one.name}: {one.health or one.state}" for one in stack.services]
        status = Exit.OK if stack.healthy else Exit.GATE
        return Answer("cauce.stack/1", content, "\n".join(lines), status=status)
    said = translate(_SAID[stack.action]).format(name=stack.name, folder=folder)
    if stack.action == "down":
        return Answer("cauce.stack/1", content, said)
    use = translate(_("In a project file:"))
    before = translate(_("In the shell, before: {command}"))
    command = f". {shlex.quote(shown(str(stack.environment)))}"
    text = "\n".join((said, "", use, "", *stack.project, "", before.format(command=command)))
    following = f"cauce stack up --folder {shlex.quote(folder)}" if stack.action == "render" else None
    return Answer("cauce.stack/1", content, text, next=following)

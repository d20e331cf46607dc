"""The options of the commands, and the classes that read and explain them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from inspect import Parameter, Signature
from types import NoneType
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from cauce.cli.help import rendered
from cauce.cli.usage import near
from cauce.errors import CauceError
from cauce.language import LANGUAGES
from cauce.language import gettext_noop as _

_EVERYWHERE: dict[str, Any] = {
    "project": Annotated[
        str | None,
        typer.Option(
            metavar=_("FILE"),
            rich_help_panel="global",
            help=_("The project file, or its folder; else cauce.toml here or in a folder above."),
        ),
    ],
    "lang": Annotated[
        str | None,
        typer.Option(
            metavar="en|es",
            rich_help_panel="global",
            autocompletion=lambda: list(LANGUAGES),
            help=_("The language; else the project's, else CAUCE_LANG or the system's."),
        ),
    ],
    "json": Annotated[
        bool,
        typer.Option(
            "--json",
            rich_help_panel="global",
            help=_("One JSON document on standard output, and nothing else there."),
        ),
    ],
    "quiet": Annotated[
        bool,
        typer.Option("--quiet", rich_help_panel="global", help=_("Only errors and warnings for people.")),
    ],
    "no_color": Annotated[
        bool,
        typer.Option("--no-color", rich_help_panel="global", help=_("No colours, as with NO_COLOR=1.")),
    ],
    "debug": Annotated[
        bool,
        typer.Option("--debug", rich_help_panel="global", help=_("Show where in the code an error arose.")),
    ],
}


class HelpAsked(Exception):  # noqa: N818 - nothing is wrong
    """Somebody asked for help; its text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def _show_help(ctx: typer.Context, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        raise HelpAsked(rendered(ctx.command, ctx))


@contextmanager
def _in_context(ctx: Any) -> Iterator[None]:
    """Errors of the parser know the command they are about."""
    try:
        yield
    except typer.TyperException as error:
        if getattr(error, "ctx", None) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


class Command(TyperCommand):
    """A command that takes the options of every command and explains itself in the active language."""

    def get_params(self, ctx: Any) -> Any:
        """Its own parameters, then those of every command."""
        return [*super().get_params(ctx), *global_options()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the line; E1507 for words that are too many."""
        ctx.allow_extra_args = True
        with _in_context(ctx):
            rest: list[str] = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise CauceError("E1507", command=ctx.command_path, arguments=" ".join(rest))
        return rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, as a text of our own."""
        formatter.write(rendered(self, ctx))


class Group(TyperGroup):
    """All commands."""

    def get_params(self, ctx: Any) -> Any:
        """Its own parameters, then those of every command."""
        return [*super().get_params(ctx), *global_options()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the line up to the command."""
        with _in_context(ctx):
            rest: list[str] = super().parse_args(ctx, args)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command the first word names; E1501 where there is none."""
        if not args[0].startswith("-") and args[0] not in self.commands and not ctx.resilient_parsing:
            raise CauceError("E1501", command=args[0], near=near(args[0], self.commands))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, as a text of our own."""
        formatter.write(rendered(self, ctx))


_HELP = Annotated[
    bool,
    typer.Option(
        "--help",
        is_eager=True,
        callback=_show_help,
        rich_help_panel="global",
        help=_("Show this message and exit."),
    ),
]


@lru_cache(maxsize=1)
def global_options() -> tuple[Any, ...]:
    """The options of every command. They are read before Typer sees the line; here they are only shown."""
    app = typer.Typer(add_completion=False)
    app.command(add_help_option=False)(taking({**_EVERYWHERE, "help": _HELP})(lambda **_given: None))
    found = tuple(typer.main.get_command(app).params)
    for one in found:
        one.expose_value = False
    return found


def taking(options: dict[str, Any], **leading: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a function of many options, which it takes as keywords, the signature that Typer reads.

    options: annotations by name. leading: annotations of parameters that come first.
    """
    first = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=one, default=_default(one))
        for name, one in leading.items()
    ]
    rest = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=one, default=_default(one))
        for name, one in options.items()
    ]

    def change(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__signature__ = Signature([*first, *rest])  # type: ignore[attr-defined]
        function.__annotations__ = {**leading, **options}
        return function

    return change


def _default(annotation: Any) -> Any:
    """False for a switch, None for what may be left out, nothing for what must be given."""
    if annotation.__dict__.get("__origin__") is bool:
        return False
    return None if NoneType in get_args(annotation.__dict__.get("__origin__")) else Parameter.empty


def choice(*known: str) -> dict[str, Any]:
    """What makes an option take one of these texts only, and offer them to the shell. E1504 otherwise."""

    def check(ctx: Any, param: Any, value: Any) -> Any:
        if value is not None and value not in known and not ctx.resilient_parsing:
            raise CauceError("E1504", option=param.opts[0], choices=", ".join(known), value=value)
        return value

    check.__annotations__ = {"ctx": typer.Context, "param": typer.CallbackParam, "value": str}
    return {"callback": check, "autocompletion": lambda: list(known), "metavar": "|".join(known)}

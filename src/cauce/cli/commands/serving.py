"""Commands that put a model behind HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cauce.cli.answer import Answer
from cauce.cli.application import (
    FILE,
    FOLDER,
    MODEL_HELP,
    Context,
    Digest,
    command,
    option,
    project_or_none,
    settings_of,
    terminal_of,
)
from cauce.cli.options import choice, taking
from cauce.language import gettext_noop as _

_NUMBER = _("NUMBER")
_SERVE: dict[str, Any] = {
    "digest": Digest,
    "host": Annotated[
        str | None,
        option(_("The address to listen on; others than this machine's own need --tokens."), _("ADDRESS")),
    ],
    "port": Annotated[int | None, option(_("The port; 8080 where absent, 0 for a free one."), _NUMBER)],
    "workers": Annotated[int | None, option(_("How many processes answer; 1 where absent."), _NUMBER)],
    "tokens": Annotated[str | None, option(_("Ask for a token of this file; see cauce token --help."), FILE)],
    "extra": Annotated[
        str | None,
        typer.Option(
            help=_("What happens to fields that are no columns; ignore where absent."),
            **choice("ignore", "refuse"),
        ),
    ],
    "explain": Annotated[
        bool | None,
        typer.Option("--explain", help=_("Answer /explain too: what each column adds to a prediction.")),
    ],
    "docs": Annotated[
        bool | None, typer.Option("--docs", help=_("Show the page /docs although tokens are asked for."))
    ],
    "rows": Annotated[
        int | None, option(_("At most so many rows in a request; 10000 where absent."), _NUMBER)
    ],
    "body_bytes": Annotated[
        int | None, option(_("At most so many bytes in a request; 10485760 where absent."), _NUMBER)
    ],
    "request_seconds": Annotated[
        float | None, option(_("Seconds in which a request has to arrive; 10 where absent."), _NUMBER)
    ],
    "patience": Annotated[
        float | None,
        option(_("Seconds beyond which a waiting request is refused; 0.1 where absent."), _NUMBER),
    ],
    "capture": Annotated[
        str | None,
        option(_("Keep every row and its prediction in this folder before it is given."), _("FOLDER")),
    ],
    "capture_store": Annotated[
        bool | None,
        typer.Option("--capture-store", help=_("Put what was kept into the project's store as well.")),
    ],
    "capture_share": Annotated[
        float | None, option(_("Keep this share of requests; 1 where absent."), _NUMBER)
    ],
    "capture_window": Annotated[
        float | None,
        option(_("Answer first and keep within so many milliseconds, which a crash may lose."), _NUMBER),
    ],
    "capture_full": Annotated[
        str | None,
        typer.Option(
            help=_("What happens to requests that cannot be kept; refuse where absent."),
            **choice("refuse", "drop"),
        ),
    ],
    "capture_seconds": Annotated[
        float | None,
        option(
            _("Seconds beyond which a disk that does not answer counts as full; 5 where absent."), _NUMBER
        ),
    ],
    "capture_without": Annotated[
        list[str] | None,
        option(_("Do not keep this column; may be repeated."), _("COLUMN")),
    ],
    "capture_bytes": Annotated[
        int | None, option(_("At most so many bytes in the folder; no limit where absent."), _NUMBER)
    ],
    "capture_days": Annotated[
        float | None, option(_("Delete what was kept so many days ago; never where absent."), _NUMBER)
    ],
    "watch": Annotated[
        float | None,
        option(_("Ask after so many seconds for another model; 15 where absent, 0 for never."), _NUMBER),
    ],
}


@command()
@taking(
    _SERVE,
    context=Context,
    model=Annotated[str | None, typer.Argument(metavar=_("MODEL"), help=MODEL_HELP)],
)
def serve(context: Context, model: str | None = None, **given: Any) -> Answer:
    """Answer over HTTP."""
    from cauce.api.serve import prepared
    from cauce.cli.rendering.serving import about_to_serve, announced

    terminal = terminal_of(context)
    chosen = {name: value for name, value in given.items() if value not in (None, [])}
    with prepared(model, project=project_or_none(context), **chosen).listen() as serving:
        if settings_of(context).json:
            terminal.document(announced(serving.settings))
        terminal.say(about_to_serve(serving.settings))
        serving.become()
    raise SystemExit(1)


_REPLAY: dict[str, Any] = {
    "model": Annotated[str | None, option(MODEL_HELP, _("MODEL"))],
    "digest": Digest,
    "other": Annotated[
        bool, typer.Option("--other", help=_("Replay what another model answered, to compare the two."))
    ],
    "rows": Annotated[
        bool, typer.Option("--rows", help=_("Show the rows of the first differences; they are data."))
    ],
}


@command()
@taking(
    _REPLAY,
    context=Context,
    capture=Annotated[
        str | None,
        typer.Argument(
            metavar=_("FOLDER"),
            help=_("What was given to cauce serve --capture; else what is in the project's store."),
        ),
    ],
)
def replay(context: Context, capture: str | None = None, **given: Any) -> Answer:
    """Score again what a service answered."""
    from cauce.api.replay import replay
    from cauce.cli.progress import counted
    from cauce.cli.rendering.replaying import replayed

    with counted(terminal_of(context), "replay") as report:
        return replayed(replay(capture, project=project_or_none(context), report=report, **given))


@command()
@taking(
    {
        "out": Annotated[str | None, option(_("The folder to make; image where absent."), FOLDER)],
        "base": Annotated[
            str | None, option(_("The image to start from, with a tag or a digest."), _("IMAGE"))
        ],
        "digest": Digest,
    },
    context=Context,
    model=Annotated[str | None, typer.Argument(metavar=_("MODEL"), help=MODEL_HELP)],
)
def image(context: Context, model: str | None = None, **given: Any) -> Answer:
    """Write what builds a container."""
    from cauce.api.image import image
    from cauce.cli.rendering.imaging import imaged

    chosen = {name: value for name, value in given.items() if value is not None}
    return imaged(image(model, project=project_or_none(context), **chosen))


@command()
def token(
    context: Context,
    name: Annotated[
        str, typer.Argument(metavar=_("NAME"), help=_("What to call it; it tells tokens apart."))
    ],
    *,
    file: Annotated[str, option(_("The file of tokens; made where there is none."), FILE)],
    scope: Annotated[
        list[str] | None,
        option(
            _("What it may do: predict, explain or operate; may be repeated. predict where absent."),
            _("SCOPE"),
        ),
    ] = None,
) -> Answer:
    """Make a token."""
    from cauce.api.token import token
    from cauce.cli.rendering.serving import made

    del context
    scopes = tuple(scope or ("predict",))
    return made(token(name, file=file, scope=scopes), name=name, file=file, scopes=scopes)

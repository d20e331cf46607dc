"""How the project's models are served, where `cauce serve` is not told otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from cauce.language import gettext_noop as _
from cauce.spec.settings import Exact, Flag, Name, Names, Natural, Share, section, setting

Port = Annotated[int, Exact(ge=0, le=65_535)]
Seconds = Annotated[float, Exact(gt=0, le=3600)]


@section
class Serve:
    """How the project's models are served, where cauce serve is not told otherwise."""

    model: Name | None = setting(
        _("What is served where no model is named; the latest run's model where absent."),
        default=None,
        example="models:/flights@champion",
    )
    host: Name | None = setting(
        _("The address to listen on; others than this machine's own need tokens."), default=None
    )
    port: Port | None = setting(_("The port; 8080 where absent, 0 for a free one."), default=None)
    workers: Natural | None = setting(_("How many processes answer; 1 where absent."), default=None)
    tokens: Name | None = setting(
        _("A file of tokens that cauce token made, relative to this file; none is asked for where absent."),
        default=None,
    )
    extra: Literal["ignore", "refuse"] | None = setting(
        _("What happens to fields that are no columns; ignore where absent."), default=None
    )
    explain: Flag | None = setting(
        _("Whether /explain says what each column adds to a prediction."), default=None
    )
    docs: Flag | None = setting(
        _("Whether the page /docs is shown although tokens are asked for."), default=None
    )
    rows: Natural | None = setting(_("At most so many rows in a request; 10000 where absent."), default=None)
    body_bytes: Natural | None = setting(
        _("At most so many bytes in a request; 10485760 where absent."), default=None
    )
    request_seconds: Seconds | None = setting(
        _("Seconds in which a request has to arrive; 10 where absent."), default=None
    )
    patience: Seconds | None = setting(
        _("Seconds beyond which a waiting request is refused; 0.1 where absent."), default=None
    )
    capture: Name | None = setting(
        _("The folder that keeps every row and its prediction, relative to this file; none where absent."),
        default=None,
    )
    capture_store: Flag | None = setting(
        _("Whether what was kept is put into the project's store as well, once it is sealed."), default=None
    )
    capture_share: Share | None = setting(_("Keep this share of requests; 1 where absent."), default=None)
    capture_window: Annotated[float, Exact(ge=0)] | None = setting(
        _("Answer first and keep within so many milliseconds, which a crash may lose."), default=None
    )
    capture_full: Literal["refuse", "drop"] | None = setting(
        _("What happens to requests that cannot be kept; refuse where absent."), default=None
    )
    capture_seconds: Seconds | None = setting(
        _("Seconds beyond which a disk that does not answer counts as full; 5 where absent."), default=None
    )
    capture_without: Names | None = setting(_("Columns that are not kept."), default=None)
    capture_bytes: Natural | None = setting(
        _("At most so many bytes in the folder; no limit where absent."), default=None
    )
    capture_days: Annotated[float, Exact(ge=0)] | None = setting(
        _("Delete what was kept so many days ago; never where absent."), default=None
    )
    watch: Annotated[float, Exact(ge=0)] | None = setting(
        _("Ask after so many seconds for another model; 15 where absent, 0 for never."), default=None
    )

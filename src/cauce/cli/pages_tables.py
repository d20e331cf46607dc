"""What help says about commands that write tables of a database."""

from __future__ import annotations

from cauce.cli.page_text import Page
from cauce.language import gettext_noop as _

TABLES = {
    "warehouse": Page(
        _("Write the tables of the project's warehouse for its latest run."),
        _(
            "A run with [warehouse] writes them at its end; this writes what is missing, or is not as it was "
            "written, and checks the rest row for row. All tables change together, or none of them does."
        ),
        (
            ("cauce warehouse", _("after the database was away, or somebody changed a table")),
            ("cauce warehouse --json", _("the same for a program")),
        ),
    ),
    "captures": Page(
        _("Load what a service answered into a table, every request once."),
        _(
            "Reads what cauce serve --capture kept and sealed. Files that are in the table already are left "
            "alone, so that it can be run as often as you like."
        ),
        (
            ("cauce captures kept", _("into predictions of the project's warehouse")),
            (
                "cauce captures kept --out 'postgresql://ana@db/shop?password=env:DB#answers'",
                _("into a table of your own"),
            ),
        ),
    ),
}

"""What can be said about the warehouse, the tables that mirror a run: E2560 to E2589."""

from __future__ import annotations

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2560",
        exit=Exit.CONFIG,
        says=_("{setting} names no database ({scheme})."),
        hint=_("Write mysql://user@host, postgresql://user@host/database or sqlite:///file.db."),
        explanation=_(
            "Tables are in databases of MySQL, MariaDB, PostgreSQL or SQLite. Those of the warehouse have "
            "names of their own, so that none stands after # in warehouse.url; warehouse.raw and "
            "warehouse.clean say where they are."
        ),
    ),
    Entry(
        code="E2561",
        exit=Exit.IO,
        says=_("What was read back of {table} is not what was written: the tables stay as they were."),
        hint=_("Run cauce warehouse again; if it says the same, look at triggers and at the server's mode."),
        explanation=_(
            "Every table is written beside the one that is there, read back row for row, and counted and "
            "summed as a snapshot is; only then do the new tables take the place of the old ones, all of "
            "them at once. A trigger, a truncating server mode or another writer changed rows in between."
        ),
    ),
    Entry(
        code="E2562",
        exit=Exit.CONFIG,
        says=_("{table} is there already, and {owner} wrote it: it is not replaced."),
        hint=_("Set warehouse.raw or warehouse.clean to another name, or rename that table."),
        explanation=_(
            "Cauce replaces the tables that it wrote for the same project and no others; which ones these "
            "are stands in the table cauce_tables. A table of somebody else, or of another project, may hold "
            "rows that are nowhere else."
        ),
    ),
    Entry(
        code="E2563",
        exit=Exit.DATA,
        says=_("The database cannot hold a column called {column} ({reason})."),
        hint=_("Leave it out with data.drop, or give it another name where the rows come from."),
        explanation=_(
            "Names have at most 64 characters in MySQL and 63 bytes in PostgreSQL, which would cut longer "
            "ones; two names that differ in capitals alone are one name in MySQL and SQLite. batch_id and "
            "names that begin with cauce_ are the warehouse's own. No column is renamed silently."
        ),
    ),
    Entry(
        code="E2564",
        exit=Exit.DATA,
        says=_("{table} has {columns} columns, which are more or wider than a table of this database holds."),
        hint=_("Leave out columns with data.drop, or take a database that holds wider tables."),
        explanation=_(
            "A table of MySQL or MariaDB has at most 1017 columns, fewer where many are texts; one of "
            "PostgreSQL at most 1600; one of SQLite at most 2000. Models may be wider: only their mirror is "
            "refused."
        ),
    ),
    Entry(
        code="E2565",
        exit=Exit.CONFIG,
        says=_("There is no finished run of {project} for its data as they are now."),
        hint=_("Run: cauce run"),
        explanation=_(
            "The warehouse shows what a run read, divided and judged. Steps of the run are not finished, or "
            "were finished for other rows or settings."
        ),
    ),
    Entry(
        code="E2566",
        exit=Exit.PERMISSION,
        says=_("The user {user} may not make or replace {name} at {address}."),
        hint=_("Have CREATE, DROP, ALTER, SELECT, INSERT and DELETE granted on both parts of the warehouse."),
        explanation=_(
            "The tables are written beside those that are there and take their place. The parts themselves "
            "(a database of MySQL, a schema of PostgreSQL) are made where they are not there and the user "
            "may make them; else somebody who may has to make them once."
        ),
    ),
    Entry(
        code="E2567",
        exit=Exit.CONFIG,
        says=_("The project {project} has no warehouse."),
        hint=_("Set warehouse.url in cauce.toml, such as mysql://user@host?password=env:NAME"),
        explanation=_(
            "The section [warehouse] names a database, in which each run then leaves the rows it read, their "
            "division, and what every candidate was worth, as tables."
        ),
    ),
    Entry(
        code="E2568",
        exit=Exit.CONFIG,
        says=_("{table} cannot be replaced: its columns changed, and something in the database needs it."),
        hint=_("Drop the views that read it, run cauce warehouse, and make them again."),
        explanation=_(
            "While the columns stay the same, rows are replaced and views and rights stay. With other "
            "columns the table is made anew, which PostgreSQL refuses while a view depends on it."
        ),
    ),
    Entry(
        code="E2569",
        exit=Exit.UNAVAILABLE,
        says=_("Somebody else is writing to the warehouse at {address}."),
        hint=_("Wait until it is done, then: cauce warehouse"),
        explanation=_(
            "One process at a time writes the tables, so that they are always those of one run. The claim "
            "ends with the connection of whoever holds it, however that ends."
        ),
    ),
    Entry(
        code="E2570",
        exit=Exit.CONFIG,
        says=_("Nobody said where captured predictions go."),
        hint=_("Add --out with a table's address, or set warehouse.url in cauce.toml."),
        explanation=_(
            "Captured predictions are loaded into predictions of the project's warehouse, or into the table "
            "that --out names, such as mysql://user@host/db?password=env:NAME#predictions."
        ),
    ),
    Entry(
        code="E2573",
        exit=Exit.DATA,
        says=_("The database refuses a value of {table} ({number})."),
        hint=_("Look that number up in the database's manual; leave the column out with data.drop."),
        explanation=_(
            "A zero character in a text (PostgreSQL), a date before the year 1000 or after 9999, a decimal "
            "with more than 30 digits after the mark (MySQL): each database leaves some values out. What it "
            "said is not repeated here, because it may quote a row. The tables stay as they were."
        ),
    ),
    Entry(
        code="W2571",
        exit=Exit.OK,
        says=_("The run is done, but the warehouse does not show it: {error} {reason}"),
        hint=_("Run cauce warehouse when that is mended; the model is not touched by it."),
        explanation=_(
            "The tables of the warehouse are a mirror of the run and no part of the model. They stay as they "
            "were before, all of them those of one earlier run, until the mirror succeeds."
        ),
    ),
    Entry(
        code="W2572",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} cell of the column {column} is no number that the database holds: it is empty there.",
            "{count} cells of the column {column} are no numbers that the database holds: they are empty "
            "there.",
        ),
        hint=_("Nothing needs to be done; the snapshot keeps them."),
        explanation=_(
            "MySQL and MariaDB hold neither NaN nor infinity, SQLite holds no NaN. Such cells are NULL in "
            "the warehouse and nowhere else."
        ),
    ),
)

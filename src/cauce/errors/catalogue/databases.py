"""What can be said about addresses, secrets and databases: E2500 to E2599."""

from __future__ import annotations

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _
from cauce.language import ngettext_noop

ENTRIES = (
    Entry(
        code="E2500",
        exit=Exit.CONFIG,
        says=_("{address} is no address that can be read ({part})."),
        hint=_("Write scheme://user@host:port/path?option=value#name, each option once."),
        explanation=_(
            "An address says where rows are, such as mysql://reader@db.example.org/s?password=env:DB#orders. "
            "The port is a number from 1 to 65535. Signs such as @, : / ? # inside a name are written as "
            "escapes: %40, %3A, %2F, %3F, %23."
        ),
    ),
    Entry(
        code="E2501",
        exit=Exit.CONFIG,
        says=_("The {scheme}:// address holds a secret itself ({option})."),
        hint=_("Refer to it: ?{option}=env:NAME, keyring:SERVICE or file:/run/secrets/name"),
        explanation=_(
            "Project files are committed, copied and mailed, and a secret in one is soon known to all. An "
            "address names the place of a secret instead: an environment variable (env:NAME), the "
            "system's keyring (keyring:SERVICE), or a file that only the reader can open "
            "(file:/run/secrets/name). If the file was already shared, change the secret."
        ),
    ),
    Entry(
        code="E2502",
        exit=Exit.CONFIG,
        says=_("A secret is referred to in a way that is not known ({scheme} {option})."),
        hint=_("Write env:NAME, keyring:SERVICE or file:/run/secrets/name."),
        explanation=_(
            "Secrets are looked up when they are used: in an environment variable (env:NAME), in the "
            "system's keyring (keyring:SERVICE, or keyring:SERVICE/USER), or in a file "
            "(file:/run/secrets/name). Each needs a name after the colon."
        ),
    ),
    Entry(
        code="E2503",
        exit=Exit.CONFIG,
        says=_("There is no secret at {reference}."),
        hint=_("Set it there, or correct the reference; cauce doctor asks for it again."),
        explanation=_(
            "The environment variable is not set or empty, the file cannot be read or is empty, or "
            "the keyring has no such entry. Services and scheduled jobs have an environment of their own: "
            "set the variable where the command runs."
        ),
    ),
    Entry(
        code="E2504",
        exit=Exit.CONFIG,
        says=_("{reference} needs the package keyring, which is not installed."),
        hint=_("Run: pip install 'cauce[keyring]'"),
        explanation=_(
            "The package keyring reads the key store of the system: Secret Service on Linux, the keychain on "
            "macOS, the credential manager on Windows. Where there is none, as in a container, use env: or "
            "file:."
        ),
    ),
    Entry(
        code="E2505",
        exit=Exit.CONFIG,
        says=_("data.source names a database beside something else."),
        hint=_("Name one table or give one data.query; join or unite the others there."),
        explanation=_(
            "A project reads one table. Rows of several tables are brought together by the database, in "
            "data.query, which knows their keys; files beside a table are loaded into it first."
        ),
    ),
    Entry(
        code="E2506",
        exit=Exit.CONFIG,
        says=_("data.query is only for a database, and data.source names none."),
        hint=_("Leave data.query out, or name a database such as postgresql://user@host/database."),
        explanation=_(
            "A query is answered by a database. Files are read whole; rows are left out of them and columns "
            "joined to them before, by the program that writes them."
        ),
    ),
    Entry(
        code="E2507",
        exit=Exit.CONFIG,
        says=_("{address} needs a table or a query, and not both."),
        hint=_("Write the table after # in the address (…/database#table), or set data.query."),
        explanation=_(
            "A table is named after # in the address, with its schema where that is not the usual one "
            "(#sales.orders). For joins and filters set data.query in its place, without # in the address."
        ),
    ),
    Entry(
        code="E2508",
        exit=Exit.CONFIG,
        says=_("The address has an option that this kind of database does not know: {option}."),
        hint=_("Options are: {known}."),
        explanation=_(
            "What stands after ? in an address are options of the connection: password (a reference), tls "
            "(off or verify), ca (a file of certificates), timeout (seconds)."
        ),
    ),
    Entry(
        code="E2509",
        exit=Exit.CONFIG,
        says=_("The option {option} of the address cannot be {value}."),
        hint=_(
            "tls is off or verify, timeout a number of seconds up to 3600, ca a file of certificates that is "
            "there."
        ),
        explanation=_(
            "With tls=verify the server must show a certificate for the host's name, of the file in ca or of "
            "the system; with tls=off nothing is encrypted; without the option, whatever the server can. "
            "Another value is refused, because a slip would leave the connection open to others."
        ),
    ),
    Entry(
        code="E2510",
        exit=Exit.UNAVAILABLE,
        says=_("No connection to {address} ({reason})."),
        hint=_("Look whether the server runs and may be reached from here; then: cauce doctor"),
        explanation=_(
            "Host or port are wrong, the server is down or takes no more connections, or a firewall stands "
            "between. Nothing was read and nothing is lost: run the command again when the server is there."
        ),
    ),
    Entry(
        code="E2511",
        exit=Exit.PERMISSION,
        says=_("{address} refuses the user {user} with this password."),
        hint=_("Look at the user in the address, and at the secret its password option refers to."),
        explanation=_(
            "The user does not exist for this host, or the password is another one; it is looked up anew "
            "each time, and none is sent where the address has no option password. Some servers also refuse "
            "a login without TLS."
        ),
    ),
    Entry(
        code="E2512",
        exit=Exit.CONFIG,
        says=_("There is no database {database} at {address}."),
        hint=_("Correct the name after the host in the address."),
        explanation=_(
            "The path of the address is the name of the database, or of the file for SQLite. On most servers "
            "its capitals count."
        ),
    ),
    Entry(
        code="E2513",
        exit=Exit.CONFIG,
        says=_("{address} has no table {name} for this user."),
        hint=_("Correct the name after # (or in data.query); name its schema too: #schema.table"),
        explanation=_(
            "The table does not exist there, or only in a schema that is not looked through. A name with a "
            'dot is written in quotes: #"a.b". Some servers say the same of tables that the user may not see.'
        ),
    ),
    Entry(
        code="E2514",
        exit=Exit.PERMISSION,
        says=_("The user {user} may not read {name} at {address}."),
        hint=_("Have SELECT on it granted to the user."),
        explanation=_(
            "Reading needs the right to SELECT from the table or from every table of the query, and nothing "
            "else: a user that may only read is the best one for a project. MySQL and MariaDB say the same "
            "of a database that is not there."
        ),
    ),
    Entry(
        code="E2515",
        exit=Exit.CONFIG,
        says=_("data.query does something else than read, or is more than one statement."),
        hint=_("Write one SELECT."),
        explanation=_(
            "A query is answered inside a transaction that may only read, as a part of a SELECT. It cannot "
            "write, lock or call what writes, and there is no second statement after it."
        ),
    ),
    Entry(
        code="E2516",
        exit=Exit.CONFIG,
        says=_("The database does not understand the query ({reason})."),
        hint=_("Try the query in the database's own client, as it stands."),
        explanation=_(
            "A column or function that is not there, or a slip in the grammar of this database. The query "
            "stands inside another: every column needs a name of its own, and nothing follows its last word."
        ),
    ),
    Entry(
        code="E2517",
        exit=Exit.DATA,
        says=_("The database gave up while reading ({number})."),
        hint=_("Look that number up in the database's manual, or its log on the server."),
        explanation=_(
            "The server ended the query for a reason of its own: a value that a cast in the query does not "
            "take, a division by zero, no space for its temporary files. What it said is not repeated here, "
            "because it may quote a row."
        ),
    ),
    Entry(
        code="E2518",
        exit=Exit.DATA,
        says=_("The column {column} holds {found}, which no kind of Cauce holds."),
        hint=_("Leave it out with data.drop, or cast it to a text or a number in data.query."),
        explanation=_(
            "Kinds are boolean, integer, float, decimal, text, date and datetime. Bytes (blobs), shapes, "
            "arrays, ranges and intervals are none of these. A cast in a query says what is meant by them: "
            "hex(x), x::text, extract(epoch from x)."
        ),
    ),
    Entry(
        code="E2519",
        exit=Exit.DATA,
        says=_("{name} has no columns, or all of them are dropped."),
        hint=_("Look at data.drop, and at the table itself."),
        explanation=_("A model needs at least one column to learn from and one to predict."),
    ),
    Entry(
        code="E2520",
        exit=Exit.UNAVAILABLE,
        says=ngettext_noop(
            "The connection to {address} was lost before all rows were read.",
            "The connection to {address} was lost {times} times before all rows were read.",
            by="times",
        ),
        hint=_("Run the command again when the server stays up; or read less, with data.query."),
        explanation=_(
            "Rows are read under one snapshot of the database, which ends with its connection. A read that "
            "was cut off begins again under a new one, so that no row is read twice or left out; after five "
            "attempts the command ends. Nothing half-read is kept."
        ),
    ),
    Entry(
        code="E2521",
        exit=Exit.DATA,
        says=_("Two columns of the result are called {column}."),
        hint=_("Give each a name of its own in data.query: a.id AS a_id, b.id AS b_id"),
        explanation=_(
            "A join with * brings the columns of both tables, and of two of one name none can be meant."
        ),
    ),
    Entry(
        code="E2522",
        exit=Exit.DATA,
        says=_("The column {column} holds values that its kind does not hold."),
        hint=_("Cast or filter it in data.query, or leave it out with data.drop."),
        explanation=_(
            "Decimals have at most 38 digits, dates are those of the years 1 to 9999, texts are UTF-8, and a "
            "row takes less than 16 MB. Nothing is rounded or cut to make a value fit."
        ),
    ),
    Entry(
        code="E2523",
        exit=Exit.CONFIG,
        says=_("Reading {scheme}:// needs the package {package}, which is not installed."),
        hint=_("Run: pip install 'cauce[sql]'"),
        explanation=_(
            "The drivers of databases come with an extra: pymysql for MySQL and MariaDB, psycopg for "
            "PostgreSQL. SQLite needs none."
        ),
    ),
    Entry(
        code="E2524",
        exit=Exit.CONFIG,
        says=_("Reading {scheme}:// needs SQLAlchemy with a dialect and a driver; {package} is not there."),
        hint=_("Install it beside Cauce; docs/databases.md says how such an address is written."),
        explanation=_(
            "An address whose scheme has a plus, such as mssql+pyodbc or oracle+oracledb, is read through "
            "SQLAlchemy: the dialect stands before the plus, the driver behind it. Cauce brings none of them "
            "along. MySQL, MariaDB, PostgreSQL and SQLite are read without SQLAlchemy, faster, under their "
            "own schemes."
        ),
    ),
    Entry(
        code="E2525",
        exit=Exit.CONFIG,
        says=_("{address} names no database."),
        hint=_("Write it after the host: …@host/database#table"),
        explanation=_(
            "A table belongs to a database, which stands between the host and #; or before a dot in the "
            "table's own name (#shop.orders), as MySQL and MariaDB take it."
        ),
    ),
    Entry(
        code="E2526",
        exit=Exit.UNAVAILABLE,
        says=_("No encrypted connection to {address} ({reason})."),
        hint=_("Give the server a certificate of ca, or of the system, for the host's name in the address."),
        explanation=_(
            "tls=verify and ca ask for a connection that nobody between can read or change. The server "
            "offers none, or its certificate is not for this host, has run out, or is of an authority "
            "that is not known here: then name the file with the authority's certificate in ca."
        ),
    ),
    Entry(
        code="E2527",
        exit=Exit.UNAVAILABLE,
        says=_("{address} cannot be opened ({reason})."),
        hint=_("Look whether the folder is there and may be written, and who else writes to the file."),
        explanation=_(
            "SQLite opens a file of this machine, or makes one in a folder that is there. CANTOPEN: it can "
            "do neither. BUSY, LOCKED: another process was writing for longer than the option timeout waits."
        ),
    ),
    Entry(
        code="E2528",
        exit=Exit.CONFIG,
        says=_("There is no kind of address that begins with {scheme}://."),
        hint=_("Did you mean {near}://?"),
        explanation=_(
            "Rows come from files, from databases (mysql, mariadb, postgresql, postgres, sqlite, or a "
            "dialect with its driver such as mssql+pyodbc), from the web (https, http), buckets (s3) and "
            "portals of public data (socrata), and with Spark from what Spark reaches."
        ),
    ),
    Entry(
        code="E2540",
        exit=Exit.DATA,
        says=_("The table {name} lacks columns that are to be written: {columns}."),
        hint=_("Name another table, which is made where it is not there, or add the columns."),
        explanation=_(
            "Predictions are the key, what was predicted, probabilities, model version, snapshot and time; "
            "cauce_run says which run wrote a row, so that another attempt replaces its rows and no others. "
            "A table that is there must have all of them; others that it has stay empty."
        ),
    ),
    Entry(
        code="E2541",
        exit=Exit.IO,
        says=ngettext_noop(
            "One row was written to {name}, and {found} were there: nothing was kept.",
            "Of {rows} rows written to {name}, {found} were there: nothing was kept.",
            by="rows",
        ),
        hint=_("Look for triggers or rules on the table, then run the command again."),
        explanation=_(
            "Rows are counted before they are committed. A trigger, a rule or a replication filter took some "
            "away or added others; the transaction was undone."
        ),
    ),
    Entry(
        code="E2543",
        exit=Exit.PERMISSION,
        says=_("The user {user} may not write {name} at {address}."),
        hint=_("Have SELECT, INSERT and DELETE on it granted, and CREATE where it is to be made."),
        explanation=_(
            "Writing predictions inserts rows, deletes those of an earlier attempt of the same run, and "
            "counts them. The table is made where it is not there."
        ),
    ),
    Entry(
        code="W2521",
        exit=Exit.OK,
        says=_(
            "The connection to {address} was lost; attempt {attempt} of {most} begins with the first row."
        ),
        hint=_("Nothing needs to be done."),
        explanation=_(
            "A snapshot of the database ends with its connection, and rows of two snapshots are never mixed. "
            "What was read so far is thrown away."
        ),
    ),
    Entry(
        code="W2525",
        exit=Exit.OK,
        says=ngettext_noop(
            "{count} date of column {column} is not a day (0000-00-00, infinity): it counts as missing.",
            "{count} dates of column {column} are not days (0000-00-00, infinity): they count as missing.",
        ),
        hint=_("Correct them in the database, or say in data.query what they mean."),
        explanation=_(
            "Older MySQL tables write 0000-00-00 for an unknown date, and PostgreSQL knows infinity. Neither "
            "is a day, so neither can be compared with one."
        ),
    ),
    Entry(
        code="W2530",
        exit=Exit.OK,
        says=_("The rows of {address} were not asked for again: this is about those read at {time}."),
        hint=_("cauce run reads them again, and runs what has changed."),
        explanation=_(
            "A database has no mark that tells whether a table changed, so only reading its rows does. "
            "Commands that run nothing (plan, status) speak of the rows that were read last."
        ),
    ),
    Entry(
        code="W2531",
        exit=Exit.OK,
        says=_("The rows of {address} were never read: every step is shown as one that would run."),
        hint=_("cauce run reads them."),
        explanation=_(
            "A database has no mark that tells whether a table changed, so only reading its rows does. "
            "Commands that run nothing (plan, status) do not read them."
        ),
    ),
)

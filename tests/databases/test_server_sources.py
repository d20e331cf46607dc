"""Tables and queries of MariaDB and PostgreSQL: every value, every refusal, restarts while rows are read."""

from __future__ import annotations

import math
import signal
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brought_rows import brought_from
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import cauce
from cauce.errors import CauceError, CauceWarning
from cauce.sources.brought import Wanted
from cauce.sources.remote import open_remote
from cauce.spec.addresses import parse_address
from cauce.testing.databases import PASSWORD, Server
from cauce.threads import usable_cores

TEXTS = st.builds(
    lambda text, times: text * times,
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=6),
    st.sampled_from((1, 1, 1, 60)),
)
BIG = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
# MySQL's dates begin in the year 1000, and its moments have no zone.
DATES = st.dates(date(1000, 1, 1), date(9999, 12, 31))
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59))
STAMPS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31))


def decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Decimals of a declared size."""
    return st.integers(-(10**digits) + 1, 10**digits - 1).map(lambda n: Decimal(f"{n}e-{scale}"))


COLUMNS: dict[str, list[tuple[str, st.SearchStrategy[Any]]]] = {
    "mariadb": [
        ("TINYINT", st.integers(-128, 127)),
        ("BIGINT", BIG),
        ("BIGINT UNSIGNED", st.integers(0, 2**63 - 1)),
        ("INT UNSIGNED", st.integers(0, 2**32 - 1)),
        ("MEDIUMINT", st.integers(-(2**23), 2**23 - 1)),
        ("DOUBLE", FLOATS),
        ("DECIMAL(18,4)", decimals(18, 4)),
        ("DECIMAL(38,10)", decimals(38, 10)),
        ("LONGTEXT", TEXTS),
        ("VARCHAR(400)", TEXTS),
        ("DATE", DATES),
        ("DATETIME(6)", MOMENTS),
        ("TIMESTAMP(6) NULL", STAMPS),
        ("TIME(6)", st.timedeltas(timedelta(hours=-800), timedelta(hours=800))),
        ("YEAR", st.integers(1901, 2155)),
        ("BIT(12)", st.integers(0, 4095)),
    ],
    "postgresql": [
        ("int2", st.integers(-(2**15), 2**15 - 1)),
        ("int8", BIG),
        ("float8", FLOATS),
        ("numeric(18,4)", decimals(18, 4)),
        ("numeric(38,10)", decimals(38, 10)),
        ("numeric", decimals(20, 7)),
        ("text", TEXTS),
        ("bool", st.booleans()),
        ("date", st.dates()),
        ("timestamp", st.datetimes()),
        ("timestamptz", STAMPS.map(lambda moment: moment.replace(tzinfo=UTC))),
        ("time", st.times()),
        ("uuid", st.uuids().map(str)),
    ],
}


def normal(value: Any) -> Any:
    """A value of a driver as this package holds it."""
    if isinstance(value, bytes):
        return int.from_bytes(value, "big")
    if isinstance(value, time):
        return timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    return value if value is None or not hasattr(value, "hex") or isinstance(value, float) else str(value)


def same(ours: Any, theirs: Any) -> bool:
    """Whether two values are one; floats to the last bit."""
    theirs = normal(theirs)
    if isinstance(ours, float) and ours is not None:
        return ours == theirs and math.copysign(1, ours) == math.copysign(1, theirs)
    if isinstance(ours, datetime) and ours.tzinfo is not None and theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return bool(ours == theirs)


@pytest.mark.parametrize("kind", ["mariadb", "postgresql"])
def test_every_value_is_the_one_that_the_driver_reads(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Otherwise numbers, dates or texts change on their way out of the database."""
    server: Server = request.getfixturevalue(kind)
    columns = COLUMNS[kind]
    names = [f"c{place}" for place in range(len(columns))]
    declared = ", ".join(f"{name} {made}" for name, (made, _) in zip(names, columns, strict=True))
    server.run("DROP TABLE IF EXISTS laws", f"CREATE TABLE laws (n int, {declared})")
    rows = st.lists(st.tuples(*(st.none() | values for _, values in columns)), min_size=1, max_size=4)

    @settings(
        max_examples=12, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
    )
    @given(rows)
    def check(rows: list[tuple[Any, ...]]) -> None:
        with server.connection() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM laws")
            marks = ", ".join(["%s"] * (len(names) + 1))
            cursor.executemany(
                f"INSERT INTO laws VALUES ({marks})", [(place, *row) for place, row in enumerate(rows)]
            )
            if kind == "mariadb":
                cursor.execute("SET time_zone = '+00:00'")
            cursor.execute(f"SELECT {', '.join(names)} FROM laws ORDER BY n")
            theirs = cursor.fetchall()
        _, found = brought_from(server.address("laws"), tmp_path)
        ours = found.sort("n").select(names).rows()
        for mine, other in zip(ours, theirs, strict=True):
            for name, value, wanted in zip(names, mine, other, strict=True):
                assert same(value, wanted), (name, value, wanted)

    check()


def test_what_mariadb_alone_has_arrives_or_is_said(mariadb: Server, tmp_path: Path) -> None:
    """Otherwise a zero date becomes a day, or a large number a negative one."""
    mariadb.run(
        "SET sql_mode = ''",
        "DROP TABLE IF EXISTS odd",
        "CREATE TABLE odd (big bigint unsigned, f float, e enum('x','y'), s set('p','q'), j json, d date, "
        'm datetime, c char(5), `we``ird, "name` longtext)',
        "INSERT INTO odd VALUES (18446744073709551615, 0.1, 'y', 'p,q', '{\"a\": 1}', '0000-00-00', "
        "'2024-00-10', 'ab', REPEAT('é', 40000)), (1, 3e38, NULL, '', NULL, '2024-02-29', NULL, NULL, '')",
    )
    brought, found = brought_from(mariadb.address("odd"), tmp_path)
    (name,) = found.columns[-1:]
    assert found.to_dict(as_series=False) == {
        "big": [2**64 - 1, 1],
        "f": [0.10000000149011612, 3.0000000054977558e38],
        "e": ["y", None],
        "s": ["p,q", ""],
        "j": ['{"a": 1}', None],
        "d": [None, date(2024, 2, 29)],
        "m": [None, None],
        "c": ["ab", None],
        name: ["é" * 40000, ""],
    }
    assert name == 'we`ird, "name'
    assert [(one.code, dict(one.values)) for one in brought.notices] == [
        ("W2525", {"column": "d", "count": 1}),
        ("W2525", {"column": "m", "count": 1}),
    ]


def test_rows_longer_than_a_block_arrive_whole_and_those_that_no_packet_holds_are_refused(
    mariadb: Server, tmp_path: Path
) -> None:
    """Otherwise one long text ends the command, or cuts the rows behind it."""
    mariadb.run(
        "DROP TABLE IF EXISTS long_rows",
        "CREATE TABLE long_rows (n int, t longtext, u longtext)",
        "INSERT INTO long_rows VALUES (1, 'a', 'b'), (2, REPEAT('x', 11000000), NULL), (3, NULL, 'é')",
    )
    _, found = brought_from(mariadb.address("long_rows"), tmp_path)
    assert found["n"].to_list() == [1, 2, 3]
    assert found["t"].str.len_chars().to_list() == [1, 11_000_000, None]
    assert found["u"].to_list() == ["b", None, "é"]
    mariadb.run("UPDATE long_rows SET u = t")
    with pytest.raises(CauceError) as caught:
        brought_from(mariadb.address("long_rows"), tmp_path)
    assert caught.value.code == "E2522"


def test_decimals_at_their_ends_are_exact(mariadb: Server, tmp_path: Path) -> None:
    """Decimals of up to 18 digits come as integers: a slip of one digit would be a slip of ten times."""
    kinds = ("DECIMAL(18,0)", "DECIMAL(18,18)", "DECIMAL(17,3) UNSIGNED", "DECIMAL(19,2)", "DECIMAL(1,0)")
    ends = ("999999999999999999", "0.999999999999999999", "99999999999999.999", "99999999999999999.99", "9")
    columns = ", ".join(f"d{place} {kind}" for place, kind in enumerate(kinds))
    low = ", ".join("0" if "UNSIGNED" in kind else f"-{end}" for kind, end in zip(kinds, ends, strict=True))
    mariadb.run(
        "DROP TABLE IF EXISTS ends",
        f"CREATE TABLE ends ({columns})",
        f"INSERT INTO ends VALUES ({', '.join(ends)}), ({low}), (NULL, NULL, NULL, NULL, NULL)",
    )
    with mariadb.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ends")
        theirs = list(cursor.fetchall())
    _, found = brought_from(mariadb.address("ends"), tmp_path)
    assert found.rows() == theirs
    assert [str(value) for value in found.row(0)] == list(ends)


def test_what_postgresql_alone_has_arrives_or_is_said(postgresql: Server, tmp_path: Path) -> None:
    """Otherwise infinity becomes a day, or digits after the point are lost."""
    postgresql.run(
        "DROP TABLE IF EXISTS odd",
        "DROP TYPE IF EXISTS mood",
        "CREATE TYPE mood AS ENUM ('ok', 'no')",
        "CREATE TABLE odd (e mood, j jsonb, d date, z timestamptz, n numeric, x float8, c char(3), "
        'b varbit, f float4, "we""ird, %name" text)',
        "INSERT INTO odd VALUES ('no', '{\"a\": 1}', 'infinity', '-infinity', 1.123456789, 'NaN', "
        "'a', B'101', 0.1, E'a,\\n\"b\"')",
        "INSERT INTO odd VALUES (NULL, NULL, '2024-02-29', '2024-01-01 00:00:00+02', 12345678901, "
        "'-Infinity', NULL, NULL, NULL, '')",
    )
    brought, found = brought_from(postgresql.address("odd"), tmp_path)
    (name,) = found.columns[-1:]
    values = found.to_dict(as_series=False)
    assert math.isnan(values.pop("x")[0])
    assert values == {
        "e": ["no", None],
        "j": ['{"a": 1}', None],
        "d": [None, date(2024, 2, 29)],
        "z": [None, datetime(2023, 12, 31, 22, tzinfo=UTC)],
        "n": [Decimal("1.123456789"), Decimal("12345678901.000000000")],
        "c": ["a  ", None],
        "b": ["101", None],
        "f": [0.10000000149011612, None],
        name: ['a,\n"b"', ""],
    }
    assert name == 'we"ird, %name'
    assert [dict(one.values)["column"] for one in brought.notices] == ["d", "z"]


REFUSED = {
    "no such table": ("#nothing", None, {"E2513"}),
    "no such column": ("", "SELECT nothing FROM readable", {"E2516"}),
    "a slip": ("", "SELECT 1 FROM", {"E2516"}),
    "a write": ("", "DELETE FROM readable", {"E2515"}),
    "a write in a query": (
        "",
        "WITH d AS (DELETE FROM readable RETURNING *) SELECT * FROM d",
        {"E2515", "E2516"},
    ),
    "two statements": ("", "SELECT 1 AS a; DROP TABLE readable", {"E2515", "E2516"}),
    "a query closed early": ("", "SELECT 1 AS a) AS x; DROP TABLE readable; SELECT (1", {"E2515", "E2516"}),
    "two columns of one name": ("", "SELECT 1 AS a, 2 AS a", {"E2521"}),
    "an option that is none": ("?charset=latin1#readable", None, {"E2508"}),
}


@pytest.mark.parametrize(("end", "query", "codes"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_asked_is_told_by_a_code(
    server: Server, tmp_path: Path, end: str, query: str | None, codes: set[str]
) -> None:
    """Otherwise a slip ends in a traceback, or a query writes."""
    server.run(
        "DROP TABLE IF EXISTS readable", "CREATE TABLE readable (a int)", "INSERT INTO readable VALUES (1)"
    )
    address = server.address() + end if "?" not in end else server.address().split("?")[0] + end
    with pytest.raises(CauceError) as caught:
        brought_from(address, tmp_path, query=query)
    assert caught.value.code in codes
    assert server.run("SELECT * FROM readable") == [(1,)]


def test_who_may_not_is_told_so(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nobody knows whether the password, the right or the server is missing."""
    server.run("DROP TABLE IF EXISTS private", "CREATE TABLE private (a int)")
    at = server.address("private")

    def code(address: str) -> str:
        with pytest.raises(CauceError) as caught:
            brought_from(address, tmp_path)
        assert PASSWORD not in f"{caught.value} {caught.value.hint} {caught.value.values}"
        return caught.value.code

    assert code(server.address("private", user="reader")) == "E2514"
    assert code(server.address("private", user="nobody")) == "E2511"
    assert code(at.replace("/shop", "/nothing")) in ("E2512", "E2514")
    assert code(at.replace(f":{server.port}", ":1")) == "E2510"
    assert code(at.replace("CAUCE_TEST_PASSWORD", "NO_SUCH_VARIABLE")) == "E2503"
    monkeypatch.setenv("CAUCE_TEST_PASSWORD", "another")
    assert code(at) == "E2511"


def many(server: Server, rows: int) -> None:
    """A table whose rows do not fit into what the system and the reader keep of a stream: 110 bytes each."""
    source = f"seq_1_to_{rows}" if server.kind == "mariadb" else f"generate_series(1, {rows}) AS t(seq)"
    server.run(
        "DROP TABLE IF EXISTS many",
        "CREATE TABLE many (n int PRIMARY KEY, a double precision, t varchar(90))",
        f"INSERT INTO many SELECT seq, seq * 0.5, "
        f"CONCAT(MD5(CAST(seq AS char(9))), REPEAT('x', 50)) FROM {source}",
    )


def test_several_connections_read_what_one_reads_and_one_moment_of_it(
    postgresql: Server, tmp_path: Path
) -> None:
    """Otherwise a large table read in parts has rows of two moments, or other bytes than before."""
    many(postgresql, 300_000)
    postgresql.run("UPDATE many SET a = 0.25 WHERE n % 7 = 0", "DELETE FROM many WHERE n % 11 = 0")
    alone, rows = brought_from(postgresql.address(), tmp_path, query="SELECT * FROM many")
    seen = []

    def change(done: float, total: float | None) -> None:
        asked = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'cauce'"
        seen.extend(postgresql.run("DELETE FROM many WHERE n % 2 = 0", "UPDATE many SET a = -1", asked))

    together, found = brought_from(postgresql.address("many"), tmp_path, report=change)
    assert found.equals(rows)
    assert together.identity == alone.identity
    assert seen[0][0] == min(4, usable_cores())


def restarted_while_read(server: Server, folder: Path, *, how: int) -> None:
    """Read the table while its server is restarted once."""
    _, before = brought_from(server.address("many"), folder)
    restarts = []

    def restart(done: float, total: float | None) -> None:
        if not restarts:
            restarts.append(done)
            server.restart(how)

    with pytest.warns(CauceWarning, match="W2521"):
        _, after = brought_from(server.address("many"), folder, report=restart)
    assert 0 < restarts[0] < before.height
    assert after.equals(before)


def test_a_restart_while_rows_are_read_loses_and_doubles_none(server: Server, tmp_path: Path) -> None:
    """Otherwise a model learns from half a table, or from rows twice."""
    many(server, 700_000)
    restarted_while_read(server, tmp_path, how=signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_twenty_restarts_while_rows_are_read_lose_and_double_none(
    server: Server, tmp_path: Path, how: int
) -> None:
    """Otherwise a server under maintenance spoils a night's run."""
    many(server, 700_000)
    for _ in range(10):
        restarted_while_read(server, tmp_path, how=how)


def test_rows_written_while_others_are_read_are_not_among_them(server: Server, tmp_path: Path) -> None:
    """Otherwise rows of two moments are mixed, and the count is that of none."""
    many(server, 300_000)

    def change(done: float, total: float | None) -> None:
        server.run("DELETE FROM many WHERE n > 299000", "UPDATE many SET a = -1 WHERE n > 298000")

    _, found = brought_from(server.address("many"), tmp_path, report=change)
    assert (found.height, found["a"].min()) == (300_000, 0.5)


def test_a_table_of_a_server_is_learned_from_and_doctor_can_look_at_it(
    server: Server, tmp_path: Path
) -> None:
    """Otherwise rows have to be exported by hand."""
    server.run(
        "DROP TABLE IF EXISTS orders", "CREATE TABLE orders (id int, amount double precision, paid char(3))"
    )
    with server.connection() as connection, connection.cursor() as cursor:
        rows = [(n, (n * 7 % 101) / 101, "yes" if (n * 7 % 101) > 40 + n % 13 else "no") for n in range(300)]
        cursor.executemany("INSERT INTO orders VALUES (%s, %s, %s)", rows)
    (tmp_path / "cauce.toml").write_text(
        f'name = "shop"\n[data]\nsource = "{server.address("orders")}"\nkey = "id"\n'
        '[target]\ncolumn = "paid"\n'
        '[[models]]\nlearner = "logistic"\n[tracking]\nenabled = false\n'
    )
    report = cauce.run(tmp_path)
    assert report.rows == 300
    remote = open_remote(parse_address(server.address("orders")), Wanted(home=tmp_path))
    (said,) = remote.check()
    assert "3 columns" in said
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything

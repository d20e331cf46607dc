"""Real database servers for tests: MariaDB and PostgreSQL on loopback, in private folders, on free ports."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

_STARTING = 300.0
_STOPPING = 120.0
_PAUSE = 0.1
PASSWORD = "s3cr3t-of-the-tests"  # noqa: S105 - of a server that only this machine's tests reach

Kind = Literal["mariadb", "postgresql"]


@dataclass
class Server:
    """A database server that can be stopped, killed and started again on the same port and data.

    user: may do everything in `database`, with `PASSWORD`.
    """

    kind: Kind
    folder: Path
    port: int
    user: str = "writer"
    database: str = "shop"
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def address(self, table: str = "", *, user: str | None = None, **options: str) -> str:
        """The address of a table, its password by reference to the variable CAUCE_TEST_PASSWORD."""
        said = {"password": "env:CAUCE_TEST_PASSWORD", **options}
        asked = "&".join(f"{name}={value}" for name, value in said.items())
        end = f"#{table}" if table else ""
        return f"{self.kind}://{user or self.user}@127.0.0.1:{self.port}/{self.database}?{asked}{end}"

    def start(self) -> None:
        """Start the server and wait until it answers. TimeoutError with its log where it does not.

        PostgreSQL refuses to start while a process of a killed server still ends: it is begun again then.
        """
        end = time.monotonic() + _STARTING
        while not _answers(self):
            if time.monotonic() > end:
                raise TimeoutError((self.folder / "log").read_text(errors="replace")[-2000:])
            if self.process is None or self.process.poll() is not None:
                self._begin()
            time.sleep(_PAUSE)

    def _begin(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the command is ours
                _command(self), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Stop the server, at once with SIGKILL; its connections end."""
        if self.process is None:
            return
        stop = signal.SIGINT if (self.kind, how) == ("postgresql", signal.SIGTERM) else how
        with suppress(ProcessLookupError):
            if how == signal.SIGKILL:
                os.killpg(self.process.pid, stop)
            else:
                self.process.send_signal(stop)
        self.process.wait(_STOPPING)
        self.process = None

    def restart(self, how: int = signal.SIGTERM) -> None:
        """Stop and start the server."""
        self.stop(how)
        self.start()

    @contextmanager
    def connection(self, user: str | None = None) -> Iterator[Any]:
        """A connection of the server's own driver that commits each statement."""
        if self.kind == "mariadb":
            import pymysql

            opened = pymysql.connect(
                host="127.0.0.1",
                port=self.port,
                user=user or self.user,
                password=PASSWORD,
                database=self.database,
                charset="utf8mb4",
                autocommit=True,
            )
        else:
            import psycopg

            opened = psycopg.connect(
                host="127.0.0.1",
                port=self.port,
                user=user or self.user,
                password=PASSWORD,
                dbname=self.database,
                autocommit=True,
            )
        try:
            yield opened
        finally:
            opened.close()

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows that the last statement gives."""
        with self.connection() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


def missing_server(kind: Kind) -> str:
    """Why a server of this kind cannot be started here; "" where it can."""
    needed = ("mariadbd", "mariadb-install-db") if kind == "mariadb" else ("postgres", "initdb")
    absent = [name for name in needed if _program(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextmanager
def database_server(kind: Kind, folder: Path) -> Iterator[Server]:
    """A fresh server with an empty database, stopped at the end. folder: for its data, removed then; the
    server's own user has to be able to walk to it."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(kind, folder, _free_port())
    _prepare(server)
    server.start()
    try:
        _make_user(server)
        yield server
    finally:
        server.stop(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _program(name: str) -> str | None:
    """A server's program: Debian keeps those of PostgreSQL in a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(
        name, path=os.pathsep.join([*map(str, folders), os.defpath, "/usr/sbin", "/usr/local/bin"])
    )


def _as_server(server: Server, *command: str) -> list[str]:
    """PostgreSQL refuses to run as root: its own user does. A server ends with the process that began it."""
    begin = ["setpriv", "--pdeathsig", "KILL"]
    if server.kind == "postgresql" and os.geteuid() == 0:
        begin += ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return [*begin, *command]


def _prepare(server: Server) -> None:
    data = server.folder / "data"
    if server.kind == "mariadb":
        _quietly(
            [
                str(_program("mariadb-install-db")),
                "--no-defaults",
                f"--datadir={data}",
                f"--tmpdir={_scratch(server)}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *(["--user=root"] if os.geteuid() == 0 else []),
            ]
        )
        return
    if os.geteuid() == 0:
        shutil.chown(server.folder, "postgres", "postgres")
    _quietly(_as_server(server, str(_program("initdb")), "-D", str(data), "-U", "root", "-A", "trust", "-N"))
    rules = "local all all trust\nhost all root 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    (data / "pg_hba.conf").write_text(rules)


def _scratch(server: Server) -> Path:
    """A folder of its own: a MariaDB that starts removes what others have in a folder they share."""
    found = server.folder / "scratch"
    found.mkdir(exist_ok=True)
    return found


def _quietly(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, cwd="/")  # noqa: S603 - the command is ours
    if done.returncode:
        raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])


def _command(server: Server) -> list[str]:
    data = server.folder / "data"
    if server.kind == "mariadb":
        return _as_server(
            server,
            str(_program("mariadbd")),
            "--no-defaults",
            f"--datadir={data}",
            f"--tmpdir={_scratch(server)}",
            f"--socket={server.folder / 's'}",
            f"--port={server.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            # Written with each commit: what was promised before a kill has to be there after it.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=64M",
            *(["--user=root"] if os.geteuid() == 0 else []),
        )
    return _as_server(
        server,
        str(_program("postgres")),
        *("-D", str(data), "-p", str(server.port), "-k", ""),
        *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
    )


def _root(server: Server, *, database: str | None = None) -> Any:
    if server.kind == "mariadb":
        import pymysql

        return pymysql.connect(unix_socket=str(server.folder / "s"), user="root", autocommit=True)
    import psycopg

    return psycopg.connect(
        host="127.0.0.1", port=server.port, user="root", dbname=database or "postgres", autocommit=True
    )


def _answers(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        _root(server).close()
    except Exception:
        return False
    return True


def _make_user(server: Server) -> None:
    connection = _root(server)
    with connection.cursor() as cursor:
        if server.kind == "mariadb":
            cursor.execute(f"CREATE DATABASE {server.database} CHARACTER SET utf8mb4")
            cursor.execute(f"CREATE USER {server.user}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"CREATE USER reader@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT ALL ON {server.database}.* TO {server.user}@'127.0.0.1'")
            cursor.execute(f"CREATE TABLE {server.database}.readable (a int)")
            cursor.execute(f"GRANT SELECT ON {server.database}.readable TO reader@'127.0.0.1'")
        else:
            cursor.execute(f"CREATE USER {server.user} PASSWORD '{PASSWORD}'")
            cursor.execute(f"CREATE USER reader PASSWORD '{PASSWORD}'")
            cursor.execute(f"CREATE DATABASE {server.database} OWNER {server.user}")
    connection.close()

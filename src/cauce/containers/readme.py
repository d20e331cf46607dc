"""The page that lies beside a compose file."""

from __future__ import annotations

from collections.abc import Iterable

from cauce.containers.parts import Parts

_PAGE = """\
# {name}

Servers for a Cauce project, made by `cauce stack render`. Everything listens on this machine only.

| what | where | who |
|---|---|---|
{rows}
`cauce stack up` builds and starts all, waits until each is healthy, and tries each as its user.
`cauce stack status` says how they are; `cauce stack down` stops them and keeps what they hold.
`docker compose up --detach` does the same without the trial.

## For a project file

```toml
{lines}
```

Before `cauce run`, let the shell know where the keys are:

```
. secrets/environment
```

## Secrets

`secrets/` is closed to other users of this machine, and git leaves it out. Passwords stay the same when the
folder is rendered again: the servers' volumes were made with them. Keep a copy somewhere safe.
"""
_ROWS = {
    "database": ("MariaDB", "127.0.0.1:{port}", "`cauce`, password in `secrets/database_warehouse`"),
    "storage": ("S3", "http://127.0.0.1:{port}", "`store`, secret key in `secrets/storage_store`"),
    "mlflow": ("MLflow", "http://127.0.0.1:{port}", "`cauce`, password in `secrets/mlflow_admin`"),
    "spark": ("Spark", "http://127.0.0.1:{port}", "nobody is asked; only to look at"),
    "jupyter": ("JupyterLab", "http://127.0.0.1:{port}", "token in `secrets/jupyter_token`"),
}


def readme(parts: Parts, lines: Iterable[str]) -> str:
    """The page. lines: what a project file says."""
    rows = "".join(
        f"| {what} | {where.format(port=parts.ports[door])} | {who} |\n"
        for door, (what, where, who) in _ROWS.items()
        if door in parts.doors
    )
    return _PAGE.format(name=parts.name, rows=rows, lines="\n".join(lines))

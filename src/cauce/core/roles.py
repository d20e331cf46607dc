"""The columns that play a role, checked against the table that was read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from cauce.core.columns import RESERVED_PREFIX
from cauce.core.features import Roles
from cauce.errors import CauceError, CauceErrors
from cauce.expr.schema import Schema


def check_roles(roles: Roles, schema: Schema) -> None:
    """Raises, all at once, E1401 for a role's column that does not exist, E1402 for reserved names,
    E1403 for a weight that is no number."""
    found = list(_faults(roles, schema))
    if found:
        raise CauceErrors(found)


def _faults(roles: Roles, schema: Schema) -> Iterator[CauceError]:
    for column in schema.names:
        if column.startswith(RESERVED_PREFIX):
            yield CauceError("E1402", column=column, prefix=RESERVED_PREFIX)
    declared: tuple[tuple[str, str | None], ...] = (
        *(("data.key", name) for name in roles.key),
        ("data.group", roles.group),
        ("data.time", roles.time),
        ("data.weight", roles.weight),
        *(("data.known_after", name) for name in roles.known_after),
    )
    for setting, name in declared:
        if name is not None and name not in schema:
            yield unknown_column(setting, name, schema=schema)
    weight = roles.weight
    if weight is not None and weight in schema and schema[weight].kind not in ("integer", "float", "decimal"):
        yield CauceError("E1403", column=weight, kind=schema[weight].kind)


def unknown_column(setting: str, column: str, *, schema: Schema) -> CauceError:
    """E1401 with the names nearest to `column`."""
    near = difflib.get_close_matches(column, schema.names[:5000], n=3) or schema.names[:20]
    return CauceError("E1401", setting=setting, column=column, near=", ".join(near))

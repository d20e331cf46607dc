"""Registered versions: one for each bundle, and which aliases they get."""

from __future__ import annotations

from typing import Any

from cauce.core.run_record import Alias
from cauce.ports.registry import CHALLENGER, CHAMPION
from cauce.tracking.border import code_of, unless_exists

DIGEST = "cauce.bundle"
_PAGE = 100


def registered(client: Any, name: str, *, digest: str) -> Any | None:
    """The version of `name` that holds this bundle, or None."""
    wanted = f"{named(name)} and tags.`{DIGEST}` = '{digest}'"
    found = client.search_model_versions(wanted, max_results=_PAGE)
    return min(found, key=lambda one: int(one.version), default=None)


def register_version(client: Any, name: str, *, digest: str, run: Any, tags: dict[str, str]) -> Any:
    """A version for the model in the run's artifacts; the one that is there where the bundle has one."""
    unless_exists(lambda: client.create_registered_model(name))
    if (known := registered(client, name, digest=digest)) is not None:
        return known
    return client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/model",
        run_id=run.info.run_id,
        tags={**tags, DIGEST: digest},
        await_creation_for=30,
    )


def give_alias(client: Any, name: str, *, version: str, alias: Alias) -> None:
    """The alias a version gets: with "auto" champion where there is none, and else challenger.

    A version that has one of the two keeps it, so that the same bundle again changes nothing.
    """
    if alias == "none":
        return
    aliases = aliases_of(client, name)
    if alias != "auto":
        wanted: str = alias
    elif version in (aliases.get(CHAMPION), aliases.get(CHALLENGER)):
        return
    else:
        wanted = CHALLENGER if CHAMPION in aliases else CHAMPION
    if aliases.get(wanted) != version:
        client.set_registered_model_alias(name, wanted, version)


def aliases_of(client: Any, name: str) -> dict[str, str]:
    """Version by alias; nothing where there is no such model."""
    try:
        found = client.get_registered_model(name).aliases
    except Exception as error:
        if code_of(error) == "RESOURCE_DOES_NOT_EXIST":
            return {}
        raise
    return {alias: str(version) for alias, version in found.items()}


def named(name: str) -> str:
    """A search for what is called `name`."""
    return f"name = '{name}'" if "'" not in name else f'name = "{name}"'

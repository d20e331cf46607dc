"""Registered versions: one for each bundle, and which aliases they get."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cauce.core.promotion.history import Decision
from cauce.core.run_record import Alias
from cauce.errors import CauceError
from cauce.failpoints import passage
from cauce.ports.registry import CHALLENGER, CHAMPION
from cauce.tracking.border import code_of, unless_exists
from cauce.tracking.places import refuse_to_send
from cauce.tracking.trouble import files_in

DIGEST, PROJECT, DECISION = "cauce.bundle", "cauce.project", "cauce.history"
DESCRIPTION_CHARACTERS = 5000
_PAGE = 100


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What a version carries: its bundle's digest, the project's name, and a description in Markdown."""

    digest: str
    project: str
    description: str = ""


def registered(client: Any, name: str, *, digest: str) -> Any | None:
    """The version of `name` that holds this bundle, or None."""
    wanted = f"{named(name)} and tags.`{DIGEST}` = '{digest}'"
    found = client.search_model_versions(wanted, max_results=_PAGE)
    return min((one for one in found if one.name == name), key=lambda one: int(one.version), default=None)


def register_version(client: Any, name: str, *, run: Any, kept: Kept) -> Any:
    """A version for the model in the run's artifacts; the one that is there where the bundle has one.

    E1318 where the server takes the name for another's: a version under it would break its lists for all.
    """
    if not unless_exists(lambda: client.create_registered_model(name)):
        there = str(client.get_registered_model(name).name)
        if there != name:
            raise CauceError("E1318", name=name, there=there)
    if (known := registered(client, name, digest=kept.digest)) is not None:
        return known
    return client.create_model_version(
        name,
        source=f"{run.info.artifact_uri}/model",
        run_id=run.info.run_id,
        tags={PROJECT: kept.project, DIGEST: kept.digest},
        description=shortened(kept.description) or None,
        await_creation_for=30,
    )


def renew_card(client: Any, version: Any, *, file: Path, text: str) -> None:
    """Give a version that is there already the card of today. file: where the card lies. E1320."""
    if version.description == shortened(text):
        return
    refuse_to_send(str(client.get_run(version.run_id).info.artifact_uri), client.tracking_uri)
    with files_in(lambda: str(version.source)):
        client.log_artifact(version.run_id, str(file), "model")
    client.update_model_version(version.name, version.version, description=shortened(text))


def shortened(text: str) -> str:
    """`text` as long as a description may be, cut after a whole line."""
    if len(text) <= DESCRIPTION_CHARACTERS:
        return text
    return text[: DESCRIPTION_CHARACTERS - 2].rpartition("\n")[0] + "\n…"


def give_alias(
    client: Any, name: str, *, version: str, alias: Alias, decided: Decision | None = None
) -> None:
    """The alias a version gets: with "auto" champion where there is none, and else challenger.

    A version that has one of the two keeps it, so that the same bundle again changes nothing. decided: the
    entry that made it champion; where the registry's champion is not of that history, it challenges.
    """
    if alias == "none":
        return
    if alias == CHAMPION and decided is not None:
        if appoint(client, name, version=version, by=decided, take=False) != "foreign":
            return
        alias = CHALLENGER  # type: ignore[assignment]
    aliases = aliases_of(client, name)
    if alias != "auto":
        wanted: str = alias
    elif version in (aliases.get(CHAMPION), aliases.get(CHALLENGER)):
        return
    else:
        wanted = CHALLENGER if CHAMPION in aliases else CHAMPION
    known = (aliases.get(wanted), aliases.get(CHAMPION) if wanted == CHALLENGER else None)
    if version not in known:
        client.set_registered_model_alias(name, wanted, version)


def appoint(
    client: Any, name: str, *, version: str | None, by: Decision, take: bool = True
) -> Literal["done", "late", "foreign"]:
    """Make `version` (None: nobody) the champion, because the entry `by` says so, and note that it did.

    late: a later entry of the same history was applied before; nothing is changed. foreign: unless `take`,
    the champion is left to whoever made it where that was not this history.
    """
    model = client.get_registered_model(name)
    aliases = {alias: str(number) for alias, number in model.aliases.items()}
    applied = Decision.parse(model.tags.get(DECISION))
    ours = applied is not None and applied.history == by.history
    if applied is not None and ours and applied.number > by.number:
        return "late"
    if not take and not ours and aliases.get(CHAMPION) not in (None, version):
        return "foreign"
    if version is not None and aliases.get(CHAMPION) != version:
        client.set_registered_model_alias(name, CHAMPION, version)
    if version is None and CHAMPION in aliases:
        client.delete_registered_model_alias(name, CHAMPION)
    if version is not None and aliases.get(CHALLENGER) == version:
        client.delete_registered_model_alias(name, CHALLENGER)
    passage("registry.aliased")
    client.set_registered_model_tag(name, DECISION, str(by))
    passage("registry.noted")
    return "done"


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

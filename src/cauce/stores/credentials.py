"""Who asks an S3 server: the environment, a profile of the user's, or what the machine's role says."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cauce.errors import CauceError, raise_alone
from cauce.stores.ownership import Keys

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


@dataclass(frozen=True)
class Credentials:
    """What a client is told of who asks; it finds out the rest by itself. region: the profile's own."""

    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    region: str | None = None

    def keys(self, store: str, owner: str) -> Keys:
        """The keys themselves, to sign with; E2654 where only a role of the machine's has them."""
        found: Mapping[str, Any] = self.config
        if "credential_provider" in found:
            given = found["credential_provider"]()
            return Keys(given["access_key_id"], given["secret_access_key"], given.get("token"))
        if not found:
            found = {name.removeprefix("aws_"): os.environ.get(name.upper()) for name in _KEYS}
        access, secret = found.get("access_key_id"), found.get("secret_access_key")
        if not access or not secret:
            raise CauceError("E2654", store=store, owner=owner)
        return Keys(access, secret, found.get("session_token"))


def credentials_of(profile: str | None, *, sign: bool) -> Credentials:
    """The standard chain: a profile named in the address, the environment's keys, the environment's profile,
    a web identity, the container's or the machine's role (the last three by obstore itself).

    sign: False to ask as nobody, for buckets open to all. E2657 for a profile that is not there or has no
    keys of its own (of single sign-on or another role): boto3 knows those, where it is
    installed.
    """
    if not sign:
        return Credentials({"skip_signature": True})
    named = profile or _environment_profile()
    if named is None:
        return Credentials()
    found = {**_section("AWS_CONFIG_FILE", "config", named), **_section(*_SHARED, named)}
    region = found.get("region")
    if all(found.get(name) for name in _KEYS[:2]):
        return Credentials(
            {name.removeprefix("aws_"): found[name] for name in _KEYS if found.get(name)}, region
        )
    return Credentials({"credential_provider": _by_boto3(named, known=bool(found))}, region)


_SHARED = ("AWS_SHARED_CREDENTIALS_FILE", "credentials")


def _environment_profile() -> str | None:
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    return os.environ.get("AWS_PROFILE") or None


def _section(variable: str, file: str, profile: str) -> dict[str, str]:
    path = Path(os.environ.get(variable) or Path("~/.aws", file)).expanduser()
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        raise_alone(CauceError("E2657", profile=profile))
    for name in (profile, f"profile {profile}"):
        if parser.has_section(name):
            return dict(parser.items(name))
    return {}


def _by_boto3(profile: str, *, known: bool) -> Any:
    try:
        import boto3
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise CauceError("E2657", profile=profile) from None
    if not known:
        raise CauceError("E2657", profile=profile)
    return Boto3CredentialProvider(boto3.Session(profile_name=profile))

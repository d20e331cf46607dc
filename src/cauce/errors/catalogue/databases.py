"""What can be said about addresses, secrets and databases: E2500 to E2599."""

from __future__ import annotations

from cauce.errors.entry import Entry, Exit
from cauce.language import gettext_noop as _

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
            "address names the place of a secret instead: a variable of the environment (env:NAME), the "
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
            "Secrets are looked up when they are used: in a variable of the environment (env:NAME), in the "
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
            "The variable of the environment is not set or empty, the file cannot be read or is empty, or "
            "the keyring has no such entry. Services and scheduled jobs have an environment of their own: "
            "set the variable where the command runs."
        ),
    ),
    Entry(
        code="E2504",
        exit=Exit.CONFIG,
        says=_("{reference} needs the package keyring, which is not installed."),
        hint=_("Run: pip install keyring"),
        explanation=_(
            "The package keyring reads the key store of the system: Secret Service on Linux, the keychain on "
            "macOS, the credential manager on Windows. Where there is none, as in a container, use env: or "
            "file:."
        ),
    ),
)

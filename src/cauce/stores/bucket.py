"""A bucket of an S3 server, by obstore: the requests a store makes, and what its failures mean."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cauce.errors import CauceError, shown
from cauce.spec.addresses import Address, options_beside, parse_address
from cauce.stores.credentials import credentials_of
from cauce.stores.ownership import Question, check_owner

_OPTIONS = dict.fromkeys(("endpoint", "region", "owner", "profile", "sign"))
_PART = 16 << 20
_SECONDS = 60
TRIES = 5
"""How often a request is made, each tried again by the client itself."""
T = TypeVar("T")


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket. proved: not empty once the server was seen to heed conditions."""

    client: Any
    proved: list[bool] = field(default_factory=list)

    def put(self, path: str, data: bytes) -> None:
        """Write, whatever is there."""
        import obstore

        obstore.put(self.client, path, data, use_multipart=False)

    def create(self, path: str, data: bytes, *, mark: Mapping[str, str]) -> None:
        """Write where nothing is, with these marks beside it."""
        import obstore

        obstore.put(
            self.client, path, data, mode="create", use_multipart=False, attributes=dict(mark) or None
        )

    def upload(self, path: str, file: Path) -> None:
        """Write a local file in parts."""
        import obstore

        obstore.put(self.client, path, file, use_multipart=True, chunk_size=_PART, max_concurrency=4)

    def copy(self, path: str, target: str) -> None:
        """Write the object there too, where nothing is."""
        import obstore

        obstore.copy(self.client, path, target, overwrite=False)

    def get(self, path: str) -> bytes:
        """The bytes."""
        import obstore

        return obstore.get(self.client, path).bytes().to_bytes()

    def fetch(self, path: str, file: BinaryIO, *, heard: Callable[[int], None] | None = None) -> None:
        """Its bytes into a local file, from the file's beginning. heard: how many are there."""
        import obstore

        file.seek(0)
        file.truncate()
        for block in obstore.get(self.client, path).stream(min_chunk_size=_PART):
            file.write(block)
            if heard is not None:
                heard(file.tell())

    def marks(self, path: str) -> Mapping[str, str]:
        """The marks that were written beside it."""
        import obstore

        return {
            str(k): str(v)
            for k, v in obstore.get(self.client, path, options={"head": True}).attributes.items()
        }

    def head(self, path: str) -> Any:
        """Its size, ETag and time."""
        import obstore

        return obstore.head(self.client, path)

    def list(self, folder: str) -> list[Any]:
        """What lies under a folder, at any depth."""
        import obstore

        return [one for some in obstore.list(self.client, prefix=folder or None) for one in some]

    def delete(self, path: str) -> None:
        """Remove it; nothing where nothing is."""
        import obstore

        obstore.delete(self.client, path)


@lru_cache(maxsize=8)
def bucket_of(url: str) -> Bucket:
    """The bucket that an address names; one for each process. E2650 where the address cannot be so, E2651
    where nobody says who asks, E2654 where the bucket is another owner's, E2656 without obstore."""
    address = parse_address(url)
    check_bucket(address)
    try:
        from obstore.store import S3Store
    except ImportError:
        raise CauceError("E2656", store=url.partition("?")[0]) from None
    options = address.options
    endpoint = options.get("endpoint")
    credentials = credentials_of(options.get("profile"), sign=options.get("sign") != "no")
    region = options.get("region") or credentials.region
    config: dict[str, Any] = {
        "virtual_hosted_style_request": endpoint is None,
        "copy_if_not_exists": "multipart",
        "disable_bulk_delete": True,
        **({} if endpoint is None else {"endpoint": endpoint}),
        **({} if region is None else {"region": region}),
        **credentials.config,
    }
    if "owner" in options:
        question = Question(
            bucket=address.host, owner=options["owner"], region=region or _region(), endpoint=endpoint
        )
        check_owner(question, credentials.keys(url.partition("?")[0], options["owner"]))
    client = S3Store(
        address.host,
        prefix=address.path.strip("/") or None,
        client_options={"allow_http": endpoint is not None, "timeout": "60s", "connect_timeout": "5s"},
        retry_config={"max_retries": 6, "retry_timeout": timedelta(seconds=_SECONDS), "backoff": _BACKOFF},
        **config,
    )
    return Bucket(client)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


_BACKOFF: Any = {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2}


def check_bucket(address: Address) -> None:
    """E2650 for an address that names no bucket, or has an option that nobody knows."""
    for name in options_beside(address, _OPTIONS):
        raise CauceError("E2650", store=_plain(address), option=name, known=", ".join(_OPTIONS))
    if address.scheme != "s3" or not address.host or address.user or address.port or address.fragment:
        raise CauceError("E2650", store=_plain(address), option="", known="s3://BUCKET/PREFIX")


def _plain(address: Address) -> str:
    return f"{address.scheme}://{address.host}/{address.path}"


def asked(action: Callable[[], T], store: str) -> T:
    """What `action` gives, tried some times. FileNotFoundError and FileExistsError where there is no such
    object or one already, else E2650 to E2657. store: as it may be shown."""
    for pause in (*(0.1 * 2**number for number in range(TRIES - 1)), None):
        try:
            return action()
        except Exception as error:
            if is_missing(error):
                raise FileNotFoundError from None
            if is_taken(error):
                raise FileExistsError from None
            found = failure(error, store)
            if found.code != "E2652" or pause is None:
                raise found from None
        time.sleep(pause)
    raise AssertionError


def is_missing(error: Exception) -> bool:
    """Whether it says that there is no such object."""
    return isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error)


def is_taken(error: Exception) -> bool:
    """Whether it says that there is one already."""
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    return isinstance(error, AlreadyExistsError | PreconditionError)


def failure(error: Exception, store: str) -> CauceError:
    """What a failure of obstore's means: E2655 (no bucket), E2651 (not allowed) or E2652 (anything else)."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    if isinstance(error, CauceError):
        return error
    text = str(error)
    if "NoSuchBucket" in text:
        return CauceError("E2655", store=store)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return CauceError("E2651", store=store)
    if not isinstance(error, BaseError | OSError):
        raise error
    return CauceError("E2652", store=store, reason=shown(_reason(text)))


def _reason(text: str) -> str:
    """Its last words on the first line: what went wrong, after where."""
    return text.splitlines()[0].rpartition(" - ")[2][:200] if text else "?"

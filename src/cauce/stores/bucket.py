"""A bucket of an S3 server, by obstore: the requests a store makes, and what its failures mean."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from cauce.errors import CauceError, raise_alone, shown
from cauce.spec.addresses import Address, options_beside, parse_address
from cauce.stores.credentials import credentials_of
from cauce.stores.ownership import Question, check_owner
from cauce.stores.unreachable import is_keyless, untrusted, words_of

_OPTIONS = dict.fromkeys(("endpoint", "region", "owner", "profile", "sign"))
_SLOW = 1 << 20
"""Bytes a second that a network gives at least."""
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """seconds: for a request of ordinary size, and in which it is begun again. tries: how often, each tried
    again by the client itself, which pauses `pause` seconds at first and `longest` at most. part: bytes that
    are sent or fetched at once. whole: bytes of a file, beyond which it is sent in parts."""

    seconds: int = 60
    tries: int = 5
    pause: float = 0.1
    longest: float = 5.0
    part: int = 16 << 20
    whole: int = 64 << 20


limits = Limits()
"""Those of this process."""


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket. connect: a client whose requests may take so many seconds. proved: not empty once
    the server was seen to heed conditions; copies: once it is known whether it does when it copies."""

    connect: Callable[[int], Any]
    proved: list[bool] = field(default_factory=list)
    copies: list[bool] = field(default_factory=list)

    @cached_property
    def client(self) -> Any:
        """The client for requests of ordinary size."""
        return self.connect(limits.seconds)

    def put(self, path: str, data: bytes) -> None:
        """Write, whatever is there."""
        import obstore

        obstore.put(self.client, path, data, use_multipart=False)

    def create(self, path: str, data: bytes | memoryview, *, mark: Mapping[str, str]) -> None:
        """Write by one request where nothing is, with these marks beside it."""
        import obstore

        large = len(data) > limits.part
        client = self.connect(limits.seconds + len(data) // _SLOW) if large else self.client
        obstore.put(client, path, data, mode="create", use_multipart=False, attributes=dict(mark) or None)

    def upload(self, path: str, file: Path) -> None:
        """Write a local file in parts."""
        import obstore

        obstore.put(self.client, path, file, use_multipart=True, chunk_size=limits.part, max_concurrency=4)

    def copy(self, path: str, target: str) -> None:
        """Write the object there too, where nothing is."""
        import obstore

        obstore.copy(self.client, path, target, overwrite=False)

    def get(self, path: str) -> bytes:
        """The bytes."""
        import obstore

        found = obstore.get(self.client, path)
        size = int(found.meta["size"])
        if size <= limits.part:
            return found.bytes().to_bytes()
        starts, etag = range(0, size, limits.part), str(found.meta["e_tag"])
        return b"".join(self.block(path, start, etag=etag, size=size) for start in starts)

    def block(self, path: str, start: int, *, etag: str, size: int) -> bytes:
        """Bytes from `start` on, of the object with this ETag and size; E2664 where it is another by now."""
        import obstore
        from obstore.exceptions import PreconditionError

        options: Any = {"range": (start, min(start + limits.part, size)), "if_match": etag}
        try:
            return obstore.get(self.client, path, options=options).bytes().to_bytes()
        except PreconditionError:
            raise_alone(CauceError("E2664", key=path))

    def marks(self, path: str) -> Mapping[str, str]:
        """The marks that were written beside it."""
        import obstore

        with self._said(path):
            found = obstore.get(self.client, path, options={"head": True}).attributes
        return {str(k): str(v) for k, v in found.items()}

    def head(self, path: str) -> Any:
        """Its size, ETag and time."""
        import obstore

        with self._said(path):
            return obstore.head(self.client, path)

    @contextmanager
    def _said(self, path: str) -> Iterator[None]:
        """Of a refusal without a reason, as all are that answer HEAD, the one that GET is given."""
        import obstore

        try:
            yield
        except Exception as error:
            if _REFUSED.search(str(error)):
                obstore.get(self.client, path)
            raise

    def list(self, folder: str) -> list[Any]:
        """What lies under a folder, at any depth."""
        import obstore

        return [one for some in obstore.list(self.client, prefix=folder or None) for one in some]

    def delete(self, path: str) -> None:
        """Remove it; nothing where nothing is."""
        import obstore

        obstore.delete(self.client, path)


def fetch(
    bucket: Bucket, about: Any, *, file: BinaryIO, store: str, heard: Callable[[int], None] | None = None
) -> None:
    """The bytes of an object into a local file, block by block, each tried again by itself.

    about: what listing or `head` said of it. heard: how many are there. E2650 to E2664.
    """
    path, size, etag = str(about["path"]), int(about["size"]), str(about["e_tag"])
    for start in range(0, size, limits.part):
        file.write(asked(lambda start=start: bucket.block(path, start, etag=etag, size=size), store))  # type: ignore[misc]
        if heard is not None:
            heard(file.tell())


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

    def connect(seconds: int) -> Any:
        asking: Any = {"allow_http": endpoint is not None, "timeout": f"{seconds}s", "connect_timeout": "5s"}
        pauses: Any = {
            "init_backoff": timedelta(seconds=limits.pause),
            "max_backoff": timedelta(seconds=limits.longest),
            "base": 2,
        }
        return S3Store(
            address.host,
            prefix=address.path.strip("/") or None,
            client_options=asking,
            retry_config={"max_retries": 6, "retry_timeout": timedelta(seconds=seconds), "backoff": pauses},
            **config,
        )

    return Bucket(connect)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


# The client below ends the process for what makes no address of a server.
_FORMS = {
    "endpoint": (
        re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:[0-9]{1,5})?/?"),
        "https://s3.example.org:9000",
    ),
    "region": (re.compile(r"[A-Za-z0-9-]{1,40}"), "eu-west-1"),
}


@contextmanager
def limited(**changed: Any) -> Iterator[None]:
    """Other `Limits` in this process, for clients that are made meanwhile."""
    global limits  # noqa: PLW0603 - one for the whole process, as clients are
    kept, limits = limits, replace(limits, **changed)
    bucket_of.cache_clear()
    try:
        yield
    finally:
        limits = kept
        bucket_of.cache_clear()


def check_bucket(address: Address) -> None:
    """E2650 for an address that names no bucket, or has an option that nobody knows."""
    for name in options_beside(address, _OPTIONS):
        raise CauceError("E2650", store=_plain(address), option=name, known=", ".join(_OPTIONS))
    if address.scheme != "s3" or not address.host or address.user or address.port or address.fragment:
        raise CauceError("E2650", store=_plain(address), option="", known="s3://BUCKET/PREFIX")
    for name, (right, example) in _FORMS.items():
        if right.fullmatch(address.options.get(name, example)) is None:
            raise CauceError("E2650", store=_plain(address), option=name, known=f"{name}={example}")


def _plain(address: Address) -> str:
    return f"{address.scheme}://{address.host}/{address.path}"


def asked(action: Callable[[], T], store: str) -> T:
    """What `action` gives, tried some times, for about a minute. FileNotFoundError and FileExistsError where
    there is no such object or one already, else E2606, E2650 to E2666. store: as it may be shown."""
    end = time.monotonic() + limits.seconds
    for pause in (*(limits.pause * 2**number for number in range(limits.tries - 1)), None):
        try:
            return action()
        except Exception as error:
            if is_missing(error):
                raise_alone(FileNotFoundError())
            if is_taken(error):
                raise_alone(FileExistsError())
            found = failure(error, store)
            if found.code != "E2652" or pause is None or time.monotonic() > end:
                raise_alone(found)
        time.sleep(pause)
    raise AssertionError


def is_missing(error: Exception) -> bool:
    """Whether it says that there is no such object."""
    return isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error)


def is_taken(error: Exception) -> bool:
    """Whether it says that there is one already; not where another request for it is under way."""
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    taken = isinstance(error, AlreadyExistsError | PreconditionError)
    return taken and "ConditionalRequestConflict" not in str(error)


_CODE = re.compile(r"<Code>(\w{1,80})</Code>")
_THERE = re.compile(r"<Region>([\w-]{1,40})</Region>")
_STATUS = re.compile(r"status code: (\d{3} ?[A-Za-z ]{0,40})")
_REFUSED = re.compile(r"status code: (400|403) [A-Za-z ]*: *(\n|$)")
_ELSEWHERE = "redirect without LOCATION"
_INNER = "HttpError {"
"""Behind it stands what the connection came to, and no address."""
_MEANS = {
    "NoSuchBucket": "E2655",
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId"), "E2651"),
    **dict.fromkeys(("SignatureDoesNotMatch", "AccountProblem"), "E2651"),
    "RequestTimeTooSkewed": "E2660",
    **dict.fromkeys(("ExpiredToken", "TokenRefreshRequired", "InvalidToken"), "E2661"),
    **dict.fromkeys(("PermanentRedirect", "IllegalLocationConstraintException"), "E2662"),
    **dict.fromkeys(("QuotaExceeded", "InsufficientStorage", "XMinioStorageFull"), "E2663"),
}
"""What a server's own words for a refusal are here; see "Error responses" of the S3 API reference."""


def failure(error: Exception, store: str) -> CauceError:
    """What a failure of obstore's means: E2606 (certificate), E2651 (not allowed), E2655 (no bucket), E2660
    (clocks), E2661 (a token's time), E2662 (region), E2663 (full), E2664 (replaced), E2666 (no keys) or E2652
    (anything else)."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    if isinstance(error, CauceError):
        return error
    text = str(error)
    said, there = _CODE.search(text), _THERE.search(text)
    word = said[1] if said else ""
    if there or _ELSEWHERE in text or _MEANS.get(word) == "E2662":
        return CauceError("E2662", store=store, region=there[1] if there else "?")
    if word in _MEANS:
        return CauceError(_MEANS[word], store=store)
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return CauceError("E2651", store=store)
    if not isinstance(error, BaseError | OSError):
        raise error
    return CauceError("E2666", store=store) if is_keyless(text) else _unanswered(text, word, store)


def _unanswered(text: str, word: str, store: str) -> CauceError:
    """E2652, with the status and the server's word for it; else with what kept it from answering; else with
    the last words on the first line: what went wrong, after where. E2606 for a certificate."""
    status, why = _STATUS.search(text), text.partition(_INNER)[2]
    if status:
        return CauceError("E2652", store=store, reason=f"{status[1].strip()} {word}".strip())
    reason = words_of(why) or (text.splitlines()[0].rpartition(" - ")[2][:200] if text else "?")
    return untrusted(why) or CauceError("E2652", store=store, reason=shown(reason))

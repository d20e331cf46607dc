"""A Docker that starts nothing: a program for PATH that answers as Docker does, and fails as it does."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAM = """\
#!{python} -SI
import json, pathlib, sys
folder = pathlib.Path({folder!r})
said = " ".join(sys.argv[1:])
with (folder / "said").open("a") as file:
    file.write(said + "\\n")
answers = json.loads((folder / "answers.json").read_text())
for words, (code, out, error) in answers:
    if words in said:
        print(out)
        print(error, file=sys.stderr)
        raise SystemExit(code)
"""


@dataclass
class FakeDocker:
    """A folder with the programs `docker` and, where plugin is False, `docker-compose`. What it was asked
    stands in `said`; answers: for commands with these words, an exit code, what is printed and what is told
    as an error. containers: what `inspect` says of each service: state, health, exit code."""

    folder: Path
    plugin: bool = True
    containers: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)
    answers: Sequence[tuple[str, tuple[int, str, str]]] = ()

    def install(self) -> str:
        """Write the programs; the PATH that finds them and nothing else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("docker",) if self.plugin else ("docker", "docker-compose"):
            program = self.folder / name
            program.write_text(_PROGRAM.format(python=sys.executable, folder=str(self.folder)))
            program.chmod(0o755)
        self.save()
        return str(self.folder)

    def save(self) -> None:
        """Answer by what is set now."""
        ids = {name: f"{number:064x}" for number, name in enumerate(self.containers, start=1)}
        known: list[tuple[str, tuple[int, str, str]]] = [
            *self.answers,
            *(
                []
                if self.plugin
                else [("compose version", (1, "", "docker: 'compose' is not a docker command"))]
            ),
            ("version", (0, "28.0.0", "")),
            ("ps --quiet", (0, "\n".join(ids.values()), "")),
            ("inspect --format", (0, "sha256:1", "")),
            ("inspect", (0, json.dumps([self._inspected(one, ids[one]) for one in ids]), "")),
        ]
        draft = self.folder / f".answers.{os.getpid()}"
        draft.write_text(json.dumps(known))
        draft.replace(self.folder / "answers.json")

    def said(self) -> list[str]:
        """The command lines that it was asked."""
        path = self.folder / "said"
        return path.read_text().splitlines() if path.exists() else []

    def _inspected(self, service: str, id_: str) -> dict[str, object]:
        state, health, code = self.containers[service]
        told: dict[str, object] = {"Status": state, "ExitCode": code}
        if health:
            told["Health"] = {"Status": health}
        labels = {"com.docker.compose.service": service}
        return {
            "Id": id_,
            "Name": f"/{service}",
            "State": told,
            "Config": {"Labels": labels},
            "RestartCount": 0,
        }

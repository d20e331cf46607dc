"""A strict S3 server for tests: Ceph's gateway, which checks every signature, over a cluster of one machine.

It needs Debian's packages radosgw, ceph-mon and ceph-osd. Objects are kept in memory.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cauce.testing.tracking import unused_port
from cauce.testing.waiting import until

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI"  # of a server that only this machine's tests reach
_PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
_STARTING = 120.0
_STOPPING = 20.0
_BYTES = 4 << 30

_CONFIGURATION = """
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{monitor}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
mon data = {folder}/mon
mon data avail crit = 0
mon data avail warn = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = {bytes}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
rgw data = {folder}/rgw
rgw enable usage log = false
keyring = {folder}/keyring
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
"""


@dataclass
class Gateway:
    """The gateway and what stands behind it. endpoint: where it answers; keys: `ACCESS` and `SECRET`."""

    folder: Path
    endpoint: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    def begin(self, *command: str) -> None:
        """Start a server that ends with this process."""
        with (self.folder / "out").open("ab") as out:
            self.processes.append(
                subprocess.Popen(  # noqa: S603 - the command is ours
                    ["setpriv", "--pdeathsig", "KILL", *self._configured(command)],  # noqa: S607
                    stdout=out,
                    stderr=out,
                    stdin=subprocess.DEVNULL,
                )
            )

    def run(self, *command: str) -> None:
        """Do a command to its end; RuntimeError with what it said where it fails."""
        done = subprocess.run(  # noqa: S603 - the command is ours
            self._configured(command), capture_output=True, check=False, timeout=_STARTING
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Stop what was started, the last first."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            process.wait(_STOPPING)
        self.processes.clear()

    def _configured(self, command: Sequence[str]) -> list[str]:
        return [command[0], "-c", str(self.folder / "ceph.conf"), *command[1:]]


def missing_gateway() -> str:
    """Why no gateway can be started here; "" where it can."""
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextmanager
def radosgw(folder: Path) -> Iterator[Gateway]:
    """A gateway with one user and no bucket, stopped at the end. folder: for its own files, removed then.
    TimeoutError where it does not answer within two minutes."""
    for name in ("mon", "osd", "rgw"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    gateway = Gateway(folder)
    try:
        _start_cluster(gateway)
        _start_gateway(gateway)
        yield gateway
    finally:
        gateway.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _start_cluster(gateway: Gateway) -> None:
    """One monitor, and one daemon that keeps objects in memory."""
    cluster, daemon, port, folder = str(uuid.uuid4()), str(uuid.uuid4()), unused_port(), gateway.folder
    said = {"fsid": cluster, "monitor": port, "folder": folder, "bytes": _BYTES}
    (folder / "ceph.conf").write_text(_CONFIGURATION.format(**said))
    (folder / "keyring").touch()
    place = f"[v2:127.0.0.1:{port}/0]"
    gateway.run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", place, str(folder / "monmap"))
    gateway.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(folder / "monmap"))
    gateway.begin("ceph-mon", "-f", "-i", "a")
    gateway.run("ceph", "--connect-timeout", str(int(_STARTING)), "osd", "new", daemon, "0")
    gateway.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", daemon)
    gateway.begin("ceph-osd", "-f", "-i", "0")


def _start_gateway(gateway: Gateway) -> None:
    port = unused_port()
    gateway.endpoint = f"http://127.0.0.1:{port}"
    gateway.begin("radosgw", "-f", "-n", "client.rgw", "--rgw-frontends", f"beast endpoint=127.0.0.1:{port}")
    if not until(lambda: _answers(gateway.endpoint), _STARTING):
        raise TimeoutError((gateway.folder / "out").read_text(errors="replace")[-2000:])
    keys = (f"--access-key={ACCESS}", f"--secret-key={SECRET}")
    gateway.run("radosgw-admin", "user", "create", "--uid=tests", "--display-name=tests", *keys)


def _answers(endpoint: str) -> bool:
    try:
        urllib.request.urlopen(endpoint, timeout=5).close()  # noqa: S310 - our own server
    except OSError:
        return False
    return True

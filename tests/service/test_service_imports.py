"""What a worker has loaded once it has answered at its doors and changed over to another model."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import served_models as serving
import test_service_swaps as swaps
from test_service_processes import FORBIDDEN

import small_models as small  # isort: skip - found through the ones before

from cauce.running.serving import prepare
from cauce.service.news import Offer, Order

IN_PROCESS = """
import asyncio, json, mmap, socket, sys
fired = []
sys.addaudithook(lambda name, args: fired.append(name) if name == "pickle.find_class" else None)
from cauce.service.counters import Counters
from cauce.service.layout import NAMES
from cauce.service.messages import Request
from cauce.service.server import Server
from cauce.service.settings import ServiceSettings
from cauce.service.swapping import Swapping
from cauce.service.watched import Watched
from cauce.service.worker import application

settings, row, prepare, commit = (one.encode() for one in sys.argv[1:])
size = Counters.size(NAMES, 1) + Watched.SIZE
app = application(ServiceSettings.from_text(settings.decode()), memory=mmap.mmap(-1, size))
found = []

async def ask(path, body, kind):
    request = Request("POST", path, b"", {b"content-type": kind}, body, "one")
    found.append((await app.respond(request)).status)
    found.append(app.served.version)

async def main():
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    Swapping(app, theirs).begin()
    for again in range(2):
        await ask("/predict", row, b"application/json")
        await ask("/invocations", b'{"dataframe_records": [' + row + b"]}", b"application/json")
        if again == 0:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(ours, prepare + b"\\n")
            found.append(json.loads(await loop.sock_recv(ours, 65536))["reason"])
            await loop.sock_sendall(ours, commit + b"\\n")
            await asyncio.sleep(0.2)

asyncio.run(main())
modules, silent = sorted(sys.modules), list(fired)
import collections, pickle
pickle.loads(pickle.dumps(collections.OrderedDict))
print(json.dumps([found, modules, silent, fired]))
"""


def test_a_worker_that_swapped_has_loaded_only_what_scores_and_unpickled_nothing() -> None:
    """The second model could bring the trainer, or a pickle, that the first one was not let in with."""
    first, second = small.bundle(), swaps.other_bundle()
    settings = prepare(serving.folder_of(first), digest=first.identity, choices={}).settings
    offer = Offer(folder=str(serving.folder_of(second)), digest=second.identity, version="small/1")
    orders = [Order(kind=kind, offer=offer).line().decode().strip() for kind in ("prepare", "commit")]  # type: ignore[arg-type]
    text = replace(settings, version="small/0", watcher=("none",)).to_text()
    command = [sys.executable, "-c", IN_PROCESS, text, json.dumps(serving.FINE), *orders]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, modules, silent, heard = json.loads(done.stdout)
    assert found == [200, "small/0", 200, "small/0", "", 200, "small/1", 200, "small/1"]
    assert [one for one in modules for bad in FORBIDDEN if one == bad or one.startswith(f"{bad}.")] == []
    assert silent == []
    assert set(heard) == {"pickle.find_class"}, "the hook itself does not hear"

"""What the documentation tells Kubernetes is what the service and its image do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from cauce.running.image import USER
from cauce.service.settings import SECONDS_TO_DRAIN

_PAGE = Path(__file__).parents[2] / "docs" / "kubernetes.md"
_UNTIL_KILLED = SECONDS_TO_DRAIN + 5
"""Seconds from SIGTERM after which the service has ended, as docs/service.md says."""


def _pod() -> dict[str, Any]:
    text = re.search(r"```yaml\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    assert text is not None
    deployment, _ = yaml.safe_load_all(text[1])
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def test_a_pod_is_not_killed_while_it_answers() -> None:
    """Requests that were begun would be lost with each new version."""
    pod = _pod()
    waits = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert waits >= 5
    assert pod["terminationGracePeriodSeconds"] >= waits + _UNTIL_KILLED + 5


def test_a_pod_is_asked_at_doors_that_there_are() -> None:
    """A pod whose probe is wrong never gets ready, or is restarted without end."""
    container = _pod()["containers"][0]
    probes = {
        name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/health/ready",
        "readinessProbe": "/health/ready",
        "livenessProbe": "/health/live",
    }
    assert container["ports"] == [{"name": "http", "containerPort": 8080}]
    assert {probe["port"] for probe in probes.values()} == {"http"}


def test_a_pod_may_do_no_more_than_the_container() -> None:
    """What breaks out of the service would find a machine to work with."""
    pod = _pod()
    container, rights = pod["containers"][0], pod["securityContext"]
    assert (rights["runAsUser"], rights["fsGroup"], rights["runAsNonRoot"]) == (USER, USER, True)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {one["mountPath"] for one in container["volumeMounts"]} == {"/run/secrets/tokens.json", "/tmp"}
    assert oct(pod["volumes"][0]["secret"]["defaultMode"]) == "0o440"

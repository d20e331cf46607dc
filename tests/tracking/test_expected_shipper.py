"""A shipper that is started before the run knows what it will ship."""

from __future__ import annotations

from cauce.tracking.process import end, expected_shipper, shipper_process


def test_a_run_takes_the_process_that_was_expected_and_a_second_run_gets_one_of_its_own() -> None:
    """A run would load MLflow twice, or two runs would tell one process what to ship."""
    with expected_shipper():
        first = shipper_process()
        second = shipper_process()
        assert first.pid != second.pid
        assert first.poll() is None
        end(second)
    assert first.poll() is None, "it belongs to who took it"
    end(first)


def test_a_process_that_nobody_took_ends_with_what_expected_it() -> None:
    """A project that cannot be read would leave a process behind."""
    from cauce.tracking import process

    with expected_shipper():
        (waiting,) = process._expecting
        assert waiting.poll() is None
    assert waiting.poll() is not None


def test_nothing_is_started_for_a_project_that_does_not_track() -> None:
    """A run without tracking would pay for MLflow."""
    from cauce.tracking import process

    with expected_shipper(wanted=False):
        assert not process._expecting


def test_one_that_died_while_it_was_expected_is_replaced() -> None:
    """A run would wait for a process that is gone."""
    from cauce.tracking import process

    with expected_shipper():
        (waiting,) = process._expecting
        waiting.kill()
        waiting.wait()
        found = shipper_process()
        assert found.poll() is None
        end(found)

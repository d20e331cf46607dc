"""Rounds of candidates on every fold, side by side, with the same result on any number of cores."""

from __future__ import annotations

import contextvars
import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

import numpy as np
import polars as pl

from cauce.core.boosting_rows import POSITION
from cauce.core.candidates.costs import TrialCosts
from cauce.core.candidates.trials import Candidate, Trial, failed_trial
from cauce.core.columns import HASH_A, HASH_B, TARGET, WEIGHT
from cauce.core.evaluation_rows import BUCKET
from cauce.core.numbering import ROW
from cauce.core.out_of_fold import SCORED_FOLD, said_name
from cauce.errors import CauceError
from cauce.ports.clock import Clock
from cauce.running.trials.folded import Folded, own_label
from cauce.running.trials.judging import FoldResult, How, Stopped, judge_fold
from cauce.running.trials.records import Kept, TrialRecords, keep_frame, keep_model, read_frame
from cauce.spec.models import COMPLETE, Logistic

_OF_ENGINES = "E07"
"""Codes of failures that say nothing of a candidate: it is tried again."""
KEPT_TRIALS = 3
"""So many of the best trials keep their scores, for the choice and its comparisons."""


@dataclass
class Rounds:
    """Judges candidates on the folds of one plan. told: after each fit and each step of several at once, how
    many fits are done. halves: candidates of which half the work was told before.

    every: whether every trial's scores are kept, not those of the best alone. late: asked after every round
    of trees and every solution whether to give up what is under way.
    """

    folded: Folded
    records: TrialRecords
    clock: Clock
    told: Callable[[float], None] = lambda _: None
    every: bool = False
    late: Callable[[], bool] = lambda: False
    fits: float = 0.0
    halves: set[int] = field(default_factory=set)
    digests: dict[int, str] = field(default_factory=dict)
    kept: dict[int, Kept] = field(default_factory=dict)
    means: list[float] = field(default_factory=list)
    readings: dict[int, float] = field(default_factory=dict)

    @property
    def plan_digest(self) -> str:
        """Of the plan of folds."""
        return self.folded.on.plan.digest

    def judged(self, candidates: Sequence[Candidate]) -> tuple[Trial, ...]:
        """What comes of each, in their order; those that were finished before are not repeated.

        Where it is late, of the first ones alone.
        """
        known = {one.number: self.records.found(one, self.plan_digest) for one in candidates}
        fresh = [one for one in candidates if known[one.number] is None]
        try:
            summed = self._from_sums(fresh)
        except Stopped:
            return ()
        trials = []
        with self._fits([one for one in fresh if one.number not in summed]) as fits:
            for one in candidates:
                found = known[one.number] or summed.get(one.number)
                try:
                    trial, kept = self._fitted(one, fits[one.number]) if found is None else found
                except Stopped:
                    break
                if found is not None:
                    self._tell(len(self.folded.on.plan.folds))
                    self.digests[one.number] = self.records.digest(one, self.plan_digest)
                    self._is_among_best(trial)
                if kept is not None:
                    self.kept[one.number] = kept
                trials.append(trial)
        return tuple(trials)

    def _from_sums(self, candidates: Sequence[Candidate]) -> dict[int, tuple[Trial, None]]:
        """Linear and logistic candidates are solved together; trials of those whose scores are sums alone."""
        if not candidates:
            return {}
        # A round is of one batch, or of none: `TableSearch` asks for no other.
        summed, found = self.folded.of(candidates[0].model).summed, {}
        began = self.clock.seconds()
        solved = [0.0]
        summed.prepare(candidates, told=lambda count: self._solved(count, solved))
        self.halves |= {one.number for one in candidates if solved[0] and isinstance(one.model, Logistic)}
        self.fits += solved[0] / 2
        together = sum(one.model.learner in COMPLETE for one in candidates)
        readings = summed.newly_read() / max(together, 1)
        self.readings |= {one.number: readings for one in candidates if one.model.learner in COMPLETE}
        for one in candidates:
            scores = summed.scores(one, self.folded.on.judge.metric)
            if scores is not None:
                found[one.number] = (Trial(one, scores), None)
        for trial, _ in found.values():
            costs = TrialCosts((self.clock.seconds() - began) / len(candidates), readings)
            self.records.keep(trial, self.plan_digest, kept=None, costs=costs)
        return found

    def scores(self, trial: Trial) -> pl.DataFrame:
        """The rows outside the training rows with what the candidate said of them, as they lie in the table.

        Each once: of repetitions the first.
        """
        return read_frame(self.records.store, self.kept_of(trial).scores)

    def kept_of(self, trial: Trial) -> Kept:
        """What is kept of a good trial; fitted again where it is no longer in the store, or was not good."""
        one = trial.candidate
        if one.number not in self.kept:
            with self._fits([one]) as fits:
                self.kept[one.number] = self._keep(one, [future.result() for future in fits[one.number]])
        return self.kept[one.number]

    def _keep(self, candidate: Candidate, results: Sequence[FoldResult]) -> Kept:
        store = self.records.store
        scores = keep_frame(store, self._frame(candidate, results))
        return Kept(str(scores.value), str(keep_model(store, results[0].payload).value))

    def _fitted(self, candidate: Candidate, fits: Sequence[Future[FoldResult]]) -> tuple[Trial, Kept | None]:
        """The trial of finished fits, kept in the store."""
        kept, seconds = None, 0.0
        try:
            found = []
            for future in fits:
                found.append(future.result())
                seconds += found[-1].seconds
                self._tell(0.5 if candidate.number in self.halves else 1.0)
            trial = Trial(candidate, tuple(one.score for one in found))
            if self._is_among_best(trial) or self.every:
                kept = self._keep(candidate, found)
        except CauceError as error:
            for future in fits:
                future.cancel()
            if error.code.startswith(_OF_ENGINES):
                raise
            trial = failed_trial(candidate, error)
        costs = TrialCosts(seconds, self.readings.get(candidate.number, 0.0))
        self.digests[candidate.number] = self.records.keep(trial, self.plan_digest, kept=kept, costs=costs)
        return trial, kept

    def _is_among_best(self, trial: Trial) -> bool:
        """Whether the trial is among the best so far; whatever is among the best at the end was so before."""
        if trial.failed:
            return False
        metric = self.folded.on.judge.metric
        worth = -trial.mean if metric.direction == "lower" else trial.mean
        heapq.heappush(self.means, worth)
        if len(self.means) > KEPT_TRIALS:
            heapq.heappop(self.means)
        return worth >= self.means[0]

    def _frame(self, candidate: Candidate, results: Sequence[FoldResult]) -> pl.DataFrame:
        on = self.folded.on
        parts = []
        for fold, result in zip(on.plan.folds, results, strict=True):
            if fold.repeat:
                continue
            rows = self.folded.of(candidate.model).table(candidate.model, fold.number).rows.scored
            raw = result.raw.reshape(len(result.raw), -1).astype(np.float32)
            label = own_label(on, rows)
            own = {POSITION: rows.get_column(ROW) - 1}
            own |= {name: rows.get_column(name) for name in (WEIGHT, BUCKET, HASH_A, HASH_B)}
            made = {said_name(at): raw[:, at] for at in range(raw.shape[1])}
            number = np.full(len(raw), fold.number, dtype=np.int64)
            parts.append(pl.DataFrame({**own, TARGET: label, SCORED_FOLD: number, **made}))
        return pl.concat(parts).sort(POSITION)

    def _tell(self, fits: float) -> None:
        self.fits += fits
        self.told(self.fits)

    def _solved(self, count: float, solved: list[float]) -> None:
        """A logistic model that is solved is half a fit: it is still to be scored."""
        if self.late():
            raise Stopped
        solved[0] = max(solved[0], count)
        self.told(self.fits + solved[0] / 2)

    @contextmanager
    def _fits(self, candidates: Sequence[Candidate]) -> Iterator[dict[int, list[Future[FoldResult]]]]:
        """Every fit under way, by candidate, in the order of folds; what is left at the end is given up.

        Fits of one fold share its matrices and wait for each other: no more at a time than there are folds.
        """
        on, stopped = self.folded.on, Event()
        count = len(on.plan.folds)
        workers = max(1, min(on.threads, count))
        each = max(1, on.threads // workers)

        def going() -> bool:
            return not stopped.is_set() and not self.late()

        def fit(candidate: Candidate, number: int) -> FoldResult:
            if not going():
                raise Stopped
            how = How(threads=each, going=going, clock=self.clock)
            return judge_fold(self.folded.of(candidate.model), candidate, number=number, how=how)

        pool = ThreadPoolExecutor(workers, "cauce-folds")
        try:
            yield {
                one.number: [
                    pool.submit(contextvars.copy_context().run, fit, one, number) for number in range(count)
                ]
                for one in candidates
            }
        finally:
            stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

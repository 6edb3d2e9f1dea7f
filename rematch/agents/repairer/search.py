"""The tries: one edit, one run of the tests, one verdict, until one holds or the budget is gone."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rematch.agents.repairer.bench import Bench, Work
from rematch.agents.repairer.candidates import list_candidates
from rematch.agents.repairer.changes import Change, Patch, is_sound, name_patch, overlaps
from rematch.agents.repairer.context import Priors, normalize_key
from rematch.agents.repairer.hints import weigh_operators
from rematch.agents.repairer.issue import find_errors, find_literals
from rematch.agents.repairer.localize import Place, localize
from rematch.agents.repairer.operators import Pool
from rematch.agents.repairer.reports import Failure, Report

Verdict = Literal["confirmed", "open", "refuted"]

_EXAMPLE = "issue example"
_DOUBTED = 0.2
_MORE = 5


@dataclass
class Search:
    """The state of a search.

    Attributes:
        bench: where tests are run.
        issue: the issue's text.
        names: what the issue names.
        baseline: the tests before any change.
        priors: what earlier attempts found.
        rng: draws the order of tries.
        coverage: a run with coverage, made when it is first needed.
        base: the best patch so far that helps without breaking anything.
        base_report: the tests with it.
        factors: for each line, how its earlier tries change its weight.
        tried: normalized keys.
        left: how many tries are left.
    """

    bench: Bench
    issue: str
    names: set[str]
    baseline: Report
    priors: Priors
    rng: random.Random
    left: int
    coverage: Report | None = None
    base: Patch = ()
    base_report: Report | None = None
    factors: dict[Place, float] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)

    @property
    def current(self) -> Report:
        """The tests as they stand with the base."""
        return self.base_report or self.baseline

    def run(self) -> Work[Patch]:
        """Search; the patch that stands in the work folder at the end, () if there is none."""
        candidates = self._list()
        known = {normalize_key(change.key): change for change in candidates}
        found = yield from self._retry(self._read_named(self.priors.confirmed, known, 1.5))
        if found:
            return found
        found = yield from self._retry(self._read_named(self.priors.open, known, 1.0))
        if found:
            return found
        if self.left > 0 and self.coverage is None:
            yield from self._cover()
            candidates = self._list()
        base = self.base
        while self.left > 0:
            drawn = self._draw_some(candidates)
            if not drawn:
                break
            found = yield from self._try([(*self.base, change) for change in drawn])
            if found:
                return found
            if self.base != base:
                base, candidates = self.base, self._list()
        return (yield from self._settle())

    def _retry(self, patches: Sequence[Patch]) -> Work[Patch]:
        """Try what earlier attempts found, most promising first."""
        for patch in patches:
            joint = patch if set(patch) & set(self.base) else (*self.base, *patch)
            if self.left <= 0 or joint == self.base:
                continue
            if any(overlaps(self.base, change) for change in patch if change not in self.base):
                joint = patch
            found = yield from self._try([joint])
            if found:
                return found
        return ()

    def _read_named(
        self, keys: Mapping[str, int], known: Mapping[str, Change], power: float
    ) -> list[Patch]:
        """Patches that the context names, drawn in an order in which agreement weighs."""
        patches = []
        for key, count in keys.items():
            changes = [known.get(part) for part in _split_key(key, known)]
            if changes and all(changes):
                weight = count**power / (1 + self.priors.refuted[key])
                patch = tuple(change for change in reversed(changes) if change is not None)
                patches.append((self.rng.random() ** (1 / weight), patch))
        return [patch for _, patch in sorted(patches, key=lambda pair: -pair[0])]

    def _cover(self) -> Work[None]:
        count = len(self.current.failures)
        plural = "" if count == 1 else "s"
        text = f"Measure which lines the {count} failing test{plural} run (Ochiai)."
        self.coverage = yield from self.bench.test(text, cover=True)

    def _list(self) -> list[Change]:
        """Candidates for what still fails."""
        failures = self._failures()
        told = " ".join(failure.message for failure in failures)
        checks = " ".join(self.bench.checks)
        raised = [
            f.kind for f in failures if f.kind.endswith("Error") and f.kind != "AssertionError"
        ]
        errors = [*find_errors(told), *find_errors(f"{self.issue} {checks}"), *raised]
        pool = Pool(
            literals=tuple(dict.fromkeys([*find_literals(self.issue), *find_literals(told)])),
            errors=tuple(dict.fromkeys(e for e in errors if e != "AssertionError"))[:4],
            kinds=self.coverage.kinds if self.coverage else {},
        )
        suspicion = localize(self.bench.sources, self.coverage, failures, self.names)
        found = list_candidates(self.bench.sources, suspicion, weigh_operators(failures), pool)
        doubted = [joint for joint in self.priors.refuted if ";" in joint]
        return [_doubt(change, doubted) for change in found]

    def _failures(self) -> tuple[Failure, ...]:
        return self.current.failures or self.baseline.failures

    def _draw_some(self, candidates: list[Change]) -> list[Change]:
        """What the next command tries."""
        drawn: list[Change] = []
        while len(drawn) < min(self.bench.config.batch, self.left):
            change = self._draw(candidates)
            if change is None:
                break
            self.tried.add(normalize_key(name_patch((*self.base, change))))
            drawn.append(change)
        return drawn

    def _draw(self, candidates: list[Change]) -> Change | None:
        """The next change, by weight; sound, new, and not refuted by an earlier attempt."""
        sharpness = self.bench.config.sharpness
        while candidates:
            weights = [
                (change.weight * self.factors.get(change.place, 1.0)) ** sharpness
                for change in candidates
            ]
            if not any(weights):
                return None
            index = self.rng.choices(range(len(candidates)), weights)[0]
            change = candidates.pop(index)
            patch = (*self.base, change)
            key = normalize_key(name_patch(patch))
            if key in self.tried or key in self.priors.refuted or overlaps(self.base, change):
                continue
            if self._clashes(key) or not is_sound(patch, self.bench.sources):
                continue
            return change
        return None

    def _clashes(self, key: str) -> bool:
        """Whether a reader could take the key for an earlier one that it begins with."""
        return any(key.startswith(earlier) and earlier != key for earlier in self.tried)

    def _try(self, patches: Sequence[Patch]) -> Work[Patch]:
        """Run the tests with each patch and say what came of it; the one that holds, or ()."""
        while patches:
            text = "\n".join(f"try: {name_patch(patch)}" for patch in patches)
            reports = yield from self.bench.test_each(text, patches, keep="passing")
            for patch, report in zip(patches, reports, strict=False):
                if self._conclude(patch, report) == "confirmed":
                    return patch
            patches = patches[len(reports) :]
        return ()

    def _conclude(self, patch: Patch, report: Report | None) -> Verdict:
        """Note the verdict on a patch, and learn from it."""
        key = name_patch(patch)
        self.tried.add(normalize_key(key))
        self.left -= 1
        verdict, reason = self._judge(report)
        self.bench.note(f"{verdict}: {key}{reason}")
        if verdict == "open" and report is not None:
            self.base, self.base_report = patch, report
            if all(failure.id.startswith(_EXAMPLE) for failure in report.failures):
                self.left = min(self.left, _MORE)  # the example may be misread
        self._learn(patch[-1], report)
        return verdict

    def _judge(self, report: Report | None) -> tuple[Verdict, str]:
        if report is None or not report.ran:
            return "refuted", ""
        if report.kept:
            return "confirmed", ""
        now = self.current
        broken = report.failed_ids - self.baseline.failed_ids
        has_more = report.passing > now.passing and report.failing < now.failing
        if has_more and (not broken or self._reveals(report)):
            total = len(self.baseline.failed_ids)
            fixed = total - len(self.baseline.failed_ids & report.failed_ids)
            return "open", f" ({fixed} of {total} failing tests pass)"
        return "refuted", ""

    def _reveals(self, report: Report) -> bool:
        """Whether tests that could not even be imported before run now."""
        return report.ran > self.baseline.ran and report.passing > self.baseline.passing

    def _learn(self, change: Change, report: Report | None) -> None:
        """Lines whose change alters how tests fail are nearer to the fault.

        Mutation-based fault localization: Moon et al., "MUSE" (ICST 2014); Papadakis & Le Traon,
        "Metallaxis-FL" (STVR 2015). The factors are ours.
        """
        factor = 0.8
        if report is not None and report.ran:
            before = {failure.id: failure.looks for failure in self.current.failures}
            after = {failure.id: failure.looks for failure in report.failures}
            broke = after.keys() - before.keys()
            altered = any(after.get(name) != looks for name, looks in before.items())
            if altered:
                factor = 1.0 if broke else 1.4
            elif broke:
                factor = 0.6
        self.factors[change.place] = self.factors.get(change.place, 1.0) * factor

    def _settle(self) -> Work[Patch]:
        """Keep the best patch that helped, if any."""
        if not self.base:
            return ()
        text = f"No change makes all tests pass. Keep the best one: {name_patch(self.base)}"
        report = yield from self.bench.test(text, self.base, keep="always")
        return self.base if report is not None and report.kept else ()


def _doubt(change: Change, joints: Sequence[str]) -> Change:
    """A change that an earlier attempt refuted on top of another one weighs less."""
    start = f"{normalize_key(change.key)};"
    if any(joint.startswith(start) for joint in joints):
        return dataclasses.replace(change, weight=change.weight * _DOUBTED)
    return change


def _split_key(key: str, known: Mapping[str, Change]) -> list[str]:
    """The changes that a normalized key is made of; [] if it is none of ours."""
    if key in known:
        return [key]
    parts = key.split(";")
    for place in range(1, len(parts)):
        head, rest = ";".join(parts[:place]), ";".join(parts[place:])
        if head in known:
            tail = _split_key(rest, known)
            if tail:
                return [head, *tail]
    return []

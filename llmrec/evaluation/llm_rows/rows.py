"""LLM rows from begin to end: what is asked is kept piece by piece, the rest follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmrec.errors import ArtifactError, ConfigError, did_you_mean
from llmrec.evaluation.environment import git_sha
from llmrec.evaluation.folder import batches_of
from llmrec.evaluation.llm_rows.candidates import Lists
from llmrec.evaluation.llm_rows.fitting import calibrated, fit_beside, fitting_lists
from llmrec.evaluation.llm_rows.hardware import peak_memory, roofline
from llmrec.evaluation.llm_rows.meter import Cost
from llmrec.evaluation.llm_rows.reranking import llm_scores, rerank_lists
from llmrec.evaluation.llm_rows.scoring import LlmScoring
from llmrec.evaluation.llm_rows.store import ScoreStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmrec.evaluation.baselines import RowSpec
    from llmrec.evaluation.context import Run
    from llmrec.evaluation.llm_rows.spec import RerankSpec
    from llmrec.llm import Engine
    from llmrec.types import Scores

BATCH = 8
"""Queries asked together: enough for batching on a CPU, few enough for honest progress."""
TEST, FITTING = "test", "fitting"
"""The two purposes that an LLM row asks for; each has a folder of scores and a cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmRows:
    """Which LLM reranks what."""

    engine: Engine
    specs: tuple[RerankSpec, ...]
    batch: int = BATCH
    """Queries asked together; it changes no score."""
    ablations: tuple[str, ...] = ()
    """Names of ``evaluation.ablations``: what is varied, one choice at a time, of every row."""


def check_llm_rows(llm: LlmRows, rows: Sequence[RowSpec]) -> None:
    """Refuse specifications that cannot run beside these rows.

    Raises:
        ConfigError: A source is no row of the run, or a name is taken.
    """
    sources = [row.name for row in rows]
    taken = list(sources)
    for spec in llm.specs:
        if spec.source not in sources:
            raise ConfigError(
                f"row {spec.name!r} reranks {spec.source!r}, which is no row of this run",
                remedy=did_you_mean(spec.source, sources),
            )
        for name in filter(None, (spec.name, spec.fusion_name)):
            if name in taken:
                raise ConfigError(f"two rows are called {name!r}", remedy="Give one another name.")
            taken.append(name)


class LlmRow:
    """One specification in one run.

    Args:
        run: The run; its source row must be ranked.
        llm: The model.
        spec: What is reranked, and how.
        source: The row whose items are reranked.

    Raises:
        ConfigError: The spec does not fit the run, or too few validation targets are retrieved.
        ArtifactError: The folder holds a row of this name by another model or specification.
    """

    def __init__(self, run: Run, llm: LlmRows, spec: RerankSpec, source: RowSpec) -> None:
        self.run, self.spec, self.source = run, spec.under(run.card), source
        self._batch = llm.batch
        queries = [query for _, query in run.asked]
        self.scoring = LlmScoring(llm.engine, run.catalogue, self.spec, queries)
        self.n_candidates = self.spec.candidates or run.card.candidates
        self.values = self._begun()
        ranked = run.folder.ranked(source.name)
        self.lists = {
            TEST: Lists.of(source.name, ranked, queries, run.catalogue, self.n_candidates)
        }
        if self.spec.fusion_queries:
            self.lists[FITTING] = fitting_lists(run, self.spec, source)

    def store(self, purpose: str) -> ScoreStore:
        """Return where the scores for a purpose are kept."""
        return ScoreStore(self.run.folder.path / "rows" / self.spec.name / purpose)

    def score(self, purpose: str, numbers: Sequence[int] | None = None) -> Cost:
        """Ask the LLM about queries that were not asked yet (default: all that cost a call)."""
        lists = self.lists[purpose]
        return self.scoring.score(
            lists,
            lists.asked if numbers is None else numbers,
            self.store(purpose),
            batch=self._batch,
            kept=self._adds(purpose),
            title=f"{self.spec.name}: {purpose} queries",
        )

    def finish(self) -> None:
        """Score what is left, fit, and write both rows."""
        asked = Cost()
        for purpose in self.lists:
            asked += self.score(purpose)
        known = {p: llm_scores(lists, self.store(p).table()) for p, lists in self.lists.items()}
        fit = None
        if FITTING in self.lists:
            fit = fit_beside(self.lists[FITTING], known[FITTING], seed=self.run.config.seed)
            values = self._fusion_values(fit)
            self._write(values, known[TEST], fit["weight"], fit["temperatures"]["fusion"])
        cost = Cost.read(self.values["cost"].get(TEST, {}))
        self.values["seconds"] = round(cost.render_s + cost.score_s, 3)
        if asked.queries or "peak_gib" not in self.values:  # what a finished row took, stays
            self.values["peak_gib"] = peak_memory()
            self.values["roofline"] = roofline(self.scoring.engine_card, cost)
        temperature = fit["temperatures"]["llm"] if fit else None
        self._write(self.values, known[TEST], 1.0, temperature)

    def _write(
        self,
        values: dict[str, Any],
        known: Mapping[int, Scores],
        weight: float,
        temperature: float | None,
    ) -> None:
        """Write a row: its figures in the run's batches, then what is known of it."""
        run, lists = self.run, self.lists[TEST]
        table = rerank_lists(lists, known, self.scoring.scorer.kind, weight)
        batches = batches_of([window for window, _ in run.asked], run.config.batch)
        for number, (_, queries) in enumerate(batches):
            run.folder.write_batch(values["name"], number, table[queries[0] : queries[-1] + 1])
        values["calibration"] = calibrated(
            lists, known, None if weight == 1.0 else weight, temperature, seed=run.config.seed
        )
        run.folder.write_row(values["name"], values)

    def _adds(self, purpose: str) -> Callable[[Cost], None]:
        def add(cost: Cost) -> None:
            known = self.values["cost"]
            known[purpose] = (Cost.read(known.get(purpose, {})) + cost).to_json()
            self.run.folder.write_row(self.spec.name, self.values)

        return add

    def _begun(self) -> dict[str, Any]:
        """Return what the row's file says, after checking that it is the same row."""
        new = self._values()
        old = self.run.folder.row(self.spec.name)
        if old is None:
            return new
        was, wanted = ({**row["llm"]["spec"], **row["llm"]["made_of"]} for row in (old, new))
        for what in wanted:
            if was.get(what) != wanted[what]:
                raise ArtifactError(
                    f"{self.run.folder.path} holds a row {self.spec.name!r} with {what} "
                    f"{was.get(what)}, not {wanted[what]}",
                    remedy="Give the row another name, or write into another folder.",
                )
        return old

    def _values(self) -> dict[str, Any]:
        scorer, spec = self.scoring.scorer, self.spec
        return {
            "name": spec.name,
            "what": f"the LLM alone by {scorer.kind}, over the first {self.n_candidates} of "
            f"{spec.source}{self._placed()}",
            "settings": {"scorer": scorer.kind, "candidates": self.n_candidates},
            "validation_queries": 0,
            "trials": [],
            "git_sha": git_sha(),
            "identities": {"0": scorer.identity},
            "seconds": 0.0,
            "llm": {
                "role": "alone",
                "source": spec.source,
                "fusion": spec.fusion_name,
                "candidates": self.n_candidates,
                "spec": spec.model_dump(mode="json"),
                "made_of": dict(scorer.made_of),
            },
            "cost": {},
        }

    def _placed(self) -> str:
        place = self.spec.target_place
        return "" if place is None else f", the target listed at place {place} (no result)"

    def _fusion_values(self, fit: dict[str, Any]) -> dict[str, Any]:
        return {
            **self._values(),
            "name": self.spec.fusion_name,
            "what": f"{self.spec.source} and the LLM by {self.scoring.scorer.kind}, fused",
            "settings": {"weight": fit["weight"]},
            "validation_queries": fit["n_queries"],
            "llm": {**self._values()["llm"], "role": "fusion", "alone": self.spec.name},
            "fit": fit,
        }


def run_llm_rows(run: Run, llm: LlmRows, rows: Sequence[RowSpec]) -> None:
    """Score and write every LLM row; each needs its source to be ranked."""
    sources = {row.name: row for row in rows}
    for spec in llm.specs:
        LlmRow(run, llm, spec, sources[spec.source]).finish()

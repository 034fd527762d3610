"""What examples were made of, in counts: the data card of an adapter."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llmrec.training.tree import Tree


@dataclass(slots=True, kw_only=True)
class DataCard:
    """What a stage learnt from, in counts."""

    objective: str
    dataset_sha256: str
    protocol: str
    users: int = 0
    positions: int = 0
    """Events that were looked at as targets."""
    examples: int = 0
    targets: int = 0
    tokens: int = 0
    """Of all examples, what prompts share once."""
    longest: int = 0
    found: int = 0
    """Listwise: positions whose target the retriever proposed."""
    injected: int = 0
    """Listwise: examples whose target was put among the candidates."""
    too_long: int = 0
    """Positions left out because their tokens exceed the stage's ``max_tokens``."""
    candidates_mean: float = 0.0
    proposed_by: list[str] = field(default_factory=list)
    """Listwise: each retriever that proposed, and what it learnt from."""

    def as_json(self) -> dict[str, Any]:
        """Return the counts by name."""
        return asdict(self)

    def count(self, tree: Tree) -> None:
        """Count an example."""
        self.examples += 1
        self.targets += len(tree.targets)
        self.tokens += len(tree)
        self.longest = max(self.longest, len(tree))

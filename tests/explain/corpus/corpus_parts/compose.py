"""From facts and patterns to texts: one to four sentences, at most one of them false."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from corpus_parts import words
from corpus_parts.combos import COMBOS, by_kind, false_combos, true_combos
from corpus_parts.false_claims import CATEGORIES
from corpus_parts.scenarios import directors, values
from corpus_parts.true_facts import Slots, true_facts
from corpus_parts.view import View, attribute, series, year

if TYPE_CHECKING:
    from corpus_parts.false_base import Lie

HERE = Path(__file__).resolve().parents[1]
Case = dict[str, Any]
Pattern = tuple[str, str]
"""Its id, e.g. ``rec_year.t2``, and its text."""


def patterns(name: str) -> dict[tuple[str, str], list[Pattern]]:
    """Read a pattern file: the patterns by (split, kind)."""
    found: dict[tuple[str, str], list[Pattern]] = defaultdict(list)
    kind = ""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            kind = line[3:]
        elif line[:2] in ("d ", "t "):
            split = {"d": "dev", "t": "test"}[line[0]]
            rows = found[split, kind]
            rows.append((f"{kind}.{line[0]}{len(rows) + 1}", line[2:]))
    return found


# After these, "that is why we suggest it" would not follow.
NO_REASON = frozenset(["c_low", "c_mid", "c_rating", "c_unrated", "rating_cmp", "neg_genre"])
GROUPS = {
    "rating": "c_rating c_loved c_liked c_top c_low c_mid c_unrated rating_cmp cnt_five",
    "time": "c_date c_month c_weekday c_wd_dp c_daypart c_season c_ago c_recent",
    "order": "last_event first_event order2 consec sameday gap",
}
GROUP_OF = {kind: name for name, kinds in GROUPS.items() for kind in kinds.split()}


def group(kind: str) -> str:
    """Kinds that could contradict one another in one text share a group."""
    if kind.startswith(("cnt_", "t_")):
        return GROUP_OF.get(kind, kind.split("_")[0])
    return GROUP_OF.get(kind, kind)


def relevant(v: View, kind: str, slots: Slots) -> bool:
    """Whether a count, a taste or an uncited title has to do with the recommended film."""
    if kind in ("hist_title", "hist_title_month"):
        item = slots["t"]
        same = series(item) is not None and series(item) == series(v.rec)
        kin = directors(item) & directors(v.rec) or set(values(item, "cast")) & set(
            values(v.rec, "cast")
        )
        keywords = set(values(item, "keywords")) & set(values(v.rec, "keywords"))
        return bool(same or kin or keywords)
    if kind.startswith(("cnt_", "t_")):
        mine = [*directors(v.rec), *values(v.rec, "cast"), *values(v.rec, "keywords")]
        mine += [words.GENRES[g][1] for g in values(v.rec, "genres")]
        told = [slots[name] for name in ("gp", "d", "a", "k") if name in slots]
        decade = slots.get("decade")
        return all(value in mine for value in told) and decade in (
            None,
            *attribute(v.rec, "decade"),
        )
    return True


def load_patterns() -> dict[tuple[str, str], list[Pattern]]:
    """All patterns, of true and of false claims."""
    return {**patterns("patterns_true.txt"), **patterns("patterns_false.txt")}


class Writer:
    """Writes texts about one split's scenarios, using every pattern about equally often."""

    def __init__(self, split: str, *, seed: int) -> None:
        self.split = split
        self.rng = Random(f"{seed} write {split}")  # noqa: S311 - no secret
        self.patterns = load_patterns()
        self.used: Counter[str] = Counter()
        self.texts: set[str] = set()

    def pick(self, kind: str) -> Pattern | None:
        """The least used pattern of the kind, ties by chance."""
        rows = self.patterns.get((self.split, kind), [])
        if not rows:
            return None
        least = min(self.used[name] for name, _ in rows)
        return self.rng.choice([row for row in rows if self.used[row[0]] == least])

    def named(self, title: str, year_of: int, slots: Slots) -> str:
        """A title in one of its styles; without its year where the sentence tells years."""
        if "year" in slots or "decade" in slots:
            return words.styled(title, year_of, self.rng).replace(f" ({year_of})", "")
        return words.styled(title, year_of, self.rng)

    def cite(self, v: View, n: int, slots: Slots) -> str:
        item, mark = v.cited[n].item, f"[{n + 1}]"
        form = self.rng.choices(["bare", "title", "after"], [38, 56, 6])[0]
        if form == "bare":
            return mark
        title = self.named(item.title, year(item), slots)
        return f"{title} {mark}" if form == "title" else f"{mark} ({item.title})"

    def say(self, pattern: str, slots: Slots, v: View, *, alone: bool) -> str:
        """Fill a pattern. ``alone``: no other film was named yet, "this film" is clear."""
        rng, fill = self.rng, dict(slots)
        rec = self.named(v.rec.title, year(v.rec), slots)
        clear = alone and not re.search(r"\{(c|c2|t|u|allc|g|a_g|gp)\}|film", pattern)
        fill["r"] = "this film" if clear and rng.random() < 0.15 else rec
        for name in ("c", "c2"):
            if name in slots:
                fill[name] = self.cite(v, slots[name], slots)
        if "c_text" in slots:
            fill["c"] = slots["c_text"]
        if "t" in slots:
            fill["t"] = self.named(slots["t"].title, year(slots["t"]), slots)
        if "t_text" in slots:
            fill["t"] = slots["t_text"]
        if slots.get("allc"):
            fill["allc"] = words.join([self.cite(v, n, slots) for n in range(len(v.cited))])
        text = pattern.format(**fill).replace("....", "...")
        return re.sub(r"\b([Aa]) (?=(April|August|autumn|eight)\b)", r"\1n ", text)

    def compose(self, v: View, lie: Lie | None, *, length: int) -> tuple[str, list[str], str]:
        """Return a text, the ids of its patterns, and the family of its first true claim."""
        facts = true_facts(v, self.rng)
        everything = [fact for family in facts.values() for fact in family]
        combos = true_combos(by_kind(everything), self.rng)
        facts = {name: [f for f in some if relevant(v, *f)] for name, some in facts.items()}
        parts: list[tuple[str, Slots]] = []
        family_of: list[str] = []
        kinds = set()
        if lie:
            kinds = {lie[0], *COMBOS.get(lie[0], ((),))[0]}
            near = {group(kind) for kind in kinds}
            facts = {n: [f for f in some if group(f[0]) not in near] for n, some in facts.items()}
            combos = [f for f in combos if not near & {group(k) for k in COMBOS[f[0]][0]}]
        families = self.rng.sample(sorted(facts), len(facts))
        if self.rng.random() < 0.48:
            facts["combined"] = combos
            families = ["combined", *families]
        for family in families:
            known = {kind for kind, _ in facts[family] if (self.split, kind) in self.patterns}
            options = sorted(known - kinds)
            if len(parts) < length and options:
                kind = self.rng.choice(options)
                kinds |= {kind, *COMBOS.get(kind, ((),))[0]}
                parts.append(self.rng.choice([fact for fact in facts[family] if fact[0] == kind]))
                family_of.append(family)
        if lie:
            parts.insert(self.rng.randint(0, len(parts)), (lie[0], lie[1]))
        return (*self._join(v, parts), family_of[0] if family_of else "")

    def _join(self, v: View, parts: list[tuple[str, Slots]]) -> tuple[str, list[str]]:
        rng = self.rng
        if rng.random() < 0.22:
            parts = [("opener", {}), *parts]
        if rng.random() < 0.34 and not NO_REASON & {kind for kind, _ in parts}:
            parts = [*parts, ("closer", {})]
        sentences, ids = [], []
        alone, linked = True, False
        for kind, slots in parts:
            chosen = self.pick(kind)
            if chosen is None:
                raise KeyError(f"no pattern of {kind} for {self.split}")
            self.used[chosen[0]] += 1
            ids.append(chosen[0])
            said = self.say(chosen[1], slots, v, alone=alone and kind != "opener")
            plain = not re.search(r"\b(also|too|as well|besides)\b", said, re.IGNORECASE)
            may = sentences and not alone and not linked and plain
            if may and kind not in ("closer", "injection") and rng.random() < 0.3:
                link = self.pick("connector")
                if link is not None:
                    linked = True
                    self.used[link[0]] += 1
                    lower = chosen[1][0].isupper()
                    said = f"{link[1]} {said[0].lower() + said[1:] if lower else said}"
            sentences.append(said[0].upper() + said[1:])
            alone = alone and kind == "opener"
        if len(sentences) > 2 and rng.random() < 0.06:
            return "\n".join(f"- {sentence}" for sentence in sentences), ids
        return (" " if rng.random() < 0.95 else "\n").join(sentences), ids

    def true_case(self, v: View) -> Case | None:
        length = self.rng.choices([1, 2, 3, 4], [36, 42, 17, 5])[0]
        text, ids, family = self.compose(v, None, length=length)
        return self._case(v, text, ids, label="true", category=family, note="")

    def false_case(self, v: View, category: str) -> Case | None:
        lies = list(CATEGORIES[category](v, self.rng))
        true = [fact for family in true_facts(v, self.rng).values() for fact in family]
        lies += false_combos(lies, by_kind(true), self.rng)
        kinds = sorted({lie[0] for lie in lies if (self.split, lie[0]) in self.patterns})
        if not kinds:
            return None
        counts = {k: self.used[f"{category}/{k}"] / self._weight(k) for k in kinds}
        kind = min(kinds, key=lambda k: (counts[k], self.rng.random()))
        self.used[f"{category}/{kind}"] += 1
        lie = self.rng.choice([lie for lie in lies if lie[0] == kind])
        length = self.rng.choices([0, 1, 2, 3], [40, 38, 17, 5])[0]
        text, ids, _ = self.compose(v, lie, length=length)
        note = f"{kind}: {lie[2]}"
        return self._case(v, text, ids, label="false", category=category, note=note)

    def _weight(self, kind: str) -> int:
        return len(self.patterns[self.split, kind])

    def _case(
        self, v: View, text: str, ids: list[str], *, label: str, category: str, note: str
    ) -> Case | None:
        if text in self.texts:
            return None
        self.texts.add(text)
        case = {"scenario": v.id, "split": v.split, "label": label, "category": category}
        return {**case, "text": text, "source": "made", "patterns": ids, "note": note}


def hand_cases(split_of: dict[str, str]) -> list[Case]:
    """Read the texts that were written by hand."""
    cases: list[Case] = []
    for line in (HERE / "hand_texts.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("@ "):
            _, scenario, label, category = line.split()
            cases.append(
                {
                    "scenario": scenario,
                    "split": split_of[scenario],
                    "label": label,
                    "category": category,
                    "text": "",
                    "source": "hand",
                    "patterns": [],
                    "note": "",
                }
            )
        elif line.startswith("- "):
            cases[-1]["note"] = line[2:]
        elif line and not line.startswith("#"):
            cases[-1]["text"] = line.replace("\\n", "\n")
    return cases

"""Histories: twelve written by hand, the others grown around a film by a seeded stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from corpus_parts import film_shelf

if TYPE_CHECKING:
    from llmrec.types import Item

HAND_FILE = Path(__file__).resolve().parents[1] / "hand_scenarios.txt"
# Films to recommend in grown scenarios: well connected, and of every kind.
GROWN_DEV = [
    "f018",
    "f256",
    "f125",
    "f174",
    "f230",
    "f280",
    "f334",
    "f382",
    "f433",
    "f485",
    "f050",
    "f104",
    "f214",
    "f359",
]
GROWN_TEST = [
    "f003",
    "f011",
    "f028",
    "f036",
    "f044",
    "f056",
    "f065",
    "f068",
    "f071",
    "f077",
    "f080",
    "f089",
    "f096",
    "f099",
    "f107",
    "f115",
    "f122",
    "f124",
    "f131",
    "f148",
    "f160",
    "f178",
    "f192",
    "f224",
    "f234",
    "f246",
    "f254",
    "f265",
    "f279",
    "f286",
    "f304",
    "f316",
    "f372",
    "f378",
    "f390",
    "f405",
    "f449",
    "f487",
]
EVIDENCE_SIZES = (2, 3, 0, 2, 1, 3, 2, 3)
Scenario = dict[str, Any]


def directors(item: Item) -> frozenset[str]:
    """The directors one by one."""
    text = str(item.attributes.get("director", "")).replace(" and ", ", ")
    return frozenset(name for name in text.split(", ") if name)


def values(item: Item, name: str) -> tuple[str, ...]:
    """A tuple attribute, empty where missing."""
    got = item.attributes.get(name, ())
    return got if isinstance(got, tuple) else ()


def hand_scenarios() -> list[Scenario]:
    """Read the scenarios written by hand."""
    made: list[Scenario] = []
    for line in HAND_FILE.read_text(encoding="utf-8").splitlines():
        parts = line.split()
        if not parts or line.startswith("#"):
            continue
        if parts[0].startswith("h"):
            made.append(
                {
                    "id": parts[0],
                    "split": parts[1],
                    "as_of": parts[2],
                    "item_id": parts[3],
                    "events": [],
                    "evidence": [int(n) for n in parts[4:]],
                }
            )
        else:
            rating = None if parts[2] == "-" else float(parts[2])
            made[-1]["events"].append(
                {"item_id": parts[0], "timestamp": parts[1] + ":00Z", "rating": rating}
            )
    return made


def _kinship(one: Item, other: Item) -> float:
    same = one.attributes.get("franchise") is not None and (
        one.attributes.get("franchise") == other.attributes.get("franchise")
    )
    return (
        4.0 * same
        + 3.0 * len(directors(one) & directors(other))
        + 1.5 * len(set(values(one, "cast")) & set(values(other, "cast")))
        + 1.0 * len(set(values(one, "keywords")) & set(values(other, "keywords")))
        + 0.4 * len(set(values(one, "genres")) & set(values(other, "genres")))
    )


def _times(count: int, as_of: datetime, rng: Random) -> list[datetime]:
    """Moments before ``as_of``: some in one sitting, some days, some weeks apart."""
    moments: list[datetime] = []
    day = as_of - timedelta(days=rng.randint(1, 12))
    habit = rng.choice([9, 14, 18, 19, 20, 22])
    while len(moments) < count:
        hour = habit if rng.random() < 0.7 else rng.choice([9, 10, 13, 15, 18, 20, 22, 23])
        start = day.replace(hour=hour, minute=rng.choice([0, 5, 10, 20, 30, 45]), second=0)
        moments.append(start)
        if hour < 21 and rng.random() < 0.15:
            moments.append(start + timedelta(minutes=rng.choice([125, 140, 150])))
        day -= timedelta(days=rng.choice([1, 2, 3, 6, 7, 7, 9, 14, 14, 20, 30, 45]))
    return sorted(moments)[-count:]


def _chosen(item: Item, rng: Random) -> list[str]:
    """Films for the history: relatives of the item, one more taste, and others."""
    everything = film_shelf.catalogue()
    others = [other for other in everything.values() if other.item_id != item.item_id]
    later = {
        film.id
        for film in film_shelf.films()
        if film.franchise
        and film.franchise == item.attributes.get("franchise")
        and film.year > int(str(item.attributes["year"]))
    }
    others = [other for other in others if rng.random() < 0.2 or other.item_id not in later]
    ranked = sorted(others, key=lambda other: (-_kinship(item, other), other.item_id))
    picks = [other.item_id for other in rng.sample(ranked[:14], rng.randint(5, 8))]
    seed = rng.choice(ranked[20:])
    second = sorted(others, key=lambda other: (-_kinship(seed, other), other.item_id))[:10]
    picks += [other.item_id for other in rng.sample(second, rng.randint(2, 5))]
    picks += [other.item_id for other in rng.sample(ranked[40:], rng.randint(3, 8))]
    picks = list(dict.fromkeys(picks))[:22]
    rng.shuffle(picks)
    for _ in range(rng.choice([0, 0, 1, 2])):
        picks.insert(rng.randrange(len(picks) + 1), rng.choice(picks))
    return picks


def _evidence(item: Item, events: list[dict[str, Any]], size: int, rng: Random) -> list[int]:
    """Positions: relatives of the item first, then something recent or next to a relative."""
    catalogue = film_shelf.catalogue()
    near = sorted(
        range(len(events)), key=lambda n: (-_kinship(item, catalogue[events[n]["item_id"]]), n)
    )
    chosen = rng.sample(near[:5], min(2, size))
    if size == 3:
        beside = [chosen[0] - 1, chosen[0] + 1, len(events) - 1, near[5], near[6]]
        free = [n for n in beside if 0 <= n < len(events) and n not in chosen]
        chosen.append(rng.choice(free))
    elif size == 2 and rng.random() < 0.25 and len(events) - 1 not in chosen:
        chosen[1] = len(events) - 1
    rng.shuffle(chosen)
    return chosen


def grow(name: str, split: str, item_id: str, *, seed: int) -> Scenario:
    """Grow one scenario around the item to recommend."""
    rng = Random(f"{seed} {name}")  # noqa: S311 - no secret
    item = film_shelf.catalogue()[item_id]
    chosen = _chosen(item, rng)
    as_of = datetime(rng.randint(2021, 2025), rng.randint(1, 12), rng.randint(1, 28), tzinfo=UTC)
    as_of = as_of.replace(hour=rng.choice([0, 8, 12, 17, 21]))
    scale = [1, 2, 3, 3, 4, 4, 5, 5] if rng.random() < 0.7 else [1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    events: list[dict[str, Any]] = []
    for film_id, moment in zip(chosen, _times(len(chosen), as_of, rng), strict=True):
        rating = None if rng.random() < 0.18 else float(rng.choice(scale))
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        events.append({"item_id": film_id, "timestamp": stamp, "rating": rating})
    evidence = _evidence(item, events, EVIDENCE_SIZES[int(name[1:]) % len(EVIDENCE_SIZES)], rng)
    return {
        "id": name,
        "split": split,
        "as_of": as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "item_id": item_id,
        "events": events,
        "evidence": evidence,
    }


def all_scenarios(*, seed: int) -> list[Scenario]:
    """Return the hand-written and the grown scenarios."""
    made = hand_scenarios()
    for split, ids in (("dev", GROWN_DEV), ("test", GROWN_TEST)):
        made += [
            grow(f"{split[0]}{n:02}", split, item_id, seed=seed) for n, item_id in enumerate(ids, 1)
        ]
    return made

"""What the figures say, in words, before anybody reads more into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVEL = 0.05


def notes_of(results: Mapping[str, Any]) -> list[str]:
    """Return sentences on the best row, on what cannot be told apart, and on rows at chance."""
    card, placed = results["run"]["card"], _placed(results)
    rows = [row for row in results["rows"] if row["name"] not in placed]
    if not rows:
        return ["No row is finished."]
    headline, best = card["headline"], rows[0]
    figure = best["metrics"][headline]
    notes = [
        f"{best['name']} is best by {headline}: {figure['value']:.4f} "
        f"(95 % interval {figure['low']:.4f} to {figure['high']:.4f}); "
        f"chance is {results['chance'][headline]:.4f}.",
        *_told_apart(results, best["name"]),
        tie_rule(card),
    ]
    for row in rows:
        found = row["metrics"][headline]
        if found["low"] <= results["chance"][headline] <= found["high"] and row["name"] != "random":
            notes.append(f"{row['name']} is not told apart from chance.")
        if row["not_ranked"]:
            notes.append(f"{row['name']} left {row['not_ranked']} targets unranked; they count 0.")
    for entry in results["llm"]:
        notes.extend(_llm_notes(entry, headline))
    notes.extend(note for entry in results["ablations"] for note in _ablation_notes(entry))
    notes.extend(_gap_notes(results, best["name"]))
    notes.extend(_tie_notes(results))
    if results["llm"]:
        notes.append(
            "Variety and novelty are told of the rows without an LLM only: where the target was "
            "not retrieved, no LLM reranked the list."
        )
    notes.extend(_unfinished_notes(results))
    notes.extend(_sample_note(results))
    return notes


def _unfinished_notes(results: Mapping[str, Any]) -> list[str]:
    """Say which rows were stopped partway, so that nobody takes them for left out on purpose."""
    return [
        f"{name} was stopped partway and stands in no table; the command that began it goes on "
        "where it stopped."
        for name in results["unfinished"]
    ]


def _llm_notes(entry: Mapping[str, Any], headline: str) -> list[str]:
    """Say what the LLM alone and the fusion do to their source; no loss is called a tie."""
    if entry["target_place"] is not None:
        return [
            f"{entry['name']} lists each target at place {entry['target_place']}: it measures a "
            "preference for places and is no result."
        ]
    alone, *fusion = entry["rows"][1:]
    chance = entry["random_order"]["llm_alone_less_it"]
    notes = [_verdict(alone["row"], entry["source"], alone["against_retriever"], headline)]
    if chance["low"] <= 0.0 <= chance["high"]:
        notes.append(
            f"{entry['name']} is not told apart from a random order of the same "
            f"{entry['candidates']} candidates."
        )
    if not fusion:
        return [*notes, *_cost_notes(entry, alone)]
    fit, [row] = entry["fit"], fusion
    if fit["weight"] == 0.0:
        notes.append(
            f"{row['row']} is {entry['source']}: the fitted weight is 0, for on the "
            f"{fit['n_queries']} validation queries no share of the LLM did better than none."
        )
    else:
        verdict = _verdict(row["row"], entry["source"], row["against_retriever"], headline)
        unproven = "" if fit["proven"] else "; its gain on validation was not proven"
        notes.append(f"{verdict[:-1]}; the LLM's fitted weight is {fit['weight']:.2f}{unproven}.")
    return [*notes, *_cost_notes(entry, row)]


def _cost_notes(entry: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Say what asking the LLM cost, and whether anything was gained by it; nothing if unasked.

    Args:
        entry: What is known of the LLM.
        row: What its use comes to: the fusion, or the LLM alone where nothing was fused.
    """
    cost, found = entry["cost"], row["against_retriever"]
    if not cost.get("test", {}).get("queries"):
        return []
    seconds = sum(cost["seconds_a_query"].values())
    tokens = cost["test"]["sent_tokens"] / cost["test"]["queries"]
    gained = found["p_holm"] < _LEVEL and found["difference"] > 0
    cached = " (some answers came from the cache on disk)" if cost["test"]["cache_hits"] else ""
    bought = "" if gained else f", and no gain of {row['row']} over {entry['source']} is proven"
    took = f"Asking {entry['name']} took {seconds:.2g} s and {tokens:,.0f} tokens a query"
    return [f"{took}{cached}{bought}."]


def _verdict(row: str, source: str, found: Mapping[str, Any], headline: str) -> str:
    """Return one sentence: gains, loses, or not told apart, with the figures that say so."""
    figures = (
        f"{found['difference']:+.4f} {headline} (95 % interval {found['low']:+.4f} to "
        f"{found['high']:+.4f}, p {found['p_holm']:.4f} by Holm)"
    )
    gains = found["difference"] > 0
    if found["p_holm"] < _LEVEL:
        return f"{row} {'gains over' if gains else 'loses to'} {source}: {figures}."
    if found["low"] > 0 or found["high"] < 0:
        return (
            f"{row} {'gains over' if gains else 'loses to'} {source} by its own interval, but not "
            f"beyond what so many comparisons may show by chance: {figures}."
        )
    return (
        f"{row} is not told apart from {source}: {figures}; a difference below "
        f"{found['smallest_detectable']:.4f} may stay unseen."
    )


def _ablation_notes(entry: Mapping[str, Any]) -> list[str]:
    """Say which variants are told apart from their row, and which way."""
    told = [
        f"{variant['label']} {variant['difference']:+.4f}"
        for variant in entry["variants"]
        if variant["p_holm"] < _LEVEL
    ]
    name = f"Ablation {entry['ablation']} of {entry['base']}"
    if told:
        return [f"{name}: {', '.join(told)} (Holm, 5 %)."]
    unseen = max(variant["smallest_detectable"] for variant in entry["variants"])
    return [f"{name}: no variant is told apart; differences below {unseen:.4f} may stay unseen."]


def _gap_notes(results: Mapping[str, Any], best: str) -> list[str]:
    """Say between which groups of users the best row's gap is more than chance."""
    return [
        f"{best} serves users by {gap['by']} unequally: {gap['best']} {gap['difference']:.4f} "
        f"above {gap['worst']} (95 % interval {gap['low']:+.4f} to {gap['high']:+.4f}, p "
        f"{gap['p_holm']:.4f} by Holm)."
        for gap in results["gaps"]
        if gap["row"] == best and gap["p_holm"] < _LEVEL
    ]


def _tie_notes(results: Mapping[str, Any]) -> list[str]:
    """Say where a source's figure beside its LLM rows is not the one of the accuracy table."""
    return [
        f"{entry['ties_across']} targets of {entry['source']} tie across its last candidate; the "
        "differences count them where the candidates' order put them."
        for entry in results["llm"]
        if entry["ties_across"]
    ]


def tie_rule(card: Mapping[str, Any]) -> str:
    """Return what the card does with ties: it alone can move a figure by a third."""
    order = "numeric item id" if card["tie_order"] == "item-id" else "the dataset's own order"
    kept = "stay in its history" if card["ties"] == "keep-earlier" else "are left out of it"
    counted = "the worst" if card["metric_ties"] == "pessimistic" else "the mean"
    return (
        f"Tie rule: events of one second stand in {order} (tie_order {card['tie_order']}); those "
        f"of the target's second before it {kept} (ties {card['ties']}); equal scores count as "
        f"{counted} of their orders (metric_ties {card['metric_ties']})."
    )


def _placed(results: Mapping[str, Any]) -> set[str]:
    """Return the rows whose prompts listed the target at one place, which are no results."""
    return {entry["name"] for entry in results["llm"] if entry["target_place"] is not None}


def _told_apart(results: Mapping[str, Any], best: str) -> list[str]:
    placed = _placed(results)
    pairs = [
        pair
        for pair in results["comparisons"]
        if pair["first"] == best and pair["second"] not in placed
    ]
    same = [pair["second"] for pair in pairs if not pair["n_different"]]
    others = [pair for pair in pairs if pair["n_different"]]
    notes = [f"{', '.join(same)} has the figures of {best} on every query."] if same else []
    if not others:
        return notes
    level = [pair["second"] for pair in others if pair["p_holm"] >= _LEVEL]
    nearest = others[0]  # rows stand in order of the headline
    seen = (
        f"a difference to {nearest['second']} below {nearest['smallest_detectable']:.4f} may stay "
        "unseen on these queries"
    )
    if level:
        told = f"It is not told apart from {', '.join(level)} (Holm, 5 %); {seen}."
    else:
        told = f"It differs from every other row (Holm, 5 %); {seen}."
    return [told, *notes]


def _sample_note(results: Mapping[str, Any]) -> list[str]:
    run, queries = results["run"], results["queries"]
    if run["sample"] is not None and run["sample"] == queries["queries"]:
        return [f"Figures are of a sample of {queries['queries']} queries (seed {run['seed']})."]
    return []

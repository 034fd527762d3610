"""What the LLM adds, as tables and as the coordinates of plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmrec.evaluation.report.tables import number, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmrec.evaluation.report.tables import Rows

SHOWN = {"LLM alone": "#c2571a", "fusion": "#3f8f4f"}
_OF_EQUAL = {"log-loss": "log_loss", "Brier": "brier"}
STAGES = {"retrieve": "#3b6fb6", "serialize and render": "#b08900", "score": "#c2571a"}


def llm_table(results: Mapping[str, Any]) -> Rows:
    """Return retriever, LLM alone and fusion, line by line, for each LLM row."""
    headline = results["run"]["card"]["headline"]
    lines: Rows = []
    for entry in results["llm"]:
        lines.extend(_line(entry, row, headline) for row in entry["rows"])
        chance = {headline: number(entry["random_order"]["value"])}
        lines.append(dict.fromkeys(lines[-1], "") | {"row": "(random order of the same)"} | chance)
    return lines


def _line(entry: Mapping[str, Any], row: Mapping[str, Any], headline: str) -> dict[str, str]:
    figure, found = row[headline], row["against_retriever"]
    weight = {"retriever": "0", "LLM alone": "1"}.get(row["role"])
    return {
        "row": row["row"],
        "what": row["role"],
        headline: number(figure["value"]),
        "95 % interval": f"{number(figure['low'])} to {number(figure['high'])}",
        "w": weight or f"{entry['fit']['weight']:.2f} (fitted)",
        "less the retriever": signed(found["difference"]) if found else "",
        "its 95 % interval": f"{signed(found['low'])} to {signed(found['high'])}" if found else "",
        "p (Holm)": number(found["p_holm"]) if found else "",
        "smallest detectable": number(found["smallest_detectable"]) if found else "",
        "queries that differ": f"{found['n_different']} of {found['n_queries']}" if found else "",
    }


def fit_table(results: Mapping[str, Any]) -> Rows:
    """Return how each fusion weight was chosen."""
    return [
        {
            "row": entry["fusion"],
            "w": f"{fit['weight']:.2f}",
            "validation queries": str(fit["n_queries"]),
            "target among the candidates": str(fit["n_with_target"]),
            "NDCG@10 at w = 0": number(dict(fit["curve"])[0.0]),
            "at the fitted w": number(dict(fit["curve"])[fit["weight"]]),
            "at w = 1": number(dict(fit["curve"])[1.0]),
            "gain": f"{signed(fit['gain'])} ({signed(fit['gain_interval'][0])} to "
            f"{signed(fit['gain_interval'][1])})",
            "proven": "yes" if fit["proven"] else "no",
        }
        for entry in results["llm"]
        if (fit := entry["fit"])
    ]


def calibration_table(results: Mapping[str, Any]) -> Rows:
    """Return how well P(target is this item | it is among the candidates) holds."""
    lines: Rows = []
    for entry in results["llm"]:
        known = {role: found for role, found in entry["calibration"].items() if found}
        for role, found in known.items():
            times = [found[when] for when in ("before", "after") if found[when]]
            lines.extend(_calibration_line(entry, role, figures) for figures in times)
        for found in list(known.values())[:1]:
            equal = {name: number(found["chance"][key]) for name, key in _OF_EQUAL.items()}
            lines.append(dict.fromkeys(lines[-1], "") | {"row": "(equal probabilities)"} | equal)
    return lines


def _calibration_line(
    entry: Mapping[str, Any], role: str, found: Mapping[str, Any]
) -> dict[str, str]:
    def figure(name: str) -> str:
        value = found[name]
        return f"{number(value['value'])} ({number(value['low'])} to {number(value['high'])})"

    return {
        "row": entry["name"] if role == "LLM alone" else str(entry["fusion"]),
        "temperature": f"{found['temperature']:.4g}",
        "queries": str(found["queries"]),
        "log-loss": figure("log_loss"),
        "ECE": f"{number(found['ece']['value'])} (by chance up to {number(found['ece']['noise'])})",
        "Brier": figure("brier"),
    }


def cost_table(results: Mapping[str, Any]) -> Rows:
    """Return accuracy against cost: what each LLM row asked of the model, and how long it took."""
    headline = results["run"]["card"]["headline"]
    asked = [entry for entry in results["llm"] if "test" in entry["cost"]]
    return [_cost_line(entry, headline) for entry in asked]


def _cost_line(entry: Mapping[str, Any], headline: str) -> dict[str, str]:
    cost = entry["cost"]
    test, peak = cost["test"], cost["peak_gib"] or {}
    kept = max(1, test["sent_tokens"])
    memory = ", ".join(f"{name} {value:.1f} GiB" for name, value in peak.items())
    share = (cost["roofline"] or {}).get("share")
    return {
        "row": entry["name"],
        f"{headline}, LLM alone": number(entry["rows"][1][headline]["value"]),
        "seconds a query": f"{sum(cost['seconds_a_query'].values()):.3g}",
        "tokens a query": f"{test['sent_tokens'] / test['queries']:,.0f}",
        "queries asked": f"{test['queries']} of {entry['queries']}",
        "calls": f"{test['calls']:,}",
        "prompt tokens": f"{test['prompt_tokens']:,}",
        "title tokens": f"{test['continuation_tokens']:,}",
        "answered from disk": f"{test['cache_hits']:,}",
        "of sent tokens, in a prefix cache": f"{1 - test['computed_tokens'] / kept:.0%}",
        "users per second": f"{cost['users_per_s']:.3g}" if cost["users_per_s"] else "",
        "peak memory": memory,
        "of the bf16 peak": f"{share:.1%}" if share is not None else "",
        "for weight and temperatures": f"{cost.get('fitting', {}).get('calls', 0):,} calls",
    }


def funnel(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the stages that a target must pass; ``share`` is of the queries asked."""
    asked = entry["funnel"][0]["queries"]
    return [
        {**stage, "share": stage["queries"] / asked if asked else 0.0} for stage in entry["funnel"]
    ]


def curves(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return reliability curves: points as shares of the axis, which ends at ``top``."""
    found = [
        {"name": f"{role}{after}", "colour": SHOWN[role], "dash": dash, "bins": known[when]["bins"]}
        for role, known in entry["calibration"].items()
        if known
        for when, after, dash in (("before", "", "4 3"), ("after", ", with temperature", ""))
        if known[when]
    ]
    values = [value for curve in found for b in curve["bins"] for value in b.values() if value <= 1]
    top = next(top for top in (0.1, 0.2, 0.5, 1.0) if top >= max(values, default=1.0))
    for curve in found:
        curve["points"] = [(b["predicted"] / top, b["observed"] / top) for b in curve.pop("bins")]
    return {"top": top, "curves": found}


def latency(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the stages of a query with their seconds, and where each begins and ends in [0, 1]."""
    seconds = entry["cost"]["seconds_a_query"]
    total, before, found = sum(seconds.values()), 0.0, []
    for stage, value in seconds.items():
        if total:
            part = {"begin": before / total, "width": value / total, "colour": STAGES[stage]}
            found.append({"stage": stage, "seconds": value, **part})
        before += value
    return found

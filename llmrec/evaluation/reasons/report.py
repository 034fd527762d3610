"""The measures of reasons as tables, and as one HTML page that needs no other file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from llmrec.evaluation.pages import filled
from llmrec.evaluation.reasons.curves import curve_table, lead, plots, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Rows = list[dict[str, str]]


def reason_tables(results: Mapping[str, Any]) -> list[tuple[str, str, Rows]]:
    """Return (heading, how to read it, rows of text) of every table that has rows.

    Args:
        results: What ``measure_reasons`` returned.
    """
    sections = [
        *_grounded(results["groundedness"]),
        *_faithful(results["faithfulness"], order_matters=results["run"]["order_matters"]),
        *(_true(results["truth"]) if results["truth"] else ()),
        *(
            [("How evidence is found", _METHODS, _methods(results["methods"]))]
            if results["methods"]
            else ()
        ),
        ("Form of the shipped texts", _FORM, _form(results["form"])),
        *([("A judge's choice", _JUDGE, _judged(results["judge"]))] if results["judge"] else ()),
    ]
    return [section for section in sections if section[2]]


def reason_page(results: Mapping[str, Any]) -> str:
    """Return the tables as an HTML page; every text in it is escaped."""
    return filled(
        __package__,
        "page.html.jinja",
        run=results["run"],
        items=results["items"],
        plots=plots(results["faithfulness"]["curve"]),
        points=results["faithfulness"]["curve"],
        sections=reason_tables(results),
        made_from=yaml.safe_dump(dict(results["run"]), sort_keys=False),
        environment=yaml.safe_dump(results["environment"], sort_keys=False),
    )


_BEFORE = "Claims of the LLM's drafts that the checker finds true, by category of claim."
_AFTER = (
    "Claims of the shipped texts that the checker finds true, by category of claim. What it "
    "refuses is not shipped, so this is worth what it catches of false texts (below)."
)
_PLANTED = (
    "One title, number, time, person or attribute of a shipped text exchanged for a false one: the "
    "share refused, and the share refused because a claim was understood and found false."
)
_RATES = "Texts, not claims. Templates are true by construction, so what is refused is an error."
_FORM = (
    "Means over texts; repeated are runs of four words. Distinct-1 and -2 are of all texts "
    "together, without an interval."
)
_CURVES = (
    "Events taken away one after the other: the cited ones from the strongest on, the newest, the "
    "most similar, and some drawn at random. Each number counts the items that cite so many."
)
_METHODS = (
    "What is left out first: whole sessions, sessions of which long ones are cut into runs (auto), "
    "or single events; on the same items, all that is cited left out together. The fall of "
    "log-odds is 0 where nothing is cited, and a method that cites more takes more away. Histories "
    "scored are what finding it cost for a user."
)
_JUDGE = "The LLM's first draft against what was shipped in its place, asked in both orders."
_SAME_SCORES = (
    " The order of candidates is nothing to this scorer, so the events were chosen on the very "
    "scores that measure them here."
)
_OTHER_ORDERS = " Scored under candidate orders that did not choose the events."


def _grounded(found: Mapping[str, Any]) -> list[tuple[str, str, Rows]]:
    rates = {
        "first drafts that stand": found["first_drafts_that_stand"],
        "shipped texts refused": found["shipped_refused"],
        "true templates refused": found["true_templates_refused"],
    }
    planted = [
        {
            "false": row["kind"],
            "texts": str(row["caught"]["n"]),
            "refused": shown(row["caught"]),
            "understood as false": shown(row["understood"]),
        }
        for row in found["planted"]
    ]
    return [
        ("Claims that hold before the checks", _BEFORE, _claims(found["before"])),
        ("Claims that hold after the checks", _AFTER, _claims(found["after"])),
        ("Planted false texts", _PLANTED, planted),
        ("Texts that stand", _RATES, _lines(rates)),
    ]


def _claims(rows: Sequence[Mapping[str, Any]]) -> Rows:
    return [{"claim": row["category"], "claims": str(row["n"]), "hold": shown(row)} for row in rows]


def _faithful(found: Mapping[str, Any], *, order_matters: bool) -> list[tuple[str, str, Rows]]:
    note = _OTHER_ORDERS if order_matters else _SAME_SCORES
    texts = {
        "removed": "Fall of the item's log-odds without the events; a deep fall says that they "
        "were needed.",
        "kept": "Fall of the item's log-odds with nothing but the events; a shallow fall says "
        "that they suffice.",
    }
    headings = {"removed": "Events removed together", "kept": "Only these events kept"}
    sections = [
        (headings[what], text + note, _against_others(found[what])) for what, text in texts.items()
    ]
    return [*sections, ("Evidence curves", _CURVES + note, curve_table(found["curve"]))]


def _true(found: Mapping[str, Any]) -> list[tuple[str, str, Rows]]:
    sections = [
        (
            f"Causes among the first two events, {name.replace('_', ' ')}",
            f"An event is a cause where the item's log-probability in the world falls by at least "
            f"{found['strong']} without it.",
            _against_others(figures),
        )
        for name, figures in found["precision@2"].items()
    ]
    text = (
        "Precision: no event caused the item where none is cited. Recall: none is cited where no "
        "event caused it."
    )
    rows = _lines({"items that an event caused": found["with_a_cause"], **found["abstention"]})
    return [*sections, ("Citing nothing", text, rows)]


def _against_others(figures: Mapping[str, Any]) -> Rows:
    """Return one line a way, with the lead of the cited events over it."""
    leads = {row["against"]: row for row in figures["differences"]}
    rows = []
    for way in figures["ways"]:
        line = {"events": way["way"], "items": str(way["n"]), "mean": shown(way), "cited lead": ""}
        line["p (Holm)"] = ""
        if way["way"] in leads:
            line["cited lead"] = lead(leads[way["way"]])
            line["p (Holm)"] = f"{leads[way['way']]['p_holm']:.4f}"
        rows.append(line)
    return rows if any(way["n"] for way in figures["ways"]) else []


def _form(found: Mapping[str, Any]) -> Rows:
    names = ("words", "sentences", "repeated_within", "repeated_between")
    rows = _lines({name.replace("_", " "): found[name] for name in names})
    rows += [
        {"figure": name.replace("_", "-"), "n": "", "value": f"{found[name]:.3f}"}
        for name in ("distinct_1", "distinct_2")
        if found[name] is not None
    ]
    return rows + _lines({f"written by {name}": row for name, row in found["authors"].items()})


def _methods(found: Mapping[str, Any]) -> Rows:
    """Return one line a method, the leads being those of the method in use."""
    base, falls = found["base"], {row["way"]: row for row in found["removed"]["ways"]}
    ahead = {row["against"]: row for row in found["removed"]["differences"]}
    rows = []
    for n, (way, fall) in enumerate(falls.items()):
        line = {"evidence": f"{way} (in use)" if way == base else way, "items": str(fall["n"])}
        line |= {
            "cites anything": shown(found["cites"]["ways"][n]),
            "events": shown(found["events"]["ways"][n]),
            "fall of log-odds": shown(fall),
            f"lead of {base}": lead(ahead[way]) if way in ahead else "",
            "p (Holm)": f"{ahead[way]['p_holm']:.4f}" if way in ahead else "",
            "histories scored": shown(found["scored"]["ways"][n]),
        }
        if "precision@2" in found:
            line["causes among the first two"] = shown(found["precision@2"]["ways"][n])
        rows.append(line)
    return rows


def _judged(found: Mapping[str, Any]) -> Rows:
    names = ("shipped_preferred", "agreement", "abstained", "first_preferred", "failed")
    return _lines({name.replace("_", " "): found[name] for name in names})


def _lines(figures: Mapping[str, Mapping[str, Any]]) -> Rows:
    return [
        {"figure": name, "n": str(figure["n"]), "value": shown(figure)}
        for name, figure in figures.items()
    ]

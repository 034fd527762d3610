"""One line an explained item: everything that the figures are computed from."""

from __future__ import annotations

import polars as pl

_FINDING = pl.Struct({"category": pl.String(), "ok": pl.Boolean()})

TABLE_FORMAT = 3
"""Changes with the columns: part of what a run is made from."""
REASONS = pl.Schema(
    {
        "user_id": pl.String(),
        "as_of": pl.Datetime("us", "UTC"),
        "place": pl.Int32(),
        "item_id": pl.String(),
        "title": pl.String(),
        "text": pl.String(),
        "author": pl.String(),
        "stands": pl.Boolean(),
        "findings": pl.List(_FINDING),
        "drafts": pl.List(pl.String()),
        "draft_findings": pl.List(_FINDING),
        "template_stands": pl.Boolean(),
        "planted": pl.List(
            pl.Struct(
                {
                    "kind": pl.String(),
                    "text": pl.String(),
                    "caught": pl.Boolean(),
                    "read": pl.Boolean(),
                }
            )
        ),
        "cited": pl.List(pl.Int32()),
        "similarity": pl.List(pl.Float64()),
        "trials": pl.List(
            pl.Struct(
                {
                    "way": pl.String(),
                    "order": pl.Int32(),
                    "events": pl.Int32(),
                    "removed": pl.Float64(),
                    "places": pl.Int32(),
                    "kept": pl.Float64(),
                }
            )
        ),
        "methods": pl.List(
            pl.Struct(
                {
                    "method": pl.String(),
                    "cited": pl.List(pl.Int32()),
                    "removed": pl.Float64(),
                    "scored": pl.Int32(),
                }
            )
        ),
        "truth": pl.List(pl.Float64()),
        "verdicts": pl.List(pl.String()),
    }
)
"""Per item the text that was shipped and what the checker said of it; the LLM's drafts (the first,
and the second where there was one) and what the checker said of them; whether the template's text,
true by construction, stands; the false texts that were planted; the cited positions, the strongest
first; each event's similarity to the item; for each way to choose events and
each number of them the fall of the item's log-odds and the places that it loses without them, and
with all of them its fall with nothing but them; what every way to find evidence cites (none
where they were not asked), the fall without that, and how many histories it had scored; what each
event does to the item in a simulated world (null without one); and a judge's verdicts, one for
each order in which it was asked."""

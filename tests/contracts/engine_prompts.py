"""Prompts as a recommender sends them, for comparing engines."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from llmrec.types import Message

FILMS = [
    *["Alien", "Heat", "Up", "The Godfather", "The Godfather: Part II", "Toy Story", "Toy Story 2"],
    *["Fargo", "Psycho", "Vertigo", "Jaws", "Rocky", "Rocky II", "Casablanca", "Se7en", "Memento"],
    *["Amadeus", "Gandhi", "Chinatown", "Network", "Goodfellas", "Scarface", "The Matrix"],
    *["Gladiator", "Titanic", "Amélie", "七人の侍", "Das Boot"],
]
LABELS = "ABCDEFGHIJKLMNOPQRST"


def film_prompts(tokenizer, n, *, seed=0):
    """Prompts of 300 to 600 tokens with SmolLM2: a history, 20 candidates, one question."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    prompts = []
    for _ in range(n):
        seen = [
            f"- {2019 + k % 4}-{1 + k % 12:02}-{draw.randint(10, 28)}: {draw.choice(FILMS)} "
            f"(rated {draw.randint(1, 5)} of 5)"
            for k in range(draw.randint(7, 18))
        ]
        offered = zip(LABELS, draw.sample(FILMS, len(LABELS)), strict=True)
        text = "\n".join(
            ["Watched:", *seen, "Candidates:", *(f"{label}. {film}" for label, film in offered)]
        )
        chat = tokenizer.chat(
            [
                Message(role="system", content="You recommend films to a person."),
                Message(role="user", content=f"{text}\nAnswer with the letter of the next film."),
            ],
            as_of=datetime(2024, 1, 1, tzinfo=UTC),
        )
        prompts.append(tokenizer.encode(chat))
    return prompts


def label_ids(tokenizer):
    return tuple(tokenizer.encode(label)[0] for label in LABELS)


def title_ids(tokenizer, titles=FILMS[:8]):
    return [tokenizer.encode(f"{title}<|im_end|>") for title in titles]

"""The parts: batches lose nothing, the loss is the softmax's, and no event sees a later one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmrec.retrieval.sequence import SequenceConfig
from llmrec.retrieval.sequence.batches import (
    reading_batches,
    training_batch,
    training_batches,
    windows_of,
)
from llmrec.retrieval.sequence.candidates import Pool
from llmrec.retrieval.sequence.events import EventCoding, EventLog, read_events, read_history
from llmrec.types import Catalogue, History, Interaction, Item

torch = pytest.importorskip("torch")


def log_of(sizes, n_items=50):
    n = sum(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return EventLog(
        items=np.arange(n, dtype=np.int64) % n_items,
        codes=np.zeros((n, 0), np.int64),
        starts=starts,
    )


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=20),
    length=st.integers(1, 12),
    seed=st.integers(0, 9),
)
def test_windows_hold_every_event_once_and_never_two_users(sizes, length, seed):
    log = log_of(sizes)
    windows = windows_of(log, length, np.random.default_rng(seed))
    events = [np.arange(b, b + n) for b, n in zip(windows.begins, windows.lengths, strict=True)]
    assert sorted(np.concatenate(events).tolist()) == list(range(sum(sizes)))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    assert all(len(set(owner[run])) == 1 for run in events)
    assert 1 <= windows.lengths.min() <= windows.lengths.max() <= length


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=20),
    max_events=st.integers(1, 12),
    batch_events=st.integers(1, 60),
)
def test_batches_hold_every_target_once_within_their_budget(sizes, max_events, batch_events):
    log = log_of(sizes, n_items=sum(sizes))
    found = []
    for windows in training_batches(
        log, max_events=max_events, batch_events=batch_events, rng=np.random.default_rng(0)
    ):
        batch = training_batch(log, windows, n_items=sum(sizes))
        assert batch.items.size <= max(batch_events, max_events + 1)
        found += batch.targets[batch.targets >= 0].tolist()
        assert np.array_equal(
            batch.items[:, 1:][batch.targets[:, 1:] >= 0],
            batch.targets[:, :-1][batch.targets[:, 1:] >= 0],
        )
    assert sorted(found) == list(range(sum(sizes)))


def many_events():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.integers(0, 10**6, 40))
    kinds = ["click", "purchase", None]
    return pl.DataFrame(
        {
            "user_id": ["u"] * 40,
            "item_id": [f"i{n}" for n in rng.integers(0, 9, 40)],
            "timestamp_s": times,
            "sequence": [0] * 40,
            "rating": [None if n % 4 == 0 else float(n % 5) for n in range(40)],
            "event": [kinds[n % 3] for n in range(40)],
        }
    )


@pytest.mark.parametrize("gaps", ["none", "before", "after"])
def test_a_history_is_read_as_the_log_was(gaps):
    catalogue = Catalogue([Item(item_id=f"i{n}", title=f"{n}") for n in range(9)])
    table = read_events(many_events().lazy())
    config = SequenceConfig(gaps=gaps, max_events=39)
    coding = EventCoding.of(table, config)
    log = EventLog.of(catalogue, table, coding)
    [windows] = training_batches(log, max_events=39, batch_events=40, rng=np.random.default_rng(0))
    trained = training_batch(log, windows, n_items=9)
    rows = table.to_dicts()
    moment = datetime.fromtimestamp(rows[-1]["timestamp_s"], tz=UTC)
    past = History(
        user_id="u",
        as_of=moment,
        interactions=tuple(
            Interaction(
                item_id=row["item_id"],
                timestamp=datetime.fromtimestamp(row["timestamp_s"], tz=UTC),
                rating=row["rating"],
                event=row["event"],
            )
            for row in rows[:-1]
        ),
    )
    places = {item_id: n for n, item_id in enumerate(catalogue)}
    read = read_history(past, places, coding, 39)
    [(_, asked)] = reading_batches([read], n_items=9, n_fields=len(coding.sizes), batch_events=40)
    for name in ("items", "places", "codes", "weights", "lengths"):
        assert np.array_equal(getattr(asked, name), getattr(trained, name)), name


def test_an_omitted_event_keeps_its_place_and_its_neighbours_gaps():
    catalogue = {f"i{n}": n for n in range(9)}
    start = datetime(2024, 1, 1, tzinfo=UTC)
    events = tuple(
        Interaction(item_id=f"i{n}", timestamp=start + timedelta(hours=n**3)) for n in range(5)
    )
    past = History(user_id="u", as_of=start + timedelta(days=9), interactions=events)
    coding = EventCoding(gaps="before")
    whole, less = (read_history(h, catalogue, coding, 10) for h in (past, past.without([2])))
    kept = [0, 1, 3, 4]
    assert np.array_equal(less.places, whole.places[kept])
    assert np.array_equal(less.codes, whole.codes[kept])
    assert np.array_equal(less.items, whole.items[kept])


def test_ratings_of_many_values_are_read_in_ranges_that_rise():
    ratings = np.random.default_rng(0).normal(size=1000).round(4)
    table = pl.DataFrame({"rating": ratings, "event": [None] * 1000})
    coding = EventCoding.of(table, SequenceConfig(gaps="none"))
    values = np.array([-99.0, *np.sort(ratings), 99.0, np.nan])
    codes = coding.codes(np.zeros(len(values)), values, [None] * len(values))[:, 0]
    assert codes[-1] == 0
    assert (np.diff(codes[:-1]) >= 0).all()
    assert codes[0] == 1
    assert codes[-2] == coding.sizes[0] - 1
    assert 10 <= len(set(codes.tolist())) <= 17


@pytest.mark.parametrize("form", ["plain", "gated"])
@pytest.mark.parametrize("positions", ["learned", "rotary", "decay", "none"])
def test_no_event_sees_a_later_one_and_padding_is_not_seen(form, positions):
    from llmrec.retrieval.sequence.model import Rows, SequenceModel

    torch.manual_seed(0)
    config = SequenceConfig(dimension=16, block=form, positions=positions, max_events=9)
    model = SequenceModel(config, n_items=7, field_sizes=(3,)).double().eval()
    vectors = model.item_vectors(torch.arange(7), None)
    items = torch.randint(0, 7, (2, 6))
    rows = Rows(
        items=items,
        places=torch.arange(6).expand(2, 6),
        codes=torch.randint(0, 3, (2, 6, 1)),
        weights=torch.ones(2, 6, dtype=torch.float64),
    )
    whole = model(vectors, rows)
    changed = items.clone()
    changed[:, 4:] = (changed[:, 4:] + 1) % 7
    other = model(vectors, rows._replace(items=changed))
    assert torch.allclose(whole[:, :4], other[:, :4], atol=1e-12)
    assert not torch.allclose(whole[:, 4:], other[:, 4:], atol=1e-3)
    short = model(vectors, Rows(*(part[:, :4] for part in rows)))
    assert torch.allclose(whole[:, :4], short, atol=1e-12)


@pytest.mark.parametrize("n_vectors", [3, 700])
def test_the_loss_and_its_gradients_are_the_softmax_s(n_vectors, monkeypatch):
    from llmrec.retrieval.sequence import loss as module

    monkeypatch.setattr(module, "_SCORES", 2000)  # several pieces
    torch.manual_seed(1)
    users = torch.randn(40, 8, dtype=torch.float64, requires_grad=True)
    vectors = torch.randn(n_vectors, 8, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(0, n_vectors, (40,))
    module.cross_entropy(users, vectors, targets, torch.zeros(n_vectors).double()).backward()
    found = users.grad.clone(), vectors.grad.clone()
    users.grad = vectors.grad = None
    torch.nn.functional.cross_entropy(users @ vectors.T, targets).backward()
    assert torch.allclose(found[0], users.grad)
    assert torch.allclose(found[1], vectors.grad)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_what_is_looked_at_stands_on_average_for_the_whole_pool(seed):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(30, 0.3))
    pool = Pool(items=np.arange(0, 90, 3), shares=shares, negatives=6)
    values = rng.random(30)
    sums = []
    for _ in range(1500):
        targets = rng.choice(pool.items, 4, p=shares)
        looked_at, shift = pool.looked_at(targets, rng)
        assert set(targets) <= set(looked_at.tolist())
        sums.append((values[looked_at // 3] * np.exp(shift)).sum())
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - values.sum()) < 5 * error + 1e-9


@pytest.mark.parametrize("positions", ["rotary", "decay"])
def test_in_half_precision_the_loss_is_nearly_the_same(positions):
    """As on a GPU: the blocks run in bfloat16, the softmax over the items does not."""
    from llmrec.retrieval.sequence.model import Rows, SequenceModel
    from llmrec.retrieval.sequence.training import BatchLoss

    torch.manual_seed(0)
    config = SequenceConfig(dimension=16, positions=positions, dropout=0.0)
    loss = BatchLoss(SequenceModel(config, n_items=30, field_sizes=(3,)), None)
    items = torch.randint(0, 30, (4, 12))
    rows = Rows(
        items=items,
        places=torch.arange(12)[None, :],
        codes=torch.randint(0, 3, (4, 12, 1)),
        weights=torch.ones(4, 12),
    )
    given = (torch.arange(30), torch.zeros(30), rows, items.roll(-1, dims=1))
    whole = loss(*given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = loss(*given)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(whole.item(), rel=1e-3)
    half.backward()
    assert all(torch.isfinite(p.grad).all() for p in loss.parameters())

"""The probability of a choice once more: slowly, item by item, from the list of past events.

Nothing here knows the batch state. What is drawn (taste, how known items are, waves, talk) is
taken from the world; everything that follows from it is worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmrec.world.items import Entry
    from llmrec.world.world import World

KNOWN_FOR_S = 4 * 3600


@dataclass(frozen=True)
class Past:
    """One event."""

    member: int
    item: int
    day: int
    starts_s: int
    rating: float
    cooked: bool
    guests: bool


class Reference:
    """One account of a world, in plain Python."""

    def __init__(self, world: World, user: str) -> None:
        self.world, self.settings = world, world.settings
        self.entries: tuple[Entry, ...] = world.shelf.entries
        self.lives = world.life(user)
        first = datetime.combine(self.settings.start, datetime.min.time(), UTC)
        self.first_s = int(first.timestamp())
        lives = self.lives
        self.events = [
            Past(
                member=int(lives.evenings.row[n]),
                item=int(lives.item[n]),
                day=(int(lives.evenings.starts_s[n]) - self.first_s) // 86_400,
                starts_s=int(lives.evenings.starts_s[n]),
                rating=float(lives.rating[n]),
                cooked=bool(lives.cooked[n]),
                guests=bool(lives.evenings.guests[n]),
            )
            for n in range(len(lives.item))
        ]

    def probability(self, item: int, moment_s: int, without: int | None = None) -> float:
        """The probability of an item, with or without one of the past events."""
        before = [event for event in self.events if event.starts_s < moment_s]
        total = 0.0
        for weight, member, guests, goes_on in self.contexts(before, moment_s):
            own = [
                event
                for place, event in enumerate(before)
                if event.member == member and place != without
            ]
            weights = self.weights(own, member, moment_s, guests=guests, goes_on=goes_on)
            total += weight * weights[item]
        return total

    def contexts(self, before: list[Past], moment_s: int) -> list[tuple[float, int, bool, bool]]:
        """Weight, member, guests, whether a session goes on: everything that may be."""
        if before and moment_s - before[-1].starts_s <= KNOWN_FOR_S:
            return [(1.0, before[-1].member, before[-1].guests, True)]
        moment = datetime.fromtimestamp(moment_s, UTC)
        weekend = moment.weekday() > 4
        activity, household = self.settings.activity, self.settings.household
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        early = activity.early_share_weekend if weekend else activity.early_share
        often, likely = [], []
        for child in self.lives.people.child.tolist():
            base = 1.0
            if child:
                base = household.child_weight_weekend if weekend else household.child_weight
            parts = []
            for hours, share in (
                (activity.early, 1.0 if child else early),
                (activity.evening, 0.0 if child else 1.0 - early),
            ):
                inside = hours.first <= hour < hours.last
                parts.append(share / (hours.last - hours.first) if inside else 0.0)
            often.append(base)
            likely.append(base * sum(parts))
        shares = likely if sum(likely) > 0 else often
        come = self.settings.guests
        chance = 0.0 if come is None else come.chance_weekend if weekend else come.chance
        return [
            (share / sum(shares) * part, member, guests, False)
            for member, share in enumerate(shares)
            for guests, part in ((False, 1.0 - chance), (True, chance))
        ]

    def weights(
        self, own: list[Past], member: int, moment_s: int, *, guests: bool, goes_on: bool
    ) -> list[float]:
        """The probabilities of all items for one member."""
        items, day = range(len(self.entries)), (moment_s - self.first_s) // 86_400
        openness = [self.open(own, item, day) for item in items]
        bare = [
            openness[item]
            * self.lasting(item, member, day)
            * self.satiation(own, item, day)
            * self.mood(own, item, day, goes_on=goes_on)
            * self.company(item, guests=guests)
            for item in items
        ]
        if sum(bare) <= 0.0:
            bare = openness
        pulls = [openness[item] * self.pull(own, item, day) for item in items]
        noise = self.settings.noise
        return [
            noise * openness[item] / sum(openness)
            + (1.0 - noise) * (bare[item] / sum(bare) + pulls[item]) / (1.0 + sum(pulls))
            for item in items
        ]

    def lasting(self, item: int, member: int, day: int) -> float:
        """Taste, how known the item is, season, weekday and wave."""
        people, shelf = self.lives.people, self.world.shelf
        passed = day / self.settings.days
        taste = float(people.early[member, item]) + passed * float(people.change[member, item])
        moment = datetime.fromtimestamp(self.first_s + 86_400 * day, UTC)
        factor = 1.0
        for season in self.settings.seasons:
            if moment.month in season.months and season.tag in self.entries[item].tags:
                factor *= season.factor
        for weekday in self.settings.weekdays:
            if moment.weekday() in weekday.days and weekday.tag in self.entries[item].tags:
                factor *= weekday.factor
        return taste * float(shelf.known[item]) * factor * float(shelf.wave[day, item])

    def open(self, own: list[Past], item: int, day: int) -> float:
        """0 for what is closed, little for what is out of order."""
        times = [event for event in own if event.item == item]
        rewatch = self.settings.rewatch
        if times and rewatch is None:
            return 1.0
        if times:
            liked = times[-1].rating >= self.settings.liked_from
            waited = day - times[-1].day >= rewatch.after_days
            return rewatch.factor ** len(times) if liked and waited else 0.0
        before = [n for n in range(len(self.entries)) if self.follows(n, item)]
        if before and not any(event.item == before[0] for event in own):
            return self.settings.out_of_order
        return 1.0

    def follows(self, one: int, other: int) -> bool:
        """Whether an item is the part of a series right after another."""
        a, b = self.entries[one], self.entries[other]
        if a.series is None or a.series != b.series or a.place >= b.place:
            return False
        return not any(e.series == a.series and a.place < e.place < b.place for e in self.entries)

    def satiation(self, own: list[Past], item: int, day: int) -> float:
        """Having had enough of something."""
        factor = 1.0
        for rule in self.settings.satiation:
            counter = 0.0
            for event in own:
                if rule.by == "itself":
                    alike = float(event.item == item)
                else:
                    values = set(self.entries[item].values.get(rule.by, ()))
                    others = set(self.entries[event.item].values.get(rule.by, ()))
                    alike = len(values & others) / len(values) if values else 0.0
                counter += alike * 0.5 ** ((day - event.day) / rule.half_life_days)
            factor /= 1.0 + rule.strength * counter
        return factor

    def mood(self, own: list[Past], item: int, day: int, *, goes_on: bool) -> float:
        """The session, or the day before."""
        if not own or day - own[-1].day > 1:
            return 1.0
        session, last, this = self.settings.session, self.entries[own[-1].item], self.entries[item]
        factor = 1.0
        heavy = last.tags & set(session.heavy) and not last.tags & set(session.light)
        if heavy and this.tags & set(session.light):
            factor *= session.relief
        if goes_on and own[-1].day == day and session.stay_field is not None:
            shared = set(last.values.get(session.stay_field, ())) & set(
                this.values.get(session.stay_field, ())
            )
            factor *= session.stay if shared else 1.0
        return factor

    def company(self, item: int, *, guests: bool) -> float:
        """What guests are served."""
        rule = self.settings.guests
        served = guests and rule is not None and self.entries[item].tags & set(rule.tags)
        return rule.factor if served else 1.0

    def pull(self, own: list[Past], item: int, day: int) -> float:
        """What earlier events lead to."""
        total = 0.0
        for place, rule in enumerate(self.settings.follow):
            for event in own:
                link = self.linked(place, event.item, item)
                counts = (event.rating >= self.settings.liked_from or not rule.liked_only) and (
                    event.cooked or not rule.cooked_only
                )
                if counts and link > 0.0:
                    left = 0.5 ** ((day - event.day) / rule.half_life_days)
                    total += rule.pull * (event.rating - 1.0) / 4.0 * link * left
        return total

    def linked(self, place: int, one: int, other: int) -> float:
        """How much of a rule's pull an item gets after another."""
        rule = self.settings.follow[place]
        if rule.by == "itself":
            return float(one == other)
        if rule.by == "talk":
            return float(self.world.shelf.follow[place].table[one, other])
        counts = [self.shared(rule.by, rule.values, one, n) for n in range(len(self.entries))]
        return counts[other] / max(sum(counts), 1) if rule.share else float(counts[other])

    def shared(self, by: str, only: tuple[str, ...], one: int, other: int) -> int:
        """How many links there are between two items."""
        if by == "next":
            return int(self.follows(one, other))
        a = set(self.entries[one].values.get(by, ()))
        b = set(self.entries[other].values.get(by, ()))
        return len(a & b & set(only) if only else a & b) if one != other else 0

    def log_probability(self, item: int, moment_s: int, without: int | None = None) -> float:
        """The natural logarithm of a probability that is not zero."""
        return log(self.probability(item, moment_s, without))

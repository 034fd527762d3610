"""Words: how numbers, genres, dates, ratings and titles are put."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

NUMBERS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SEASONS = ("winter", "spring", "summer", "autumn")

GENRES: dict[str, tuple[str, str, str]] = {
    "Action": ("action film", "action films", "action"),
    "Adventure": ("adventure film", "adventure films", "adventure"),
    "Animation": ("animated film", "animated films", "animation"),
    "Comedy": ("comedy", "comedies", "comedy"),
    "Crime": ("crime film", "crime films", "crime"),
    "Drama": ("drama", "dramas", "drama"),
    "Family": ("family film", "family films", "family"),
    "Fantasy": ("fantasy film", "fantasy films", "fantasy"),
    "History": ("historical film", "historical films", "history"),
    "Horror": ("horror film", "horror films", "horror"),
    "Music": ("music film", "music films", "music"),
    "Mystery": ("mystery", "mysteries", "mystery"),
    "Romance": ("romance", "romances", "romance"),
    "Sci-Fi": ("science-fiction film", "science-fiction films", "science fiction"),
    "Thriller": ("thriller", "thrillers", "thriller"),
    "War": ("war film", "war films", "war"),
    "Western": ("western", "westerns", "western"),
    "Documentary": ("documentary", "documentaries", "documentary"),
}

# Keywords that stand in a sentence without an article.
NATURAL = frozenset(
    [
        "adoption",
        "afterlife",
        "aliens",
        "ambition",
        "amnesia",
        "anarchy",
        "anxiety",
        "apes",
        "archery",
        "bandits",
        "betrayal",
        "blackmail",
        "boxing",
        "bullies",
        "bureaucracy",
        "burglars",
        "captivity",
        "childhood",
        "Christmas",
        "claustrophobia",
        "cloning",
        "cooking",
        "corruption",
        "dance",
        "delusion",
        "demons",
        "dinosaurs",
        "disguise",
        "divorce",
        "dreams",
        "drugs",
        "dwarves",
        "elves",
        "envy",
        "exile",
        "faith",
        "fatherhood",
        "forgiveness",
        "freedom",
        "friendship",
        "gambling",
        "gangs",
        "gangsters",
        "ghosts",
        "greed",
        "grief",
        "guilt",
        "hackers",
        "heartbreak",
        "hunger",
        "hypnosis",
        "identity",
        "immigrants",
        "insects",
        "insomnia",
        "isolation",
        "jazz",
        "jealousy",
        "kidnapping",
        "loneliness",
        "loyalty",
        "madness",
        "magic",
        "magicians",
        "marriage",
        "memory",
        "metamorphosis",
        "motherhood",
        "murder",
        "mutants",
        "nature",
        "obsession",
        "opera",
        "paranoia",
        "pirates",
        "politics",
        "poverty",
        "prejudice",
        "pregnancy",
        "prophecy",
        "puppets",
        "racism",
        "rebellion",
        "redemption",
        "refugees",
        "revenge",
        "rivalry",
        "sacrifice",
        "samurai",
        "self-destruction",
        "singers",
        "sisters",
        "slavery",
        "smugglers",
        "soldiers",
        "solitude",
        "spies",
        "surfing",
        "surveillance",
        "survival",
        "telekinesis",
        "terrorists",
        "toys",
        "twins",
        "violence",
        "zombies",
        "motorcycles",
        "apocalypse",
        "neighbours",
    ]
) | frozenset(
    [
        "arranged marriage",
        "artificial intelligence",
        "best friends",
        "booby traps",
        "bounty hunters",
        "coming of age",
        "con artists",
        "drug smugglers",
        "folk music",
        "forbidden love",
        "growing up",
        "martial arts",
        "middle age",
        "mistaken identity",
        "old age",
        "rock music",
        "secret agents",
        "space opera",
        "stolen money",
        "talking animals",
        "time travel",
        "true love",
        "virtual reality",
    ]
)


def is_natural(keyword: str) -> bool:
    """Whether the keyword reads well without article or quotes."""
    return keyword in NATURAL


def number(n: int) -> str:
    return NUMBERS[n] if n < len(NUMBERS) else str(n)


def article(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def genre_slots(genre: str) -> dict[str, str]:
    noun, plural, word = GENRES[genre]
    return {"g": noun, "a_g": article(noun), "gp": plural, "gw": word}


def join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def season(moment: datetime) -> str:
    return SEASONS[moment.month % 12 // 3]


def day_part(moment: datetime) -> str:
    hour = moment.hour
    if 5 <= hour < 12:
        return "morning"
    if hour < 17 and hour >= 12:
        return "afternoon"
    return "evening" if 17 <= hour < 22 else "night"


def in_the(part: str) -> str:
    return "at night" if part == "night" else f"in the {part}"


def say_date(moment: datetime, rng: Random) -> str:
    day, month, year = moment.day, MONTHS[moment.month - 1], moment.year
    suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return rng.choice(
        [
            f"{day} {month} {year}",
            f"{month} {day}, {year}",
            f"{year}-{moment.month:02}-{day:02}",
            f"{day}{suffix} {month} {year}",
            f"{WEEKDAYS[moment.weekday()]}, {day} {month} {year}",
        ]
    )


def say_month(moment: datetime, rng: Random) -> str:
    month = MONTHS[moment.month - 1]
    return rng.choice([month, f"{month} {moment.year}", f"{month} {moment.year}"])


def say_season(moment: datetime, rng: Random) -> str:
    name = season(moment)
    if name == "winter":
        return rng.choice(["winter", "the winter"])
    return rng.choice([name, f"{name} {moment.year}", f"the {name} of {moment.year}"])


def say_stars(rating: float, rng: Random) -> str:
    if rating == int(rating):
        n, words = int(rating), NUMBERS[int(rating)]
        unit = "star" if n == 1 else "stars"
        return rng.choice([f"{words} {unit}", f"{n} {unit}", f"{n} out of 5", f"{n}/5"])
    whole = NUMBERS[int(rating)]
    return rng.choice([f"{whole} and a half stars", f"{rating} stars", f"{rating} out of 5"])


def say_gap(days: int) -> str:
    if days in (7, 14, 21, 28):
        return "a week" if days == 7 else f"{number(days // 7)} weeks"
    return "one day" if days == 1 else f"{number(days)} days"


def styled(title: str, year: int, rng: Random) -> str:
    return rng.choices(
        [title, f"“{title}”", f"*{title}*", f"{title} ({year})", f'"{title}"'],
        [58, 14, 12, 10, 6],
    )[0]

"""Names that exist in no film, and what can safely be denied of a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_parts.scenarios import values

if TYPE_CHECKING:
    from llmrec.types import Item

TITLES = [
    "The Salt Cartographer",
    "Midnight at Orsolya Station",
    "A Ladder for Wednesday",
    "Copper Tide Rising",
    "The Borrowed Lighthouse",
    "Eleven Letters to Vesna",
    "Quiet Thunder at Harrowgate",
    "The Glass Beekeeper",
    "Nobody Sails to Tarn",
    "Winter Coats for the Dead",
    "The Orchard Protocol",
    "Six Doors to Marrow Hill",
]
PEOPLE = [
    "Marta Veldkamp-Ruiz",
    "Tobias Ellingworth",
    "Anneke Sorrel",
    "Desmond Kettleby",
    "Ilse Farraday",
    "Ruben Castellane",
    "Ottoline Brask",
    "Jory Pemberwick",
]
# Keywords so concrete that a film either has them or has nothing of the sort.
CONCRETE = [
    "pirates",
    "samurai",
    "boxing",
    "zombies",
    "dinosaurs",
    "time travel",
    "dwarves",
    "mutants",
    "surfing",
    "cooking",
    "jazz",
    "talking animals",
    "space opera",
    "virtual reality",
    "martial arts",
    "hackers",
    "ghosts",
    "spies",
    "toys",
    "opera",
    "elves",
    "gangsters",
    "apes",
    "bounty hunters",
    "magicians",
    "puppets",
]
# A concrete keyword is left alone where one of these genres or words is about.
_CLASH: dict[str, tuple[str, ...]] = {
    "pirates": ("Adventure", "ship", "sea", "ocean"),
    "samurai": ("sword", "Japan", "martial"),
    "boxing": ("martial", "fight", "boxer", "Action"),
    "zombies": ("Horror", "dead", "virus"),
    "dinosaurs": ("island", "Adventure", "monster"),
    "time travel": ("Sci-Fi", "Fantasy", "time", "future"),
    "dwarves": ("Fantasy", "fairy"),
    "mutants": ("superhero", "Sci-Fi", "Horror", "mutant"),
    "surfing": ("ocean", "beach", "surf"),
    "cooking": ("restaurant", "cook", "chef", "noodles", "bathhouse", "kitchen"),
    "jazz": ("Music", "music", "singer", "band"),
    "talking animals": ("Animation", "Family", "Fantasy"),
    "space opera": ("Sci-Fi", "space"),
    "virtual reality": ("Sci-Fi", "dream"),
    "martial arts": ("Action", "fight", "samurai"),
    "hackers": ("Sci-Fi", "hacker", "Thriller", "Action", "internet", "computer"),
    "ghosts": ("Horror", "Fantasy", "ghost", "spirit", "Mystery", "haunted"),
    "spies": ("Thriller", "Action", "War", "agent", "spy", "spies", "secret"),
    "toys": ("Family", "Animation", "Christmas", "doll", "clock"),
    "opera": ("Music", "music", "singer", "composer", "space opera"),
    "elves": ("Fantasy", "Christmas", "fairy"),
    "gangsters": ("Crime", "gang", "mafia", "criminal"),
    "apes": ("monster", "ape", "experiment", "evolution", "Animation"),
    "bounty hunters": ("Western", "space opera", "hunter", "android"),
    "magicians": ("Fantasy", "magic", "circus", "illusion", "Family"),
    "puppets": ("Family", "Animation", "doll"),
}
# A genre may be denied of a film that has none of these genres, keywords or words.
_DENIABLE: dict[str, tuple[str, ...]] = {
    "Western": (
        "Western", "gunslinger", "sheriff", "marshal", "frontier", "outlaw", "cowboys", "desert",
        "samurai", "bounty hunters", "settlers", "wasteland", "Mexico", "Texas", "space opera",
    ),
    "Animation": ("Animation", "stop motion", "puppets", "talking animals", "cartoon"),
    "Horror": (
        "Horror", "Thriller", "Mystery", "Sci-Fi", "Fantasy", "monster", "ghosts", "serial killer",
        "macabre", "dinosaurs", "Holocaust",
    ),
    "War": (
        "War", "History", "Action", "war", "soldier", "army", "siege", "Nazis", "battle", "Fantasy",
        "Adventure", "Holocaust", "rebellion", "revolution",
    ),
    "Music": (
        "Music", "music", "singer", "jazz", "opera", "dance", "composer", "Animation", "band",
        "show business", "theatre", "ballet", "piano", "Family", "mixtape",
    ),
    "Sci-Fi": (
        "Sci-Fi", "Fantasy", "Action", "superhero", "robot", "space", "android", "aliens",
        "dystopia", "scientist", "memory", "cloning", "Adventure", "artificial", "experiment",
        "Horror", "Animation", "monster",
    ),
    "Romance": (
        "Romance", "Drama", "Comedy", "love", "marriage", "Family", "Fantasy", "wedding", "romance",
        "femme fatale", "widow", "princess",
    ),
    "Family": (
        "Family", "Animation", "Comedy", "Fantasy", "Adventure", "childhood", "Romance", "Music",
        "Drama", "superhero", "Mystery",
    ),
    "Documentary": ("true story", "History", "parody", "found footage", "film history"),
}  # fmt: skip


def _words_of(item: Item) -> str:
    parts = [item.title, str(item.attributes.get("description", ""))]
    return " ".join([*parts, *values(item, "genres"), *values(item, "keywords")])


def unrelated(item: Item, keyword: str) -> bool:
    """Whether nothing known of the film comes near the keyword (which is a concrete one)."""
    if keyword not in _CLASH:
        return False
    text = _words_of(item).lower()
    stem = keyword.rstrip("s").lower()
    return stem not in text and not any(word.lower() in text for word in _CLASH[keyword])


def safe_genres(item: Item) -> list[str]:
    """Genres that a reader would agree the film does not have."""
    has = set(values(item, "genres"))
    text = " ".join([*values(item, "keywords"), str(item.attributes.get("description", ""))])
    names = {*has, *values(item, "keywords")}
    return [
        genre
        for genre, clash in _DENIABLE.items()
        if genre not in has and not any(word in names or word in text for word in clash)
    ]

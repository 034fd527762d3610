"""Numbers in words and digits, as ranges: "three" is (3, 3), "a few" is (2, 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = [
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
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINALS = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "twenty-first",
    "twenty-second",
    "twenty-third",
    "twenty-fourth",
    "twenty-fifth",
    "twenty-sixth",
    "twenty-seventh",
    "twenty-eighth",
    "twenty-ninth",
    "thirtieth",
    "thirty-first",
]
_VAGUE = {
    "a couple": (2, 3),
    "a couple of": (2, 3),
    "couple": (2, 3),
    "couple of": (2, 3),
    "a few": (2, 6),
    "few": (2, 6),
    "a handful": (2, 8),
    "a handful of": (2, 8),
    "handful of": (2, 8),
    "several": (3, 14),
    "some": (1, 99),
    "a pair": (2, 2),
    "a pair of": (2, 2),
    "pair of": (2, 2),
    "a trio of": (3, 3),
    "trio of": (3, 3),
    "a dozen": (12, 12),
    "dozen": (12, 12),
    "half a dozen": (6, 6),
    "dozens of": (20, 1e9),
    "many": (4, 1e9),
    "numerous": (4, 1e9),
    "countless": (30, 1e9),
    "multiple": (2, 1e9),
    "various": (3, 1e9),
    "hundreds of": (100, 1e9),
    "half an": (0.5, 0.5),
    "half a": (0.5, 0.5),
    "an": (1, 1),
    "a": (1, 1),
    "the": (1, 1),
    "one and a half": (1.5, 1.5),
    "no fewer than": (1, 1),
}
_HUNDRED = 100
_tens_words = "|".join(_TENS)
_unit_words = "|".join(_UNITS[1:10])
_EXACT_RE = (
    rf"\d+(?:,\d{{3}})*(?:\.\d+)?|(?:{_tens_words})(?:[- ](?:{_unit_words}))?|a hundred|"
    rf"{'|'.join(sorted(_UNITS, key=len, reverse=True))}"
)
_VAGUE_RE = "|".join(
    sorted((v for v in _VAGUE if v not in {"a", "an", "the"}), key=len, reverse=True)
)
COUNT = rf"(?:{_VAGUE_RE}|(?:{_EXACT_RE})(?:[- ]and[- ]a[- ]half)?)"
"""A regular expression for how many of something."""
AMOUNT = rf"(?:{COUNT}|an|a|the)"
"""The same, of a unit: "a week" is one."""
ORDINAL = rf"(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))}|\d+(?:st|nd|rd|th))"


@dataclass(frozen=True, slots=True)
class Range:
    """From the least to the greatest number that a word allows."""

    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def holds(self, number: float) -> bool:
        """Return whether the number lies in it."""
        return self.low <= number <= self.high


def parse_number(text: str) -> Range | None:
    """Read a number that ``COUNT`` or ``AMOUNT`` matches."""
    text = re.sub(r"\s+", " ", text.strip().lower())
    whole = re.sub(r"[- ]and[- ]a[- ]half$", "", text)
    if whole != text and text not in _VAGUE:
        number = parse_number(whole)
        return Range(number.low + 0.5, number.high + 0.5) if number else None
    if text in _VAGUE:
        return Range(*map(float, _VAGUE[text]))
    if re.fullmatch(r"\d+(?:,\d{3})*(?:\.\d+)?", text):
        value = float(text.replace(",", ""))
        return Range(value, value)
    if text == "a hundred":
        return Range(_HUNDRED, _HUNDRED)
    parts = re.split(r"[- ]", text)
    total = 0
    for part in parts:
        if part in _UNITS:
            total += _UNITS.index(part)
        elif part in _TENS:
            total += 10 * (_TENS.index(part) + 2)
        else:
            return None
    return Range(total, total)


def parse_ordinal(text: str) -> int | None:
    """Read a number that ``ORDINAL`` matches: "third" and "3rd" are 3."""
    text = text.lower()
    if text in _ORDINALS:
        return _ORDINALS.index(text) + 1
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else None

"""The kitchen's catalogue: enough dishes, whole in every field, true to their ingredients."""

from __future__ import annotations

import re
from collections import Counter
from importlib import resources

import pytest

from llmrec.errors import ConfigError
from llmrec.world.dishes import Dish, catalogue, dishes


def words(text: str) -> frozenset[str]:
    """Names between commas."""
    return frozenset(" ".join(name.split()) for name in text.split(","))


MEAT = words(
    """
    bacon, beef, beef stock, chicken, chicken stock, chorizo, duck, ham, lamb, pork, sausage
    """
)
FISH = words(
    """
    anchovy, curry paste, dashi, fish sauce, kimchi, oyster sauce, prawn, salmon, squid, tuna,
    white fish
    """
)
"""Also what is made with fish or shrimps."""
FROM_ANIMALS = words(
    """
    butter, cheddar, chocolate, cream, egg, feta, fresh cheese, gruyere, honey, mayonnaise,
    milk, mozzarella, parmesan, pastry, yogurt
    """
)
"""Egg, dairy and honey, and what may hold them: bought pastry, eating chocolate."""
GLUTEN = words(
    """
    bread, bulgur, couscous, filo, flour, gochujang, miso, noodle, oat, oyster sauce, pasta,
    pastry, sausage, semolina, soy sauce
    """
)
NUTS = words("almond, cashew, peanut, pine nut, pistachio, walnut")
HOT = words("chilli, curry paste, gochujang, kimchi")
VEGETABLES_AND_FRUIT = words(
    """
    apple, asparagus, aubergine, avocado, beansprout, beetroot, bell pepper, broccoli,
    cabbage, carrot, cauliflower, celery, cherry, courgette, cucumber, date, green bean, kale,
    leek, lemon, lettuce, lime, mushroom, okra, olive, onion, orange, pea, pineapple,
    pomegranate, potato, prune, pumpkin, radish, raisin, raspberry, rhubarb, seaweed, spinach,
    spring onion, strawberry, sweet potato, sweetcorn, tomato
    """
)
SEASONINGS = words(
    """
    basil, caper, cardamom, chilli, cinnamon, coffee, coriander, cumin, dill, garlic, ginger,
    gochujang, lemongrass, mint, miso, mustard, olive oil, oregano, paprika, parsley,
    rosemary, saffron, sesame, soy sauce, sugar, tahini, thyme, turmeric, vanilla, vinegar,
    wine
    """
)
PULSES_AND_GRAINS = words(
    """
    black bean, bread, broad bean, bulgur, chickpea, coconut milk, corn tortilla, cornmeal,
    couscous, filo, flour, glass noodle, gram flour, kidney bean, lentil, noodle, oat, pasta,
    rice, rice noodle, semolina, split pea, tofu, white bean, yeast
    """
)
FROM_PLANTS = VEGETABLES_AND_FRUIT | SEASONINGS | PULSES_AND_GRAINS
VOCABULARY = MEAT | FISH | FROM_ANIMALS | FROM_PLANTS | NUTS
LEFTOVERS = words(
    """
    aubergine, basil, beansprout, cabbage, chicken, coriander, courgette, cream, cucumber,
    dill, green bean, lettuce, milk, mint, mushroom, parsley, prawn, pumpkin, spinach,
    white fish, yogurt
    """
)
"""What does not keep, so that a rest of it asks for another dish."""


def test_there_are_enough_dishes_of_every_kind():
    assert len(dishes()) >= 240
    cuisines = Counter(dish.cuisine for dish in dishes())
    assert len(cuisines) >= 15
    assert min(cuisines.values()) >= 10
    courses = Counter(dish.course for dish in dishes())
    assert set(courses) == {"breakfast", "soup", "salad", "main", "side", "snack", "dessert"}
    assert min(courses.values()) >= 30
    tags = Counter(tag for dish in dishes() for tag in dish.tags)
    for tag in ("spring", "summer", "autumn", "winter", "vegan", "spicy", "contains-nuts"):
        assert tags[tag] >= 20, tag
    for tag in ("quick", "medium", "long", "vegetarian", "gluten-free"):
        assert tags[tag] >= 80, tag


def test_ids_and_titles_are_unique_and_in_order():
    assert [dish.id for dish in dishes()] == [f"d{n:03}" for n in range(1, len(dishes()) + 1)]
    assert len({dish.title.casefold() for dish in dishes()}) == len(dishes())


def test_items_carry_typed_attributes():
    types = {
        "cuisine": str,
        "course": str,
        "ingredients": tuple,
        "season": tuple,
        "effort": str,
        "diet": tuple,
        "method": str,
        "description": str,
    }
    always = {"cuisine", "course", "ingredients", "effort", "description"}
    assert len(catalogue()) == len(dishes())
    for item in catalogue().values():
        assert always <= set(item.attributes)
        for name, value in item.attributes.items():
            assert isinstance(value, types[name]), (item.title, name)
            assert value, (item.title, name)
            parts = value if isinstance(value, tuple) else (value,)
            assert all(isinstance(part, str) and part == part.strip() for part in parts)
            assert len(set(parts)) == len(parts), (item.title, name)


def test_a_fact_left_out_is_absent_and_not_empty():
    for name in ("season", "diet", "method"):
        unknown = [dish for dish in dishes() if not getattr(dish, name)]
        assert unknown, name
        assert name not in catalogue()[unknown[0].id].attributes


def test_tags_hold_every_short_fact():
    dish = Dish(
        id="d001",
        title="T",
        cuisine="Greek",
        course="soup",
        ingredients=("egg", "lemon", "rice", "chicken"),
        season=("winter",),
        effort="medium",
        diet=("gluten-free",),
        method="simmered",
        description="D.",
    )
    facts = {"Greek", "soup", "egg", "lemon", "rice", "chicken", "winter", "medium"}
    assert dish.tags == facts | {"gluten-free", "simmered"}
    assert dish.model_copy(update={"method": None}).tags == facts | {"gluten-free"}


def test_ingredients_come_from_a_vocabulary_and_each_serves_several_dishes():
    uses = Counter(name for dish in dishes() for name in dish.ingredients)
    assert set(uses) == VOCABULARY
    assert min(uses.values()) >= 3
    assert all(re.fullmatch(r"[a-z]+( [a-z]+)*", name) for name in uses)


@pytest.mark.parametrize("name", sorted(LEFTOVERS))
def test_leftovers_lead_to_unlike_dishes(name: str):
    using = [dish for dish in dishes() if name in dish.ingredients]
    assert len(using) >= 8
    assert len({dish.cuisine for dish in using}) >= 5
    assert len({dish.course for dish in using}) >= 3


def labels(ingredients: tuple[str, ...]) -> set[str]:
    """What the ingredients alone say of the diet."""
    held = set(ingredients)
    found = {
        "vegetarian": not held & (MEAT | FISH),
        "vegan": not held & (MEAT | FISH | FROM_ANIMALS),
        "gluten-free": not held & GLUTEN,
        "contains-nuts": bool(held & NUTS),
    }
    return {label for label, holds in found.items() if holds}


def test_diets_are_those_of_the_ingredients():
    assert MEAT | FISH | FROM_ANIMALS | GLUTEN | NUTS | HOT <= VOCABULARY
    assert not FROM_PLANTS & (MEAT | FISH | FROM_ANIMALS)
    for dish in dishes():
        assert set(dish.diet) - {"spicy"} == labels(dish.ingredients), dish.title
        assert "vegan" not in dish.diet or "vegetarian" in dish.diet, dish.title
        assert "spicy" not in dish.diet or HOT & set(dish.ingredients), dish.title


def test_descriptions_are_one_sentence_each_and_all_different():
    texts = [dish.description for dish in dishes()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert 30 <= len(text) <= 160, text
        assert re.fullmatch(r"[A-Z][^.?!]*\.", text), text


def named(text: str) -> set[str]:
    """The ingredients that a text names, in the singular or the plural."""
    found = set()
    for name in VOCABULARY:
        plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}(s|es)?"
        if re.search(rf"\b({name}|{plural})\b", text.casefold()):
            found.add(name)
    return found


def test_titles_and_descriptions_name_no_other_ingredient():
    for dish in dishes():
        held = " ".join(dish.ingredients)
        other = {name for name in named(f"{dish.title} {dish.description}") if name not in held}
        assert not other, (dish.title, dish.description)


def test_a_wrong_line_is_refused_by_name():
    values = {
        "id": "d001",
        "title": "T",
        "cuisine": "Greek",
        "course": "supper",
        "ingredients": ["egg", "lemon", "rice", "chicken"],
        "effort": "quick",
        "description": "D.",
        "calories": 3,
    }
    with pytest.raises(ConfigError, match=r"line 3.*course.*supper.*unknown key 'calories'"):
        Dish.of(values, source="dishes.jsonl, line 3")


def test_the_catalogue_is_small_enough_for_the_wheel():
    assert len(resources.files("llmrec.world").joinpath("dishes.jsonl").read_bytes()) < 150_000

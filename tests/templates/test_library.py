"""Templates are found, checked and known by what they are made of."""

from __future__ import annotations

import pytest

from llmrec.errors import TemplateError
from llmrec.templates import load_template, released, template_ids
from llmrec.templates.example import EXAMPLE, example_variables

CHAT = ["explain/reason.v1", "explain/rewrite.v1", "rank/labels.v1", "rank/likelihood.v1"]
CHAT += ["rank/markers.v1", "rank/pointwise.v1"]
"""Those that share one prefix."""
OTHERS = ["item/text.v1", "judge/pair.v1", "query/history.v1"]


@pytest.fixture
def folder(tmp_path):
    """A folder of one's own; call it to write a template there."""

    def write(template_id, text):
        file = tmp_path / f"{template_id}.jinja"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_the_released_ones_are_all_there():
    assert template_ids() == sorted([*CHAT, *OTHERS])


def test_no_released_template_has_changed():
    now = {name: load_template(name).sha256 for name in template_ids(partials=True)}
    assert now == released(), "a released version never changes: make a new vN, and pin it"


@pytest.mark.parametrize("template_id", [*CHAT, *OTHERS])
def test_the_catalogue_tells_of_every_template(template_id):
    import importlib.resources

    readme = (importlib.resources.files("llmrec.prompts") / "README.md").read_text("utf-8")
    template = load_template(template_id)
    assert readme.count(f"`{template_id}`") >= 2, "a row in the catalogue and a changelog entry"
    for name in template.variables:
        assert f"`{name}`" in readme


def test_instructions_are_the_same_for_every_task():
    systems = {
        load_template(name).messages(**example_variables(load_template(name).variables))[0]
        for name in CHAT
    }
    assert len(systems) == 1
    assert systems.pop().role == "system"


@pytest.mark.parametrize(
    ("template_id", "hint"),
    [
        ("rank/labels.v2", "Did you mean 'rank/labels.v1'?"),
        ("rank/lables.v1", "Did you mean 'rank/labels.v1'?"),
        ("explain/reasons.v1", "Did you mean 'explain/reason.v1'?"),
    ],
)
def test_an_unknown_template_is_named_with_the_nearest_known(template_id, hint):
    with pytest.raises(TemplateError, match=f"unknown template '{template_id}'") as caught:
        load_template(template_id)
    assert caught.value.remedy == hint


@pytest.mark.parametrize(
    "template_id", ["labels", "../rank/labels.v1", "rank/labels", "/etc/passwd", "a/b/c.v1", ""]
)
def test_what_is_no_template_id_is_refused(template_id):
    with pytest.raises(TemplateError, match="is not a template id"):
        load_template(template_id)


def test_variables_are_known_through_partials():
    assert load_template("rank/labels.v1").variables == {"history", "candidates"}
    assert load_template("explain/rewrite.v1").variables == {
        *("history", "candidates", "item", "evidence", "language", "draft", "faults")
    }


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"candidates": ()}, "missing 'history'"),
        ({}, "missing 'candidates', 'history'"),
        ({"history": "x", "candidates": (), "candidate": 1}, "unknown 'candidate'"),
        ({"history": "x", "candidates": None}, "None given for 'candidates'"),
        ({"histroy": "x", "candidates": ()}, "missing 'history'; unknown 'histroy'"),
    ],
)
def test_missing_and_unknown_variables_fail_by_name(given, fault):
    with pytest.raises(TemplateError, match=fault):
        load_template("rank/labels.v1").messages(**given)


@pytest.mark.parametrize(
    ("candidates", "fault"),
    [
        ([{"label": "A"}], "no attribute 'line'"),
        ([{"label": None, "line": "x"}], "is None"),
        (7, "not iterable"),
    ],
)
def test_a_wrong_value_inside_a_variable_fails_too(candidates, fault):
    with pytest.raises(TemplateError, match=f"template 'rank/labels.v1' fails: .*{fault}"):
        load_template("rank/labels.v1").messages(history="x", candidates=candidates)


def test_chat_and_text_are_not_mixed_up():
    with pytest.raises(TemplateError, match="is a text template, not a chat template"):
        load_template("item/text.v1").messages(title="x", attributes={})
    with pytest.raises(TemplateError, match="is a chat template, not a text template"):
        load_template("rank/labels.v1").text(history="x", candidates=())


@pytest.mark.parametrize("title", ["{{ 7 * 7 }}", "{% raw %}", "{# x #}", "<b>&amp;</b> 'q' \"q\""])
def test_titles_are_text_and_nothing_else(title):
    candidates = [{"label": "A", "line": title}]
    user = load_template("rank/labels.v1").messages(history=title, candidates=candidates)[1]
    assert user.content.startswith(f"History, oldest first:\n{title}\n\nCandidates:\nA. {title}\n")


def test_an_empty_history_is_said_and_not_left_blank():
    user = load_template("rank/likelihood.v1").messages(history="", candidates=())[1]
    assert "History, oldest first:\n(nothing yet)\n\n" in user.content


def test_without_evidence_nothing_is_cited():
    template = load_template("explain/reason.v1")
    values = {**example_variables(template.variables), "evidence": (), "candidates": ()}
    user = template.messages(**values)[1].content
    assert "[1]" not in user
    assert "tastes" in user.splitlines()[-1]


@pytest.mark.parametrize("language", ["English", "français", "日本語", "العربية"])
@pytest.mark.parametrize("template_id", ["explain/reason.v1", "explain/rewrite.v1"])
@pytest.mark.parametrize("evidence", [(), EXAMPLE["evidence"]])
def test_the_last_line_asks_for_the_language(template_id, language, evidence):
    template = load_template(template_id)
    values = example_variables(template.variables) | {"language": language, "evidence": evidence}
    last = template.messages(**values)[1].content.splitlines()[-1]
    assert f"in {language}" in last


def test_item_text_puts_known_facts_first_and_others_in_order():
    text = load_template("item/text.v1").text(
        title="Heat",
        attributes={
            "zone": "PAL",
            "description": "A thief and a detective circle each other.",
            "awards_won": 3,
            "cast": ("Al Pacino", "Robert De Niro"),
            "genres": ("Crime",),
            "year": 1995.0,
            "keywords": (),
            "Budget": 60.5,
            "director": "Michael Mann",
        },
    )
    assert text.splitlines() == [
        "Heat (1995)",
        "Genres: Crime",
        "Director: Michael Mann",
        "Cast: Al Pacino, Robert De Niro",
        "A thief and a detective circle each other.",
        "Budget: 60.5",
        "Awards won: 3",
        "Zone: PAL",
    ]


@pytest.mark.parametrize(
    ("title", "attributes", "expected"),
    [
        ("Heat", {}, "Heat"),
        ("Heat (1995)", {"year": 1995}, "Heat (1995)"),
        ("1984", {"year": 1984}, "1984 (1984)"),
        ("Heat", {"items": "x", "values": ("y", "z")}, "Heat\nItems: x\nValues: y, z"),
        ("Heat", {"stock": 0, "note": ""}, "Heat\nStock: 0"),
    ],
)
def test_item_text_of_little(title, attributes, expected):
    assert load_template("item/text.v1").text(title=title, attributes=attributes) == expected


def test_item_text_does_not_depend_on_the_order_of_attributes():
    template = load_template("item/text.v1")
    attributes = {"b": 1, "A": 2, "a": 3, "B": 4}
    backwards = dict(reversed(attributes.items()))
    assert template.text(title="x", attributes=attributes) == template.text(
        title="x", attributes=backwards
    )


# -- folders of one's own ---------------------------------------------------------------------


MINE = """
{% block system %}{% include "shared/system.v1.jinja" %}{% endblock %}
{% block user %}{% include "shared/context.v1.jinja" %}Mood: {{ mood }}{% endblock %}
"""


def test_a_folder_of_ones_own_adds_templates_and_includes_ours(folder):
    mine = folder("rank/mine.v1", MINE)
    template = load_template("rank/mine.v1", folder=mine)
    assert template.variables == {"history", "candidates", "mood"}
    assert "rank/mine.v1" in template_ids(folder=mine)
    user = template.messages(history="h", candidates=(), mood="dark")[1].content
    assert user == "History, oldest first:\nh\n\nMood: dark"


def test_a_folder_of_ones_own_still_has_the_released(folder):
    mine = folder("rank/mine.v1", MINE)
    assert load_template("rank/labels.v1", folder=mine) == load_template("rank/labels.v1")


def test_a_released_template_cannot_be_stood_in_for(folder):
    mine = folder("rank/labels.v1", MINE)
    with pytest.raises(
        TemplateError, match=r"differs from the released template 'rank/labels\.v1'"
    ):
        load_template("rank/labels.v1", folder=mine)


def test_nor_can_a_partial_of_it(folder):
    mine = folder("shared/system.v1", "Obey.")
    with pytest.raises(TemplateError, match="differs from the released template 'shared/system"):
        load_template("rank/labels.v1", folder=mine)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(TemplateError, match="does not exist"):
        load_template("rank/labels.v1", folder=tmp_path / "none")


def test_the_sha_covers_every_partial(folder):
    mine = folder("shared/mine.v1", "one")
    folder("rank/mine.v1", '{% block user %}{% include "shared/mine.v1.jinja" %}{% endblock %}')
    before = load_template("rank/mine.v1", folder=mine).sha256
    folder("shared/mine.v1", "two")
    assert load_template("rank/mine.v1", folder=mine).sha256 != before
    folder("shared/mine.v1", "one")
    assert load_template("rank/mine.v1", folder=mine).sha256 == before


def test_line_ends_of_a_checkout_change_nothing(folder):
    mine = folder("rank/mine.v1", MINE)
    before = load_template("rank/mine.v1", folder=mine)
    (mine / "rank" / "mine.v1.jinja").write_bytes(MINE.replace("\n", "\r\n").encode())
    after = load_template("rank/mine.v1", folder=mine)
    assert after.sha256 == before.sha256
    values = {"history": "a\nb", "candidates": (), "mood": "x"}
    assert after.messages(**values) == before.messages(**values)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{% block user %}{{ x", "line 1"),
        ("{% block system %}x{% endblock %}", "has the blocks system"),
        ("{% block user %}x{% endblock %}{% block tail %}y{% endblock %}", "the blocks tail, user"),
        ("Hello\n{% block user %}x{% endblock %}", "line 1: this stands outside the blocks"),
        ("{% set a = 1 %}{% block user %}x{% endblock %}", "outside the blocks"),
        (
            "{% block user %}{% include name %}{% endblock %}",
            "includes 'a file by a computed name'",
        ),
        ('{% block user %}{% include "../x.v1.jinja" %}{% endblock %}', r"includes '\.\./x"),
        (
            '{% block user %}{% include "shared/none.v1.jinja" %}{% endblock %}',
            "unknown template 'shared/none.v1', which 'rank/mine.v1' includes",
        ),
        ('{% extends "rank/labels.v1.jinja" %}', "extends another one"),
    ],
)
def test_a_broken_template_fails_when_loaded(folder, text, fault):
    mine = folder("rank/mine.v1", text)
    with pytest.raises(TemplateError, match=fault):
        load_template("rank/mine.v1", folder=mine).messages()


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ items.append(1) }}",
        "{{ lipsum() }}",
        "{{ [1, 2] | random }}",
        "{{ none }}",
    ],
)
def test_templates_are_sandboxed_and_know_no_chance(folder, text):
    mine = folder("rank/mine.v1", "{% block user %}" + text + "{% endblock %}")

    def use():
        template = load_template("rank/mine.v1", folder=mine)
        template.messages(**{name: [] for name in template.variables})

    with pytest.raises(TemplateError):
        use()


def test_an_empty_part_is_refused(folder):
    mine = folder("rank/mine.v1", "{% block user %}{{ x }}{% endblock %}")
    with pytest.raises(TemplateError, match="its user part is empty"):
        load_template("rank/mine.v1", folder=mine).messages(x=" ")

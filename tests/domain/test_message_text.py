"""Templates in their strict little format, and the digits that come last."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message_text import (
    DEFAULTS,
    MASK,
    PLACEHOLDER,
    VARIABLES,
    Facts,
    MessageKind,
    Template,
    check_template,
    languages,
    masked,
    render,
    template_for,
    with_digits,
)
from domain.refusals import RefusedError

STARTS, ENDS = datetime(2026, 7, 1, 14, tzinfo=UTC), datetime(2026, 7, 5, 8, tzinfo=UTC)
FACTS = Facts(lock_name="Front Door", guest_name="Ada", starts_at=STARTS, ends_at=ENDS, time_zone="Europe/Berlin")


def a_template(body: str = "{code}", subject: str = "Code") -> Template:
    return Template(subject=subject, body=body)


@pytest.mark.parametrize("language", DEFAULTS)
@pytest.mark.parametrize("kind", MessageKind)
def test_default_says_door_and_digits_once(kind: MessageKind, language: str) -> None:
    text = render(check_template(DEFAULTS[language][kind]), FACTS, language)
    assert text.body.count(PLACEHOLDER) == 1
    assert "Front Door" in text.subject
    assert "{" not in text.subject + text.body


def test_instants_are_told_in_the_locks_own_time_with_its_name() -> None:
    text = render(a_template("{code} {starts_at} {ends_at}"), FACTS, "en")
    assert with_digits(text.body, "480733") == (
        "480733 2026-07-01 16:00 (Europe/Berlin) 2026-07-05 10:00 (Europe/Berlin)"
    )


@pytest.mark.parametrize(("language", "told"), [("en", "now, further notice"), ("de-AT", "sofort, auf Weiteres")])
def test_missing_times_are_words(language: str, told: str) -> None:
    text = render(a_template("{starts_at}, {ends_at}{code}"), Facts(lock_name="Door"), language)
    assert with_digits(text.body, "") == told


def test_time_zone_that_nobody_knows_is_told_in_utc() -> None:
    facts = FACTS.model_copy(update={"time_zone": "Vendor/Nonsense"})
    assert "2026-07-01 14:00 (UTC)" in render(a_template("{code}{starts_at}"), facts, "en").body


@pytest.mark.parametrize(
    ("template", "rule", "named"),
    [
        (a_template("{code} {password}"), "unknown_variable", "{password}"),
        (a_template("{code} {code.real}"), "unknown_variable", "{code.real}"),
        (a_template("{code} {code[0]}"), "unknown_variable", "{code[0]}"),
        (a_template("{code!r}"), "unknown_variable", "{code}"),
        (a_template("{code:>9999999}"), "unknown_variable", "{code}"),
        (a_template("{code} {}"), "unknown_variable", "{}"),
        (a_template("{code} {"), "braces", "brace"),
        (a_template("{code} }"), "braces", "brace"),
        (a_template("hello"), "code_missing", "{code}"),
        (a_template("{{code}}"), "code_missing", "{code}"),
        (a_template(subject="Code {code}"), "code_in_subject", "{code}"),
        (a_template(subject="Two\nlines"), "one_line", "one line"),
        (a_template(subject=" "), "one_line", "one line"),
        (a_template(f"{{code}}{PLACEHOLDER}"), "text", "text"),
        (a_template("{code}" + "x" * 4000), "text", "4000"),
    ],
)
def test_template_that_cannot_be_is_refused_by_name(template: Template, rule: str, named: str) -> None:
    with pytest.raises(RefusedError) as caught:
        check_template(template)
    assert caught.value.refusal.rule == rule
    assert named in str(caught.value)


def test_doubled_braces_are_braces() -> None:
    assert render(check_template(a_template("{{{code}}}")), FACTS, "en").body == f"{{{PLACEHOLDER}}}"


@given(name=st.text(max_size=60), body=st.lists(st.sampled_from([f"{{{name}}}" for name in VARIABLES]), max_size=8))
def test_no_value_brings_in_digits_lines_or_placeholders(name: str, body: list[str]) -> None:
    template = a_template("{code} " + " ".join(body), subject="For {guest_name}")
    wanted = 1 + body.count("{code}")
    text = render(template, FACTS.model_copy(update={"guest_name": name + PLACEHOLDER + "{code}\n"}), "en")
    assert text.body.count(PLACEHOLDER) == wanted
    assert len(text.subject.splitlines()) == 1
    assert with_digits(text.body, "480733").count("480733") >= wanted
    assert masked(text.body).count(MASK) == wanted


def test_own_words_come_before_the_default_in_the_nearest_language() -> None:
    kind, own = MessageKind.BACKUP, a_template("own {code}")
    assert languages("de-AT") == ("de-AT", "de", "en")
    assert template_for(kind, "de-AT", {(kind, "de"): own}) == (own, "de")
    assert template_for(kind, "de-AT", {(kind, "en"): own}) == (DEFAULTS["de"][kind], "de")
    assert template_for(kind, "pl", {(kind, "en"): own}) == (own, "en")
    assert template_for(kind, None, {}) == (DEFAULTS["en"][kind], "en")

from string import Formatter

import pytest

from notification.notices.templates import Phrase, Template, load_templates

NOTICES = list(load_templates().notices.values())
PHRASES = load_templates().phrases


def placeholders(*texts: str) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("template", NOTICES, ids=lambda t: t.kind)
def test_both_languages_are_complete_and_use_the_same_placeholders(template: Template) -> None:
    for language in ("id", "en"):
        wording = template.wordings[language]
        assert all(text.strip() for text in (wording.subject, wording.body, wording.link))
        assert placeholders(wording.subject, wording.body) == template.placeholders
        assert not placeholders(wording.link)


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=list(PHRASES))
def test_phrases_use_the_same_placeholders_in_both_languages(phrase: Phrase) -> None:
    assert placeholders(phrase.texts["id"]) == placeholders(phrase.texts["en"]) == phrase.placeholders


@pytest.mark.parametrize("template", NOTICES, ids=lambda t: t.kind)
def test_a_rendered_notice_addresses_the_person_and_leaves_nothing_open(template: Template) -> None:
    values = {name: f"«{name}»" for name in template.placeholders}
    wording = template.render("id", values)
    assert wording.body.startswith("Yth. «name»,")
    assert not placeholders(wording.subject, wording.body)


def test_every_fact_that_concerns_a_person_has_its_notice() -> None:
    assert set(load_templates().notices) >= {
        "training_announced_gap",
        "training_announced_job",
        "enrollment_accepted",
        "enrollment_waitlisted",
        "enrollment_rejected",
        "enrollment_withdrawn",
        "result_corrected",
        "certificate_revoked",
        "pretest_ready",
        "posttest_ready",
        "test_scored",
        "training_completed",
        "training_recommended",
        "task_opened",
        "task_reminder",
        "task_expired",
        "training_changed",
        "training_cancelled",
    }


def test_a_missing_value_is_named() -> None:
    with pytest.raises(KeyError, match="position"):
        load_templates().notices["enrollment_waitlisted"].render("id", {"name": "A", "programme": "B"})


def test_a_value_with_braces_is_only_text() -> None:
    phrase = PHRASES["change_location"]
    assert phrase.render("id", {"location": "Aula {name}"}) == "Tempat: Aula {name}"

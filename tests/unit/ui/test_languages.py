"""Which language a reader gets, and that every text is translated."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.ui import catalogues
from shared.ui.i18n import choose_language, load_translations


@pytest.mark.parametrize(
    ("cookie", "header", "expected"),
    [
        (None, None, "en"),
        (None, "de-DE,de;q=0.9,en;q=0.5", "de"),
        (None, "fr-FR, en;q=0.4, de;q=0.8", "de"),
        (None, "de;q=0, en", "en"),
        (None, "fr", "en"),
        (None, "de-AT", "de"),
        (None, ";;q=,,de;q=x", "en"),
        ("de", "en", "de"),
        ("en", "de", "en"),
        ("xx", "de", "de"),
    ],
)
def test_own_choice_then_the_browsers(
    cookie: str | None, header: str | None, expected: str
) -> None:
    assert choose_language(cookie, header) == expected


def test_every_text_is_translated() -> None:
    """If this fails: `python -m shared.ui.i18n update`, then translate what it added."""
    assert catalogues.problems() == []


def _project(root: Path, template: str, po: str | None = None) -> Path:
    (root / "services" / "planner" / "plan" / "templates").mkdir(parents=True)
    (root / "services" / "planner" / "__init__.py").write_text("")
    (root / "services" / "planner" / "plan" / "templates" / "plan.html").write_text(template)
    (root / "shared" / "ui").mkdir(parents=True)
    (root / "shared" / "errors.py").write_text('title = N_("Shared {word}")\n')
    if po is not None:
        folder = root / "services" / "planner" / "locale" / "de" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "planner.po").write_text(po)
    return root


def _planner(root: Path) -> list[str]:
    found = catalogues.problems(root)
    return [each.removeprefix("planner (de): ") for each in found if each.startswith("planner")]


def test_what_is_missing_stale_or_broken_is_named(tmp_path: Path) -> None:
    root = _project(
        tmp_path,
        '{{ _("New") }} {{ _("Due %(when)s", when=x) }} {{ _("Doubted") }} {{ _("Empty") }}',
        'msgid "Due %(when)s"\nmsgstr "Fällig"\n\n'
        '#, fuzzy\nmsgid "Doubted"\nmsgstr "Fraglich"\n\n'
        'msgid "Empty"\nmsgstr ""\n\n'
        'msgid "Old"\nmsgstr "Alt"\n',
    )
    found = " | ".join(_planner(root))
    for complaint in (
        "missing: 'New'",
        "stale: 'Old'",
        "fuzzy: 'Doubted'",
        "untranslated: 'Empty'",
        "other placeholders: 'Due %(when)s'",
    ):
        assert complaint in found


def test_a_lost_placeholder_of_an_error_is_named(tmp_path: Path) -> None:
    root = _project(tmp_path, "")
    locale = root / "shared" / "ui" / "locale" / "de" / "LC_MESSAGES"
    locale.mkdir(parents=True)
    (locale / "shared.po").write_text('msgid "Shared {word}"\nmsgstr "Gemeinsam"\n')
    assert catalogues.problems(root) == ["shared (de): other placeholders: 'Shared {word}'"]


def test_update_keeps_translations_adds_new_texts_and_drops_old_ones(tmp_path: Path) -> None:
    root = _project(
        tmp_path,
        '{{ _("Kept") }} {{ _("New") }} {{ _("Shared {word}") }}',
        'msgid "Kept"\nmsgstr "Behalten"\n\nmsgid "Old"\nmsgstr "Alt"\n',
    )
    catalogues.update(["planner"], root)
    assert _planner(root) == ["untranslated: 'New'"]
    assert not (root / "shared" / "ui" / "locale").exists()


def test_catalogues_are_compiled_in_memory_and_merged(tmp_path: Path) -> None:
    for name, text in (("one", "Eins"), ("two", "Zwei")):
        folder = tmp_path / name / "de" / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / f"{name}.po").write_text(
            f'msgid "{name}"\nmsgstr "{text}"\n\n'
            f'msgid "1 {name}"\nmsgid_plural "%(n)s {name}s"\n'
            f'msgstr[0] "1 {text}"\nmsgstr[1] "%(n)s {text}e"\n'
        )
    loaded = load_translations([tmp_path / "one", tmp_path / "two"])
    assert [loaded["de"].gettext(word) for word in ("one", "two", "three")] == [
        "Eins", "Zwei", "three",
    ]  # fmt: skip
    assert loaded["de"].ngettext("1 two", "%(n)s twos", 2) == "%(n)s Zweie"
    assert loaded["en"].ngettext("1 two", "%(n)s twos", 1) == "1 two"

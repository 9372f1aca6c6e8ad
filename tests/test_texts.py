"""Every text exists in both languages, with the same fields."""

import string

import pytest

from engine import errors
from engine.errors import BadParameterError, TruyvetError
from engine.texts import LANGS, TEXTS, lang_of, say

ROW_CODES = [
    "missing_field",
    "bad_type",
    "bad_id",
    "bad_time",
    "in_future",
    "out_of_bounds",
    "bad_choice",
    "self_contact",
    "ends_before_start",
    "stay_too_long",
    "missing_attenuation",
    "no_date",
    "malformed_row",
    "retracted",
]


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def leaves(cls=TruyvetError):
    yield cls
    for sub in cls.__subclasses__():
        yield from leaves(sub)


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_both_languages_say_the_same_thing(key):
    vi, en = TEXTS[key]
    assert vi.strip()
    assert en.strip()
    assert fields(vi) == fields(en)


def test_every_error_and_every_row_code_has_a_text():
    codes = {c.code for c in leaves() if c.__module__ == errors.__name__}
    assert {f"error.{c}" for c in codes} <= set(TEXTS)
    assert {f"reject.{c}" for c in ROW_CODES} <= set(TEXTS)


def test_say_fills_fields_in_both_languages():
    assert {say("title.trace", lang, case="p1") for lang in LANGS} == {
        "Người phơi nhiễm từ ca p1",
        "People exposed to case p1",
    }


@pytest.mark.parametrize(("key", "values"), [("no.such", {}), ("title.trace", {})])
def test_a_missing_key_or_field_is_named(key, values):
    with pytest.raises(BadParameterError):
        say(key, "en", **values)


@pytest.mark.parametrize(
    ("text", "lang"), [("vi", "vi"), ("vi-VN", "vi"), ("VI_vn.UTF-8", "vi"), ("en", "en"), (None, "en"), ("fr", "en")]
)
def test_language_of_a_tag(text, lang):
    assert lang_of(text) == lang

"""Changes of schemas against the meaning of schemas, on thousands of small ones.

Where no change is said to break readers, whatever fits the new schema fits the old one; where no
change is said to break anybody, whatever fits the old one fits the new one, once the defaults of
absent fields are filled in.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from deploy.contracts.compatibility import Party, changes

Json = dict[str, Any]
NULL = {"type": "null"}
VALUES = st.sampled_from([None, "", "a", "b", "ccc", 0, 1, 7])


def texts() -> st.SearchStrategy[Json]:
    limits = {"minLength": st.integers(0, 1), "maxLength": st.integers(1, 3)}
    plain = st.fixed_dictionaries({"type": st.just("string")}, optional=limits)
    words = st.lists(st.sampled_from(["", "a", "b"]), min_size=1, unique=True)
    return plain | words.map(lambda enum: {"type": "string", "enum": enum})


def numbers() -> st.SearchStrategy[Json]:
    limits = {"minimum": st.integers(0, 1), "maximum": st.integers(1, 9)}
    return st.fixed_dictionaries({"type": st.just("integer")}, optional=limits)


def perhaps(schemas: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return schemas | schemas.map(lambda schema: {"anyOf": [schema, NULL]})


def records(fields: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    def build(drawn: dict[str, tuple[Json, bool, bool]]) -> Json:
        return {
            "type": "object",
            "properties": {
                name: {**schema, "default": "b"} if defaults else schema
                for name, (schema, _, defaults) in drawn.items()
            },
            "required": [name for name, (_, required, _) in drawn.items() if required],
        }

    field = st.tuples(fields, st.booleans(), st.booleans())
    return st.dictionaries(st.sampled_from(["x", "y"]), field, max_size=2).map(build)


SCHEMAS = perhaps(records(perhaps(texts() | numbers())))
INSTANCES = st.none() | st.dictionaries(st.sampled_from(["x", "y"]), VALUES, max_size=2)


def broken(before: Json, now: Json) -> set[Party]:
    return {change.party for change in changes(before, now)}


def fits(schema: Json, instance: Any) -> bool:
    return Draft7Validator(schema).is_valid(instance)


def fields(schema: Json) -> dict[str, Json]:
    found: dict[str, Json] = schema.get("anyOf", [schema])[0]["properties"]
    return found


@given(SCHEMAS, SCHEMAS, INSTANCES)
def test_readers_can_read_what_is_new(before: Json, now: Json, instance: Json | None) -> None:
    if Party.READERS not in broken(before, now) and fits(now, instance):
        assert fits(before, only(instance, fields(before)))


@given(SCHEMAS, SCHEMAS, INSTANCES)
def test_this_release_can_read_what_is_old(before: Json, now: Json, instance: Json | None) -> None:
    if not broken(before, now) and fits(before, instance):
        assert fits(now, filled(only(instance, fields(before)), fields(now)))


def only(instance: Json | None, known: Json) -> Json | None:
    """A program sees the fields it knows."""
    return instance and {name: value for name, value in instance.items() if name in known}


def filled(instance: Json | None, known: dict[str, Json]) -> Json | None:
    if instance is None:
        return None
    defaults = {name: default_of(field) for name, field in known.items() if "default" in field}
    return {**defaults, **instance}


def default_of(field: Json) -> Any:
    """A sound one: it fits."""
    return next(value for value in ("", "a", "b", 1) if fits(field, value))


@given(SCHEMAS)
def test_the_same_breaks_nobody(schema: Json) -> None:
    assert not broken(schema, schema)

"""How messages become conversations, whatever the order they come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inbox.conversations.domain import Conversation, Message, finish
from services.inbox.intake.domain import (
    conversation_id,
    message_id,
    receive,
    start,
    threads,
    unique,
)
from shared.events.inbox import MessageKind, MessageReceived
from shared.handover.rule import Holding
from tests.unit.inbox.conversing import NOW, conversation, message, minutes


def test_page_author_and_thread_make_a_conversation() -> None:
    one = message(1, thread="post7")
    assert conversation_id(one) == conversation_id(message(2, thread="post7", text="other"))
    for other in (
        message(1),
        message(1, thread="post8"),
        message(1, thread="post7", author_id="uwe"),
        message(1, thread="post7", page_id="page2"),
    ):
        assert conversation_id(one) != conversation_id(other)


def test_words_do_not_run_into_each_other() -> None:
    left = message(page_id="a", author_id="bc", thread="d")
    right = message(page_id="ab", author_id="c", thread="d")
    assert conversation_id(left) != conversation_id(right)


def test_the_same_platform_id_on_another_page_is_another_message() -> None:
    assert message_id(message(1)) != message_id(message(1, page_id="page2"))


def test_of_a_message_that_comes_twice_the_first_stands() -> None:
    fresh = unique([message(1, text="first"), message(1, text="second")], known=set())
    assert [received.text for received in fresh.values()] == ["first"]
    assert unique([message(1)], known={message_id(message(1))}) == {}


def test_a_late_message_does_not_lead_the_conversation() -> None:
    before = conversation(messages=3)
    after, stored = receive(before, [message(0, text="late", author_name="Katrin L.")], NOW)
    assert (after.excerpt, after.author_name) == ("text 3", "Katrin Lohse")
    assert after.waiting_since == NOW - minutes(100)
    assert stored[0].arrival == 4


def test_messages_of_the_same_time_stand_in_the_order_of_arrival() -> None:
    first, second = message(1, text="first"), message(2, text="second", sent_at=message(1).sent_at)
    after, stored = receive(_started(first), [first, second], NOW)
    assert [entry.order[1] for entry in stored] == [1, 2]
    assert after.excerpt == "second"


def test_a_message_from_the_future_waits_since_it_came() -> None:
    after, stored = receive(_started(message()), [message(sent_at=NOW + timedelta(days=300))], NOW)
    assert after.waiting_since == NOW
    assert stored[0].sent_at == NOW + timedelta(days=300)


def test_times_are_kept_in_utc_to_the_millisecond() -> None:
    cest = timezone(timedelta(hours=2))
    sent_at = datetime(2026, 7, 1, 12, 0, 0, 123_999, tzinfo=cest)
    _, stored = receive(_started(message()), [message(sent_at=sent_at)], NOW)
    assert stored[0].sent_at == datetime(2026, 7, 1, 10, 0, 0, 123_000, tzinfo=UTC)
    assert stored[0].sent_at.tzinfo is UTC


def test_a_message_moves_nothing_and_touches_nothing() -> None:
    before = conversation(holder="tom", home="jana")
    after, _ = receive(before, [message(9)], NOW)
    assert after.holding == before.holding


def test_a_message_opens_what_was_done_and_its_author_waits_since_then() -> None:
    done, _ = finish(conversation(holder="tom"), by="tom", now=NOW)
    routed = Holding(holder="mira", home=None, touched=False)
    opened, _ = receive(done, [message(99)], NOW + minutes(5), reopened=routed)
    assert opened.open
    assert opened.holding == routed
    assert opened.waiting_since == message(99).sent_at
    assert (opened.done_at, opened.done_by) == (None, None)


def test_the_excerpt_is_one_line_of_bounded_length() -> None:
    after, _ = receive(_started(message()), [message(text="a\n\n b\t" + "c" * 1_000)], NOW)
    assert after.excerpt.startswith("a b ccc")
    assert len(after.excerpt) == 200


# Times differ per message, because equal ones are ordered by arrival, which is what varies here.
_SETS = st.lists(
    st.builds(
        lambda number, page, author, thread, kind: message(
            number, page_id=page, author_id=author, thread=thread, kind=kind
        ),
        number=st.integers(0, 60),
        page=st.sampled_from(["page1", "page2"]),
        author=st.sampled_from(["katrin", "uwe"]),
        thread=st.sampled_from([None, "post"]),
        kind=st.sampled_from(MessageKind),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda received: received.platform_message_id,
)


@settings(max_examples=300)
@given(messages=_SETS, data=st.data())
def test_any_order_and_repetition_gives_the_same_conversations(
    messages: list[MessageReceived], data: st.DataObject
) -> None:
    repeated = messages + data.draw(st.lists(st.sampled_from(messages), max_size=20))
    shuffled = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=8)))
    batches = [
        shuffled[left:right] for left, right in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)
    ]
    assert _told([messages]) == _told(batches)


def _told(batches: list[list[MessageReceived]]) -> dict[str, tuple[object, ...]]:
    """What a reader of the inbox sees after these batches: conversations and their texts."""
    conversations: dict[str, Conversation] = {}
    stored: dict[str, Message] = {}
    for batch in batches:
        for identity, arrived in threads(unique(batch, stored.keys())).items():
            before = conversations.get(identity) or _started(arrived[0])
            conversations[identity], messages = receive(before, arrived, NOW)
            stored |= {entry.id: entry for entry in messages}
    return {
        identity: (
            conversation.messages,
            conversation.latest[0],
            conversation.excerpt,
            conversation.author_name,
            conversation.kind,
            conversation.waiting_since,
            _texts(stored, identity),
        )
        for identity, conversation in conversations.items()
    }


def _texts(stored: dict[str, Message], identity: str) -> tuple[str, ...]:
    of_it = [entry for entry in stored.values() if entry.conversation_id == identity]
    return tuple(entry.text for entry in sorted(of_it, key=lambda entry: entry.order))


def _started(first: MessageReceived) -> Conversation:
    return start(
        first,
        client_id="client1",
        responsibility_id=f"{first.page_id}:community",
        holding=Holding(holder="tom", home=None, touched=False),
    )

from aiokafka import TopicPartition

from bina.messaging.progress import BEHIND_OTHERS, Progress

SLOW, QUICK = TopicPartition("enrollment.asn", 0), TopicPartition("enrollment.asn", 1)
LIMIT = 60.0


def never(topic: str) -> bool:
    return False


def watched(*positions: dict[TopicPartition, tuple[int, int]], every: float = LIMIT / 2, rests=never) -> str:
    progress = Progress(LIMIT, 0)
    return [progress.stuck(found, rests, number * every) for number, found in enumerate(positions)][-1]


def test_nothing_moves_and_messages_wait():
    assert watched(*[{SLOW: (5, 9)}] * 4) == "no progress on enrollment.asn[0] at 5 of 9"


def test_nothing_waits():
    assert not watched(*[{SLOW: (9, 9)}] * 9)


def test_messages_that_have_just_come_are_given_time():
    assert not watched(*[{SLOW: (9, 9)}] * 5, *[{SLOW: (9, 12)}] * 2)


def test_a_topic_that_rests_is_not_stuck():
    assert not watched(*[{SLOW: (5, 9)}] * 9, rests=lambda topic: topic == SLOW.topic)


def test_a_partition_waits_its_turn_while_others_move():
    assert not watched(*({SLOW: (5, 9), QUICK: (n, 99)} for n in range(9)))


def test_but_not_for_ever():
    found = watched(*({SLOW: (5, 9), QUICK: (n, 99)} for n in range(2 * BEHIND_OTHERS + 3)))
    assert "enrollment.asn[0]" in found


def test_a_partition_that_went_to_another_worker_is_not_asked_of_this_one():
    assert not watched(*[{SLOW: (5, 9)}] * 2, *[{QUICK: (9, 9)}] * 4)


def test_a_partition_that_comes_back_is_given_time():
    assert not watched(*[{SLOW: (5, 9)}] * 2, *[{QUICK: (9, 9)}] * 4, {SLOW: (5, 9), QUICK: (9, 9)})


def test_a_broker_that_does_not_answer_for_a_moment_gives_no_more_time():
    assert watched(*[{SLOW: (5, 9)}] * 2, {}, *[{SLOW: (5, 9)}] * 2)


def test_a_broker_that_answers_every_other_time_gives_no_time_for_ever():
    assert watched(*[{SLOW: (5, 9)}, {}] * 9, {SLOW: (5, 9)})


def test_time_in_which_nothing_was_known_does_not_count():
    assert not watched({SLOW: (5, 9)}, *[{}] * 9, *[{SLOW: (5, 9)}] * 2)


def test_who_stood_still_before_nothing_was_known_gets_one_more_look():
    before = [{SLOW: (5, 9)}] * 3
    assert not watched(*before, *[{}] * 9, {SLOW: (5, 9)})
    assert not watched(*before, *[{}] * 9, {SLOW: (5, 9)}, *[{SLOW: (6, 9)}] * 3)
    assert watched(*before, *[{}] * 9, *[{SLOW: (5, 9)}] * 2)


def test_after_each_progress_a_look_more_is_given_again():
    outage = [*[{}] * 2]
    first, then = [{SLOW: (5, 99)}] * 3, [{SLOW: (6, 99)}] * 3
    assert not watched(*first, *outage, {SLOW: (5, 99)}, *then, *outage, {SLOW: (6, 99)})

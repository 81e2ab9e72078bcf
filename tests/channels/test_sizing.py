from antiphon.channels.sizing import LEAST, BatchSize


def through(size, per_s, *, batches, deadline_s=0.5):
    """A provider that takes so many a second; one batch after the other. How many left in time."""
    at, left = 1_000.0, 0
    for _ in range(batches):
        n = size.now
        in_time = min(n, int(per_s * deadline_s))
        size.saw(n, n - in_time, begun_wall=at, at_wall=at + min(n / per_s, deadline_s))
        at += min(n / per_s, deadline_s)
        left += in_time
    return left


def test_it_settles_at_what_leaves_in_time():
    size = BatchSize(250)
    through(size, 100, batches=20)
    seen = []
    for _ in range(100):
        through(size, 100, batches=1)
        seen.append(size.now)
    assert 25 <= min(seen) <= max(seen) <= 60  # 50 leave in half a second


def test_who_is_fast_gets_the_most():
    size = BatchSize(250)
    through(size, 100, batches=20)
    through(size, 5_000, batches=30)
    assert size.now == 250


def test_batches_that_were_under_way_make_it_smaller_once():
    size = BatchSize(200)
    for _ in range(4):
        size.saw(200, 200, begun_wall=10.0, at_wall=10.5)
    assert size.now == 100
    size.saw(100, 100, begun_wall=10.5, at_wall=11.0)
    assert size.now == 50


def test_a_few_always_may_go():
    size = BatchSize(250)
    for n in range(50):
        size.saw(size.now, size.now, begun_wall=float(n), at_wall=n + 0.5)
    assert size.now == LEAST
    alone = BatchSize(1)
    alone.saw(1, 1, begun_wall=0.0, at_wall=1.0)
    assert alone.now == 1


def test_a_batch_of_a_few_says_nothing_of_the_most():
    size = BatchSize(100)
    size.saw(100, 50, begun_wall=0.0, at_wall=1.0)
    for n in range(20):
        size.saw(10, 0, begun_wall=2.0 + n, at_wall=3.0 + n)
    assert size.now == 50
    for n in range(20):
        size.saw(int(size.now * 0.7), 0, begun_wall=30.0 + n, at_wall=31.0 + n)
    assert size.now == 100  # nearly a third were refused at the mark each time

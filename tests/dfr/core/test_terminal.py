"""What a progress bar tells of the time left."""

from __future__ import annotations

import pytest
from rich.progress import Progress

from dfr.core.terminal import readable_time, seconds_left


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


def test_the_time_left_is_that_of_the_mean_speed_however_uneven_the_steps_are():
    clock = Clock()
    bar = Progress(get_time=clock)
    number = bar.add_task("cells", total=10)
    task = bar.tasks[0]
    assert seconds_left(task) is None
    clock.time += 1000
    bar.advance(number, 4)
    assert seconds_left(task) == pytest.approx(1500)
    clock.time += 0.01  # a cell that took no time says little about the others
    bar.advance(number, 0.001)
    assert seconds_left(task) == pytest.approx(1500, rel=1e-3)
    bar.advance(number, 7)
    assert seconds_left(task) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3570, "1 h 00 min"), (11_100, "3 h 05 min")],
)
def test_times_are_written_as_people_say_them(seconds, text):
    assert readable_time(seconds) == text

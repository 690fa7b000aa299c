"""How an answer came, beside what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Device = Literal["", "phone", "tablet", "desktop"]
DEVICES: tuple[Device, ...] = get_args(Device)
TimedBy = Literal["browser", "server"]
TIMED_BY: tuple[TimedBy, ...] = get_args(TimedBy)


@dataclass(frozen=True)
class Circumstances:
    """How an answer came.

    Attributes:
        timed_by: whose clock its seconds are of: the browser's, from the pictures being shown to
            the press, without the time in the background; or the server's, from sending the trial
            to the answer's arrival.
        reloaded: whether the page was opened since the answer before, so that the pictures may
            have been seen for longer; None where that is not known.
        device: by pointer and width of the screen, nothing finer; "" where it is not known.
    """

    timed_by: TimedBy = "server"
    reloaded: bool | None = None
    device: Device = ""


#: Of answers of which nothing more is known.
UNKNOWN = Circumstances()

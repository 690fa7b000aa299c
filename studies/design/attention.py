"""Catch trials: how surely they tell who does not look, and which pictures are fit for them.

Whoever fails ``drop_at`` or more of the catch trials is left out. A clicker who never says "can't
say" is right in half of them, an honest person in all but slips, so both chances are binomial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

#: Neither a clicker may survive nor an honest person fail more often than this.
LIMIT = 0.02
#: Of the catch trials, the share that an honest person answers wrongly: a slip of the finger, a
#: moment's absence. A guess to be on the safe side with.
SLIP = 0.02
#: The least mean colour difference (CIEDE2000) between the two pictures of a catch trial, at
#: `_SIDE` pixels. One is just visible side by side; ten is another colour at a glance.
LEAST_DISTANCE = 10.0
#: The most catch trials that are looked for.
_MOST = 60
#: Longer side, in pixels, at which pictures are compared: what differs only in fine grain is alike.
_SIDE = 64


@dataclass(frozen=True)
class Rule:
    """Who is left out.

    Attributes:
        catches: catch trials of a participant.
        drop_at: who fails so many is left out.
        cannot_say: whether "can't say", which is never right there, is offered.
        scale: marks of a rating, of which those below the middle are right; 0 for others.
        pictures: how many are shown, of choices and rankings: one is right, or is to be last.
    """

    catches: int
    drop_at: int
    cannot_say: bool = True
    scale: int = 0
    pictures: int = 2

    def survival(self, right: float) -> float:
        """Return the chance to be kept of whoever is right in a share of the catch trials."""
        from scipy.stats import binom  # takes longer to load than all else of a voting page

        return float(binom.cdf(self.drop_at - 1, self.catches, 1 - right))

    def told(self) -> Mapping[str, float]:
        """Return who is judged wrongly how often: what -> chance."""
        if self.scale:
            blind = self.scale // 2 / self.scale
            told = {"gives marks at random, and is kept": self.survival(blind)}
        elif self.pictures > 2:
            told = {"answers at random, and is kept": self.survival(1 / self.pictures)}
        else:
            told = {"clicks A or B at random, and is kept": self.survival(1 / 2)}
        if self.cannot_say and not self.scale and self.pictures == 2:
            three = 'clicks A, B or "can\'t say" at random, and is kept'
            told[three] = self.survival(1 / 3)
        return told | {
            f"is honest ({SLIP:.0%} slips), and is left out": 1 - self.survival(1 - SLIP),
        }

    @property
    def catches_clickers(self) -> bool:
        """Whether nobody is judged wrongly more often than `LIMIT`."""
        return max(self.told().values()) < LIMIT


def shortest_rule(scale: int = 0, pictures: int = 2) -> Rule:
    """Return the rule with the fewest catch trials by which nobody is judged wrongly too often."""
    rules = (
        Rule(catches, drop_at, scale=scale, pictures=pictures)
        for catches in range(1, _MOST + 1)
        for drop_at in range(1, catches + 1)
    )
    return next(rule for rule in rules if rule.catches_clickers)


def distance(a: Image.Image, b: Image.Image) -> float:
    """Return how different two pictures look: their mean CIEDE2000 difference, made small.

    Args:
        a: of any size.
        b: is brought to the size of a.
    """
    scale = _SIDE / max(a.size)
    size = (max(1, round(a.width * scale)), max(1, round(a.height * scale)))
    small = [_lab(picture, size) for picture in (a, b)]
    return float(deltaE_ciede2000(*small).mean())  # type: ignore[no-untyped-call]


def _lab(picture: Image.Image, size: tuple[int, int]) -> npt.NDArray[np.float64]:
    pixels = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX)) / 255
    return np.asarray(rgb2lab(pixels), dtype=np.float64)

"""Differences over pairs of which the truth is known: zero on average, with known variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Shares:
    """What part of the variance comes from contents, from styles, and from what is left.

    Attributes:
        content: share of the contents.
        style: share of the styles.
        rest: of what belongs to single pairs.
        skewed: whether all three are exponential, with a long tail to one side, and not normal.
    """

    content: float
    style: float
    rest: float
    skewed: bool = False

    def draw(
        self, number: int, contents: int, styles: int, random: np.random.Generator
    ) -> npt.NDArray[np.float64]:
        """Return so many grids, (number, contents, styles), of mean zero and variance one."""

        def noise(*shape: int) -> npt.NDArray[np.float64]:
            if self.skewed:
                return random.exponential(size=shape) - 1
            return random.normal(size=shape)

        content, style, rest = (np.sqrt([self.content, self.style, self.rest])).tolist()
        return (
            content * noise(number, contents, 1)
            + style * noise(number, 1, styles)
            + rest * noise(number, contents, styles)
        )


#: Differences between two outputs, over the 15 x 20 pairs of a whole run (52 pairs of outputs, five
#: measures): contents had 2 to 51 % of the variance, styles 12 to 96, the rest 1 to 54 (of the
#: middle eight of ten). In E and content loss styles weigh most, in C contents and styles alike.
CASES = {
    "styles differ": Shares(0.10, 0.60, 0.30),
    "both differ": Shares(0.30, 0.40, 0.30),
    "contents differ": Shares(0.45, 0.15, 0.40),
    "both, long tail": Shares(0.30, 0.40, 0.30, skewed=True),
}
#: Contents and styles.
SIZES = ((3, 4), (5, 5), (6, 6), (15, 20))

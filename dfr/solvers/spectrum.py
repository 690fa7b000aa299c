"""What a solver can learn of an objective's curvature: how it depends on spatial frequency."""

from __future__ import annotations

from collections.abc import Callable

import torch

#: From (n, 3, h, w) to the same.
Filter = Callable[[torch.Tensor], torch.Tensor]
#: Edges of the bands of spatial frequency, in cycles per pixel; 0.71 is a chessboard.
BANDS = (0.01, 0.02, 0.04, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5)


class Spectrum:
    """What was learned of the curvature of n pictures: band, brightness or colour -> how much.

    Args:
        pictures: (n, 3, h, w), whose number, size and device it is for.
        floor: added to the curvature, relative to the greatest of all bands, so that flat bands
            get no endless steps.
    """

    def __init__(self, pictures: torch.Tensor, floor: float) -> None:
        self.floor = floor
        self.size = (pictures.shape[2], pictures.shape[3])
        down = torch.fft.fftfreq(self.size[0]).unsqueeze(1)
        right = torch.fft.rfftfreq(self.size[1]).unsqueeze(0)
        edges = torch.tensor(BANDS)
        self.band = torch.bucketize((down**2 + right**2).sqrt(), edges).to(pictures.device)
        count = torch.bincount(self.band.flatten(), minlength=len(BANDS) + 1)
        self.share = (count / count.sum()).to(pictures)
        shape = (len(pictures), 2, len(BANDS) + 1)
        self.slopes = pictures.new_zeros(shape)
        self.steps = pictures.new_zeros(shape)

    def learn(
        self, steps: torch.Tensor, slopes: torch.Tensor, rows: torch.Tensor, memory: float
    ) -> None:
        """Take in what steps have shown.

        Args:
            steps: (n, 3, h, w).
            slopes: how they changed the slope, likewise.
            rows: (n,), whose steps count.
            memory: the part that is kept of what was learned before.
        """
        moved, changed = self._powers(torch.cat([steps, slopes])).chunk(2)
        scale = moved.sum(dim=(1, 2), keepdim=True).clamp_min(1e-30)
        keep = torch.where(rows, memory, 1.0).view(-1, 1, 1)
        new = rows.view(-1, 1, 1).to(moved.dtype)
        self.steps = keep * self.steps + new * moved / scale
        self.slopes = keep * self.slopes + new * changed / scale

    def curvature(self) -> torch.Tensor:
        """Return it relative to the greatest, (n, 2, bands); 1 where nothing was learned."""
        found = (self.slopes / self.steps.clamp_min(1e-30)).sqrt()
        greatest = found.amax(dim=(1, 2), keepdim=True)
        return torch.where(greatest > 0, found / greatest.clamp_min(1e-30), torch.ones_like(found))

    def flatten(self, slopes: torch.Tensor) -> torch.Tensor:
        """Divide (n, 3, h, w) slopes by the curvature of their frequencies."""
        return self._spread(1 / (self.curvature() + self.floor))(slopes)

    def whitening(self) -> Filter:
        """Return what divides slopes by the root of the curvature of their frequencies.

        White noise keeps its root mean square. Done once to slopes and once to the steps made of
        them, it is what a method does that works where all frequencies bend alike.
        """
        factors = (self.curvature() + self.floor) ** -0.5
        powers = factors.square() @ self.share
        # Of white noise, a third of the power is brightness.
        mean = (powers[:, 0] + 2 * powers[:, 1]) / 3
        return self._spread(factors / mean.sqrt().view(-1, 1, 1))

    def rows(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        self.slopes, self.steps = self.slopes[rows], self.steps[rows]

    def _spread(self, factors: torch.Tensor) -> Filter:
        """Return what multiplies each frequency by the factor of its band, (n, 2, bands)."""
        brightness = factors[:, 0, self.band].unsqueeze(1)
        colour = factors[:, 1, self.band].unsqueeze(1)

        def weigh(slopes: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft2(slopes)
            grey = spectrum.mean(dim=1, keepdim=True)
            flat: torch.Tensor = torch.fft.irfft2(
                brightness * grey + colour * (spectrum - grey), s=self.size
            )
            return flat

        return weigh

    def _powers(self, pictures: torch.Tensor) -> torch.Tensor:
        spectrum = torch.fft.rfft2(pictures)
        grey = spectrum.mean(dim=1, keepdim=True)
        # Not abs().square(): the root, which is not needed, takes most of the time.
        both = [
            (part.real.square() + part.imag.square()).sum(dim=1) for part in (grey, spectrum - grey)
        ]
        flat = torch.stack(both, dim=1).flatten(2)
        sums = flat.new_zeros(*flat.shape[:2], len(BANDS) + 1)
        return sums.index_add_(2, self.band.flatten(), flat)

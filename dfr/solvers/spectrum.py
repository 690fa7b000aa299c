"""What a solver can learn of an objective's curvature: how it depends on spatial frequency."""

from __future__ import annotations

from collections.abc import Callable

import torch

#: From (n, 3, h, w) to the same.
Filter = Callable[[torch.Tensor], torch.Tensor]
#: Edges of the bands of spatial frequency, in cycles per pixel; 0.71 is a chessboard.
BANDS = (0.01, 0.02, 0.04, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5)


class Spectrum:
    """The curvature of n pictures by band of frequency, for brightness and for colour.

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
        band = torch.bucketize((down**2 + right**2).sqrt(), edges)
        count = torch.bincount(band.flatten(), minlength=len(BANDS) + 1)
        self.band = band.to(pictures.device)
        self.share = (count / count.sum()).to(pictures)
        shape = (len(pictures), 2, len(BANDS) + 1)
        self.changes = pictures.new_zeros(shape)
        self.steps = pictures.new_zeros(shape)

    def learn(
        self, steps: torch.Tensor, changes: torch.Tensor, rows: torch.Tensor, memory: float
    ) -> None:
        """Learn from steps and from how the gradient changed along them.

        Args:
            steps: (n, 3, h, w).
            changes: what they changed the gradient by, (n, 3, h, w).
            rows: (n,), whose steps count.
            memory: the part that is kept of what was learned before.
        """
        moved, changed = self._powers(torch.cat([steps, changes])).chunk(2)
        scale = moved.sum(dim=(1, 2), keepdim=True).clamp_min(1e-30)
        keep = torch.where(rows, memory, 1.0).view(-1, 1, 1)
        new = rows.view(-1, 1, 1).to(moved.dtype)
        self.steps = keep * self.steps + new * moved / scale
        self.changes = keep * self.changes + new * changed / scale

    def curvature(self) -> torch.Tensor:
        """Return curvature relative to the greatest, (n, 2, bands); 1 where nothing was learned."""
        found = (self.changes / self.steps.clamp_min(1e-30)).sqrt()
        greatest = found.amax(dim=(1, 2), keepdim=True)
        return torch.where(greatest > 0, found / greatest.clamp_min(1e-30), torch.ones_like(found))

    def precondition(self, gradients: torch.Tensor) -> torch.Tensor:
        """Divide (n, 3, h, w) gradients by the curvature of their frequencies."""
        return self._per_band(1 / (self.curvature() + self.floor))(gradients)

    def whitening(self) -> Filter:
        """Return what divides gradients by the root of the curvature of their frequencies.

        White noise keeps its root mean square. Applied once to gradients and once to the steps made
        of them, it gives the steps of a method in coordinates where all frequencies bend alike.
        """
        factors = (self.curvature() + self.floor) ** -0.5
        powers = factors.square() @ self.share
        # Of white noise, a third of the power is brightness.
        mean = (powers[:, 0] + 2 * powers[:, 1]) / 3
        return self._per_band(factors / mean.sqrt().view(-1, 1, 1))

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        self.changes, self.steps = self.changes[indices], self.steps[indices]

    def _per_band(self, factors: torch.Tensor) -> Filter:
        """Return what multiplies each frequency by the factor of its band, (n, 2, bands)."""
        brightness = factors[:, 0, self.band].unsqueeze(1)
        colour = factors[:, 1, self.band].unsqueeze(1)

        def multiply(pictures: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft2(pictures)
            grey = spectrum.mean(dim=1, keepdim=True)
            product = brightness * grey + colour * (spectrum - grey)
            filtered: torch.Tensor = torch.fft.irfft2(product, s=self.size)
            return filtered

        return multiply

    def _powers(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the power of brightness and of colour in each band, (n, 2, bands)."""
        spectrum = torch.fft.rfft2(pictures)
        grey = spectrum.mean(dim=1, keepdim=True)
        # Not abs().square(): the root, which is not needed, takes most of the time.
        both = [
            (part.real.square() + part.imag.square()).sum(dim=1) for part in (grey, spectrum - grey)
        ]
        powers = torch.stack(both, dim=1).flatten(2)
        sums = powers.new_zeros(*powers.shape[:2], len(BANDS) + 1)
        return sums.index_add_(2, self.band.flatten(), powers)

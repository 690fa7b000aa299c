"""How sure a number from votes is, where people differ and pictures differ.

One person's answers are alike, and so are the answers to one photograph or in one style: 600 votes
of 30 people on a few pictures tell less than 600 votes of 600 people on 600 pictures. People,
contents and styles are taken as drawn at random, three crossed factors. The variance of an estimate
is

    V(people) + (V(contents) - V(votes))₊ + (V(styles) - V(votes))₊

where V(f), the cluster-robust variance, is g / (g - 1) times the sum over the g levels of a factor
of (sum of the influences of the level's votes)², and V(votes) takes every vote as its own level:
the chance in single answers, which V(people) has counted already (inclusion and exclusion; Cameron,
Gelbach and Miller, 2011, "Robust inference with multiway clustering", Journal of Business &
Economic Statistics 29(2)). A part below zero is taken as none. The degrees of freedom of Student's
t are Satterthwaite's, of the three parts.

With fewer than `LEAST_CLUSTERS` contents or styles these are not taken as drawn: the interval then
speaks of these pictures only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEAST_CLUSTERS, LEVEL, Array

Codes = npt.NDArray[np.intp]
Takes = npt.NDArray[np.bool_]

#: Variances below this are zero but for rounding.
_NOTHING = 1e-18


@dataclass(frozen=True)
class Clusters:
    """Who gave each of V votes, and on which pictures.

    Attributes:
        people: (V,) numbers from 0.
        contents: (V,) likewise.
        styles: (V,) likewise.
    """

    people: Codes
    contents: Codes
    styles: Codes

    def only(self, these: Takes) -> Clusters:
        """Return those of some of the votes, (V,)."""
        return Clusters(self.people[these], self.contents[these], self.styles[these])


class Spread(NamedTuple):
    """How sure k estimates are.

    Attributes:
        variance: (k,); NaN where fewer than `LEAST_CLUSTERS` people voted.
        freedom: (k,) degrees of freedom of Student's t, likewise.
    """

    variance: Array
    freedom: Array


class Shares(NamedTuple):
    """Shares of votes with their intervals, each (k,).

    Attributes:
        share: won of all; NaN without votes.
        low: of the interval.
        high: likewise.
        p: of the test against one half; below 1 - level if and only if the interval is to one side
            of one half.
    """

    share: Array
    low: Array
    high: Array
    p: Array


def clusters_of(votes: pd.DataFrame) -> Clusters:
    """Return who gave each vote, and on which pictures.

    Args:
        votes: with ``participant``, ``content`` and ``style``.
    """
    return Clusters(
        *(pd.factorize(votes[name], sort=True)[0] for name in ("participant", "content", "style"))
    )


def crossed_spread(influence: Array, takes: Takes, clusters: Clusters) -> Spread:
    """Return the variances of estimates, see the module.

    Args:
        influence: (V, k): by how much each vote moves each estimate; the columns add up to zero.
        takes: (V, k): which votes an estimate is of. The others' influence is zero.
        clusters: of the V votes.
    """
    parts, freedom = crossed_parts(influence, takes, clusters)
    parts, people = np.maximum(parts, 0), freedom[0] + 1
    variance, found = parts.sum(axis=0), satterthwaite(parts, freedom)
    enough = people >= LEAST_CLUSTERS
    return Spread(np.where(enough, variance, np.nan), np.where(enough, found, np.nan))


def crossed_parts(influence: Array, takes: Takes, clusters: Clusters) -> tuple[Array, Array]:
    """Return the parts of the variances that people, contents and styles have, see the module.

    Chance can make a part of contents or styles less than zero, which is to be taken as none.

    Args:
        influence: as in `crossed_spread`.
        takes: likewise.
        clusters: likewise.

    Returns:
        (3, k), and their degrees of freedom, likewise.
    """
    votes, people = takes.sum(axis=0), _levels(takes, clusters.people)
    noise = _corrected(influence**2, votes)
    parts = [_corrected(_sums(influence, clusters.people) ** 2, people)]
    freedom = [people - 1]
    for codes in (clusters.contents, clusters.styles):
        levels = _levels(takes, codes)
        more = _corrected(_sums(influence, codes) ** 2, levels) - noise
        parts.append(np.where(levels >= LEAST_CLUSTERS, more, 0))
        freedom.append(levels - 1)
    return np.array(parts), np.array(freedom, dtype=np.float64)


def satterthwaite(parts: Array, freedom: Array) -> Array:
    """Return the degrees of freedom of sums of variances; those of people where there is none.

    Args:
        parts: (3, k), of people, contents and styles.
        freedom: (3, k), theirs.
    """
    variance = parts.sum(axis=0)
    squares = (parts**2 / np.maximum(freedom, 1)).sum(axis=0)
    some = variance > _NOTHING
    found = np.where(some, variance**2 / np.where(some, squares, 1), freedom[0])
    return np.asarray(found, dtype=np.float64)


def crossed_correlation(influence: Array, clusters: Clusters) -> Array:
    """Return the correlations of estimates, (k, k), by the same parts.

    Args:
        influence: (V, k), of estimates that every vote is of.
        clusters: of the V votes, of two people or more.
    """
    takes = np.ones_like(influence, dtype=bool)

    def cross(codes: Codes) -> Array:
        sums, levels = _sums(influence, codes), float(_levels(takes, codes)[0])
        return np.asarray(levels / max(levels - 1, 1) * (sums.T @ sums), dtype=np.float64)

    noise = cross(np.arange(len(influence)))
    total = cross(clusters.people)
    for codes in (clusters.contents, clusters.styles):
        if _levels(takes, codes)[0] >= LEAST_CLUSTERS:
            values, vectors = np.linalg.eigh(cross(codes) - noise)
            total = total + (vectors * np.maximum(values, 0)) @ vectors.T
    size = np.sqrt(np.maximum(np.diag(total), _NOTHING))
    return np.asarray(total / size[:, None] / size[None, :], dtype=np.float64)


def crossed_shares(won: Array, of: Array, clusters: Clusters, level: float = LEVEL) -> Shares:
    """Return shares with their intervals and their tests against one half.

    Wilson's interval, with the number of votes replaced by the number of independent votes that
    would be as uncertain as these are, share (1 - share) / variance, and the normal quantile by
    Student's (Dean and Pagano, 2015, "Evaluating confidence interval methods for binomial
    proportions in clustered surveys", Journal of Survey Statistics and Methodology 3(4)). It stays
    within 0 and 1, and it excludes one half exactly where the t test with the variance under one
    half does, which is the test here. Where all agree, no variance is seen, and the number of
    people is taken.

    Args:
        won: (V, k) votes won; a half may stand for a tie.
        of: (V, k) 1 for the votes that a share is of, else 0.
        clusters: of the V votes.
        level: of the intervals.

    Returns:
        intervals and tests are NaN where fewer than `LEAST_CLUSTERS` people voted.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        total = of.sum(axis=0)
        share = np.asarray(won.sum(axis=0) / total, dtype=np.float64)
        influence = np.where(of > 0, (won - np.nan_to_num(share) * of) / total, 0.0)
        variance, freedom = crossed_spread(influence, of > 0, clusters)
        people = _levels(of > 0, clusters.people)
        votes = np.where(variance > _NOTHING, share * (1 - share) / variance, people + 0 * variance)
        quantile = stats.t.ppf((1 + level) / 2, freedom)
        squared = quantile**2 / votes
        middle = (share + squared / 2) / (1 + squared)
        half = np.sqrt(squared * share * (1 - share) + squared**2 / 4) / (1 + squared)
        p = 2 * stats.t.sf(2 * np.abs(share - 0.5) * np.sqrt(votes), freedom)
    return Shares(share, middle - half, middle + half, np.asarray(p, dtype=np.float64))


def _sums(values: Array, codes: Codes) -> Array:
    """Return the sums over each level, (levels, k)."""
    found = np.zeros((int(codes.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(found, codes, values)
    return found


def _levels(takes: Takes, codes: Codes) -> Codes:
    """Return how many levels the votes of each estimate have, (k,)."""
    return np.asarray((_sums(takes.astype(np.float64), codes) > 0).sum(axis=0), dtype=np.intp)


def _corrected(squares: Array, levels: Codes) -> Array:
    """Return sums of squares, (k,), times g / (g - 1)."""
    return np.asarray(squares.sum(axis=0) * levels / np.maximum(levels - 1, 1), dtype=np.float64)

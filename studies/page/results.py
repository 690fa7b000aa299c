"""The results of a trial on the page: one to six pictures, as large as the screen lets them be."""

from __future__ import annotations

import streamlit as st

from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Step
from studies.design.trial import LETTERS


def show_results(opened: OpenStudy, step: Step) -> None:
    """Show the results of a trial, each with its letter.

    One alone has no letter, and those that are put in order have none that can be seen: their place
    is what counts.

    Raises:
        PictureMissing: a picture cannot be read.
    """
    trial, ordered = step.trial, opened.study.task == "ranking"
    aspect = opened.material.aspect(trial.content, trial.style)
    st.html(f"<style>.st-key-results {{ --aspect: {aspect:.5f}; }}</style>")
    with (
        st.container(key="results"),
        st.container(key=f"several-{len(trial.sides)}"),
        st.container(key="ordered" if ordered else "beside"),
    ):
        for name, side in zip(LETTERS, trial.sides, strict=False):
            letter = name if len(trial.sides) > 1 else ""
            st.image(
                opened.material.picture(side, trial.content, trial.style),
                caption=None if ordered else letter or None,
                alt=opened.study.say("picture", letter=letter).strip(),
                width="stretch",
                output_format="PNG",
            )

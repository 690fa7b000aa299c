"""What is given out of a study, its completion codes, and what was done with it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from studies.analysis.tidy import write_archive
from studies.ballots.administration import check_codes, completion_codes
from studies.ballots.events import log_event
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll, read_poll


def show_files(opened: OpenStudy, poll: Poll) -> None:
    """Offer the files. Not in what is drawn again and again: a click would come too late."""
    st.subheader("Export")
    st.download_button(
        "Design, participants and answers (CSV, zip)",
        data=lambda: _exported(opened),
        file_name=f"{opened.study.name}.zip",
        on_click="ignore",
    )
    st.download_button(
        "Completion codes (CSV)",
        data=lambda: _codes(opened),
        file_name=f"{opened.study.name}-codes.csv",
        on_click="ignore",
    )
    st.caption("Codes stand beside no name and no answer. Keep them out of what you publish.")
    given = st.text_area("Completion codes to check, one a line", max_chars=20_000)
    if given.split():
        st.dataframe(check_codes(opened.ballots, opened.key, given.split()), hide_index=True)
    st.subheader("What was done with this study")
    if len(poll.events):
        st.dataframe(poll.events, hide_index=True)
    else:
        st.caption("Nothing yet.")


def _exported(opened: OpenStudy) -> bytes:
    poll = read_poll(opened.ballots, opened.study.name)
    log_event(opened.ballots, opened.key, "exported", f"{len(poll.votes)} votes, by the page")
    return zipped(poll)


def _codes(opened: OpenStudy) -> str:
    table = completion_codes(opened.ballots, opened.key)
    log_event(opened.ballots, opened.key, "codes", f"listed {len(table)}, by the page")
    return str(table.to_csv(index=False))


def zipped(poll: Poll) -> bytes:
    """Return the export as one zip file."""
    stream = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(stream, "w") as archive:
        for path in write_archive(poll, Path(folder)):
            archive.write(path, path.name, zipfile.ZIP_DEFLATED)
    return stream.getvalue()

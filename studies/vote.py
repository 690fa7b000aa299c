"""The voting page: ``streamlit run studies/vote.py -- --study FOLDER [--admin]``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import streamlit as st

from dfr.core.errors import UserError
from studies.ballots.database import BallotsDown
from studies.ballots.location import DATABASE
from studies.ballots.opening import OpenStudy, open_study
from studies.design.study import read_study, study_file
from studies.page import administrator, participant
from studies.page.messages import out_of_reach, sorry, try_again

log = logging.getLogger("studies.vote")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="streamlit run studies/vote.py --", description="The voting page of a user study."
    )
    parser.add_argument("--study", type=Path, help="the study's file (.toml), or its folder")
    parser.add_argument(
        "--database",
        help=f"URL or file of the ballots (default: {DATABASE}, else votes.sqlite beside the file)",
    )
    parser.add_argument(
        "--admin",
        action="store_true",
        help=f"the administrator's page; needs {administrator.TOKEN}",
    )
    return parser.parse_args()


def _no_study() -> None:
    """Say how to begin, to whoever started the page without a study."""
    st.title("No study is named")
    st.write("A study has a folder of its own. Make one of a run, and start this page with it:")
    st.code(
        "dfr votes new spring --run runs/cpu\nstreamlit run studies/vote.py -- --study spring",
        language="sh",
    )


@st.cache_resource(show_spinner="Opening the study")
def _open(study: Path, database: str | None) -> OpenStudy:
    file = study_file(study)
    return open_study(read_study(file), file.parent, database)


def main() -> None:
    """Show the page; whatever goes wrong is told kindly here, and in full in the log."""
    st.set_page_config(page_title="Which picture is better?", layout="wide")
    asked = _arguments()
    if asked.study is None:
        _no_study()
        return
    try:
        if asked.admin and not administrator.let_in():
            return
        opened = _open(asked.study, asked.database)
        (administrator if asked.admin else participant).show(opened)
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach()
    except UserError as error:
        log.error("%s", error)
        if asked.admin:  # whoever is here gave the token
            st.error(str(error), icon=":material/error:")
        else:
            try_again("This study cannot be shown at the moment. Please come back later.")
    except Exception:
        log.exception("the page failed")
        sorry()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    main()

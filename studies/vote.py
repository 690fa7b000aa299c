"""The voting page: ``streamlit run studies/vote.py [-- --study FILE | --run RUN | --admin]``."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import streamlit as st

from dfr.core.errors import UserError
from studies.ballots.database import BallotsDown
from studies.ballots.location import DATABASE
from studies.ballots.opening import OpenStudy, choose_study, open_study
from studies.page import administrator, participant
from studies.page.messages import out_of_reach, sorry

log = logging.getLogger("studies.vote")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="streamlit run studies/vote.py --",
        description="The voting page of a user study. Without options, of the newest run.",
    )
    parser.add_argument("--study", type=Path, help="study file (.toml)")
    parser.add_argument("--run", type=Path, help="folder of the run whose outputs are compared")
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="where the newest run is sought (runs)"
    )
    parser.add_argument(
        "--database",
        help=f"URL or file of the ballots (default: {DATABASE}, else votes.sqlite in the run)",
    )
    parser.add_argument(
        "--admin",
        action="store_true",
        help=f"the administrator's page; needs {administrator.TOKEN}",
    )
    return parser.parse_args()


@st.cache_resource(show_spinner="Opening the study")
def _open(study: Path | None, run: Path | None, runs: Path, database: str | None) -> OpenStudy:
    home = study.parent if study is not None else None
    return open_study(choose_study(study, run, runs), database, home)


def main() -> None:
    """Show the page; whatever goes wrong is told kindly here, and in full in the log."""
    st.set_page_config(page_title="Which picture is better?", layout="wide")
    try:
        asked = _arguments()
        if asked.admin and not administrator.let_in():
            return
        opened = _open(asked.study, asked.run, asked.runs, asked.database)
        (administrator if asked.admin else participant).show(opened)
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach()
    except UserError as error:
        log.error("%s", error)
        st.error(str(error), icon=":material/error:")
    except Exception:
        log.exception("the page failed")
        sorry()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    main()

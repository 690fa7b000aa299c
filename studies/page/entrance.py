"""Who stands before the page: known by a link, a platform's id, an invitation, or the browser."""

from __future__ import annotations

import streamlit as st

from studies.ballots.ballots import StudyFull, TooMany
from studies.ballots.doors import NotAdmitted, browser_id, platform_id, typed_code
from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused
from studies.design.study import OWN_PARAMETERS

#: The parts of the address that make a link private, and that hold an invitation.
LINK, INVITATION = OWN_PARAMETERS

#: Streamlit's own; see `studies.ballots.doors.browser_id`.
_COOKIE = "_streamlit_xsrf"

#: What visitors read who may not come in.
_WHY = {
    "no_id": "Please open this page by the link on the platform that invited you: this address "
    "lacks your participant id.",
    "bad_id": "The participant id in this address cannot be read. Please open this page by the "
    "link on the platform that invited you.",
    "two_ids": "This address holds two participant ids. Please open this page by the link on the "
    "platform that invited you.",
    "no_cookie": "Everybody can take part once, and your browser does not let this page know that "
    "it is here for the first time. Please allow cookies for this page and load it again.",
}


def visitor(opened: OpenStudy) -> str | None:
    """Return the secret of whoever looks at the page; None where they may not come in.

    What they have to do to be let in is then on the page.
    """
    known = st.query_params.get(LINK) or st.session_state.get(LINK)
    if known:
        return str(known)
    try:
        match opened.study.door:
            case "platform":
                return opened.secret_of(
                    platform_id(st.query_params.get_all(opened.study.id_parameter))
                )
            case "open":
                return opened.secret_of(browser_id(st.context.cookies.get(_COOKIE)))
            case _:
                return _invited(opened)
    except NotAdmitted as error:
        with st.container(key="text"):
            st.title(opened.study.title)
            st.warning(_WHY[error.why], icon=":material/front_hand:")
        return None


def _invited(opened: OpenStudy) -> str | None:
    """Return the secret of whoever has an invitation, or ask for its code."""
    code = st.query_params.get(INVITATION) or st.session_state.get(INVITATION, "")
    secret = opened.secret_of(typed_code(code))
    if code and opened.ballots.is_invited(opened.key, secret):
        return secret
    with st.container(key="text"):
        st.title(opened.study.title)
        if code:
            st.warning("This invitation is not known. Please look at the code again.")
        with st.form("invitation", border=False):
            typed = st.text_input("The code of your invitation", max_chars=40)
            if st.form_submit_button("Enter", type="primary"):
                st.query_params.clear()
                st.session_state[INVITATION] = typed
                st.rerun()
    return None


def join(opened: OpenStudy, secret: str) -> None:
    """Give a visitor a place, or remember why there is none."""
    study = opened.study
    try:
        opened.ballots.join(
            opened.key,
            secret,
            invited=study.door == "invitation",
            per_minute=study.newcomers_per_minute,
        )
        # The address is a private link from here on; ids and codes need not stand in it.
        st.query_params.clear()
        st.session_state[LINK] = secret
    except StudyFull:
        st.session_state["not joined"] = (
            "All places are taken at the moment. A place may become free within half an hour; "
            "thank you for your interest."
        )
    except TooMany:
        st.session_state["not joined"] = (
            "Many people are beginning at this moment. Please press Begin again in a minute."
        )
    except Refused:
        st.session_state["not joined"] = "This study has ended. Thank you for your interest."

"""Who stands before the page: known by a link, a platform's id, an invitation, or the browser."""

from __future__ import annotations

import streamlit as st

from studies.ballots.doors import NotAdmitted, browser_id, platform_id, typed_code
from studies.ballots.newcomers import StudyFull, TooMany
from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused
from studies.design.demographics import LONGEST_REPLY
from studies.design.study import OWN_PARAMETERS, Study
from studies.page.timing import BEGAN

#: The parts of the address that make a link private, and that hold an invitation.
LINK, INVITATION = OWN_PARAMETERS

#: In the session: whether a box of the consent is ticked; its number follows.
BOX = "box "
#: In the session: a reply about oneself; the name of its question follows.
ABOUT = "about "
#: In the session: what a visitor reads who has no place.
NOT_JOINED = "not joined"
#: Streamlit's own; see `studies.ballots.doors.browser_id`.
_COOKIE = "_streamlit_xsrf"


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
            st.warning(opened.study.say(error.why), icon=":material/front_hand:")
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
            st.warning(opened.study.say("unknown_invitation"))
        with st.form("invitation", border=False):
            typed = st.text_input(opened.study.say("invitation_code"), max_chars=40)
            if st.form_submit_button(opened.study.say("enter"), type="primary"):
                st.query_params.clear()
                st.session_state[INVITATION] = typed
                st.rerun()
    return None


def ask_about(study: Study) -> None:
    """Ask a visitor the questions about themselves; what they say is kept when they begin."""
    if not study.demographics:
        return
    st.subheader(study.say("about_you"))
    for asked in study.demographics:
        label = asked.text if asked.required else study.say("optional", question=asked.text)
        key = f"{ABOUT}{asked.name}"
        if asked.choices:
            st.selectbox(label, asked.choices, index=None, key=key, placeholder=study.say("choose"))
        else:
            st.text_input(label, key=key, max_chars=LONGEST_REPLY)


def replies(study: Study) -> dict[str, str]:
    """Return what a visitor told about themselves, by the names of the questions."""
    found = {}
    for asked in study.demographics:
        # PostgreSQL takes no NUL in a text.
        reply = str(st.session_state.get(f"{ABOUT}{asked.name}") or "").replace("\0", "").strip()
        if reply and asked.accepts(reply):
            found[asked.name] = reply
    return found


def join(opened: OpenStudy, secret: str) -> None:
    """Give a visitor a place, or remember why there is none."""
    study = opened.study
    boxes = range(len(study.consent_boxes))
    if not all(st.session_state.get(f"{BOX}{number}") for number in boxes):
        st.session_state[NOT_JOINED] = study.say("tick_all")
        return
    about = replies(study)
    for asked in study.demographics:
        if asked.required and asked.name not in about:
            st.session_state[NOT_JOINED] = study.say("please_reply", question=asked.text)
            return
    try:
        opened.ballots.join(
            opened.key,
            secret,
            invited=study.door == "invitation",
            per_minute=study.newcomers_per_minute,
            about=about,
        )
        # The address is a private link from here on; ids and codes need not stand in it.
        st.query_params.clear()
        st.session_state[LINK] = secret
        st.session_state[BEGAN] = True
    except StudyFull:
        st.session_state[NOT_JOINED] = study.say("full")
    except TooMany:
        st.session_state[NOT_JOINED] = study.say("too_many")
    except Refused:
        st.session_state[NOT_JOINED] = study.say("ended_for_newcomers")

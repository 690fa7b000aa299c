"""Who may come in, and that nobody comes twice: ids become secrets by a key, and are not kept.

A visitor is known by an id: of a recruitment platform, of an invitation, or of the browser. The
secret of their private link is a keyed hash of it (HMAC-SHA256), so the same id always leads to
the same place, from any tab and any process, and the ballots hold the hash of that secret and not
the id. Without the key nobody can tell from the ballots whether an id took part, not even by trying
all ids. The key lies in a file beside the ballots and is in no export. Once it is deleted, the ids
cannot be told again by anybody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from dfr.core.errors import UserError

#: Who is let in: whom a platform sends, who has an invitation, or anybody, once per browser.
Door = Literal["platform", "invitation", "open"]

#: Letters and digits that nobody takes for one another: codes are read aloud and copied by hand.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Characters of a code: one in 6 * 10^14 is guessed.
CODE_LENGTH = 10
#: The file of the key, beside the ballots.
KEY_FILE = "votes.key"

_KEY_BYTES = 32
#: What ids of platforms look like.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:-]{3,99}")


class NotAdmitted(Exception):
    """This visitor may not come in.

    Attributes:
        why: which message of the page says it.
    """

    def __init__(self, why: Literal["no_id", "bad_id", "two_ids", "no_cookie"]) -> None:
        super().__init__(why)
        self.why = why


def read_key(path: Path) -> bytes:
    """Return the key of a file; the first to ask makes it, readable to its owner alone.

    Raises:
        UserError: the file cannot be read or made, or holds no key.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            try:
                os.link(new, path)  # whole, and never over the key of a process that was faster
            except FileExistsError:
                pass
            finally:
                new.unlink()
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no key"
        raise UserError(f"{path}: cannot be read as the key of a study ({reason})") from error
    if len(key) != _KEY_BYTES:
        raise UserError(f"{path}: cannot be read as the key of a study (it was cut short)")
    return key


def secret_of(key: bytes, study: str, door: Door, given: str) -> str:
    """Return the secret of the private link of whoever has this id.

    Args:
        key: see `read_key`.
        study: name of the study; in another study the same id gives another secret.
        door: by which they come.
        given: their id.
    """
    message = "\0".join((study, door, given)).encode("utf-8", "surrogatepass")
    digest = hmac.new(key, message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:24]).decode()


def platform_id(values: Sequence[str]) -> str:
    """Return the id that a platform put into the address.

    Args:
        values: of the parameter, as often as it stands there.

    Raises:
        NotAdmitted: there is none, there are several, or it is not what an id looks like.
    """
    told = {value.strip() for value in values} - {""}
    if not told:
        raise NotAdmitted("no_id")
    if len(told) > 1:
        raise NotAdmitted("two_ids")
    (value,) = told
    # A template that the platform did not fill in, such as {{%PROLIFIC_PID%}}, is no id either.
    if not _ID.fullmatch(value):
        raise NotAdmitted("bad_id")
    return value


def browser_id(cookie: str | None) -> str:
    """Return what stays the same in a browser: the bytes that its XSRF cookie holds.

    Streamlit gives every browser this cookie, and masks its bytes anew at each visit
    (``2|mask|masked bytes|time``).

    Raises:
        NotAdmitted: the browser sent no such cookie.
    """
    try:
        _, mask, masked, _ = str(cookie or "").split("|")
        around = bytes.fromhex(mask)
        found = bytes(byte ^ around[at % 4] for at, byte in enumerate(bytes.fromhex(masked)))
    except (ValueError, IndexError) as error:
        raise NotAdmitted("no_cookie") from error
    if len(found) < 16:
        raise NotAdmitted("no_cookie")
    return found.hex()


def new_code() -> str:
    """Draw a code for an invitation, or for the end of the study."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def typed_code(text: str) -> str:
    """Return a code as it was drawn, whatever case and dashes a person typed."""
    return re.sub(r"[\s-]", "", text[:200]).upper()

"""Questions about the participants themselves, such as their age."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

#: The longest reply in a participant's own words, in characters.
LONGEST_REPLY = 200
_Choice = Annotated[str, Field(min_length=1, max_length=LONGEST_REPLY)]


class Demographic(BaseModel):
    """A question about a participant; nobody has to answer it unless the study file says so.

    Attributes:
        name: of its replies in the export.
        text: what participants read.
        choices: one of them is the reply; if empty, it is in a participant's own words.
        required: nobody begins without a reply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    text: str = Field(min_length=1, max_length=400)
    choices: tuple[_Choice, ...] = Field(default=(), max_length=100)
    required: bool = False

    @model_validator(mode="after")
    def _can_be_chosen(self) -> Demographic:
        if len(self.choices) == 1 or len(set(self.choices)) < len(self.choices):
            raise ValueError(f"'{self.name}' needs several choices, all different, or none")
        return self

    def accepts(self, reply: str) -> bool:
        """Tell whether this can be somebody's reply."""
        if self.choices:
            return reply in self.choices
        return len(reply) <= LONGEST_REPLY

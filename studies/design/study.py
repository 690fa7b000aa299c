"""A study: what is asked of whom, fixed before the first vote. Read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dfr.core.errors import UserError
from dfr.core.files import read_toml, wrong_value
from studies.design.demographics import Demographic
from studies.design.trial import PICTURES, SCALES, SEVERAL, Task, answers_of
from studies.design.words import LANGUAGES, Language, check_own, words_in

#: name -> what a participant reads, in English.
QUESTIONS: Mapping[str, str] = {
    name: words_in("en")[f"question_{name}"] for name in ("overall", "style", "content")
}
Question = Literal["overall", "style", "content"]
#: How the names of a question's texts begin, by how a study asks.
_ASKS: Mapping[Task, str] = {
    "pairs": "question", "rating": "rate", "best": "best", "ranking": "order",
}  # fmt: skip
Text = Annotated[str, Field(min_length=1, max_length=4000)]

#: Parts of the address that the page itself uses: the private link, and an invitation.
OWN_PARAMETERS = ("me", "invite")


class Study(BaseModel):
    """Settings of a study; the defaults are the published study's size.

    Attributes:
        name: short unique name; a database holds several studies.
        title: what participants read above every page.
        run: folder of the run whose outputs are compared; a relative one is sought beside the
            study file.
        methods: labels of the run's methods to compare; all of them if empty.
        questions: asked one after another about each two pictures.
        task: "pairs", which of two is better; "rating", how good one is; "best", which of several
            is the best; or "ranking", in which order several are.
        scale: marks of a rating.
        pictures: how many are shown at a time, of "best" and "ranking".
        cannot_say: of pairs, whether "can't say" is offered; if not, one of the two has to be
            chosen.
        participants: how many people.
        trials: counted trials of each of them.
        practice: trials before, which are not counted.
        repeats: counted trials that come again with sides changed.
        catches: trials with a right answer.
        drop_at: a participant who fails this many catch trials is left out of the ranking.
        judges: how many participants see the same two pictures.
        adaptive: of pairs, which two methods meet is chosen while people answer, by what is least
            known (`studies.design.adaptive`).
        random_share: of the counted trials of an adaptive study; their pairs are planned at random
            before it.
        precision: the study may end when no 95 % interval of a strength is wider; 0 for none. The
            plan of `dfr votes preregister` says so, and the administrator's page tells how far it
            is without showing the ranking.
        break_every: trials between two breaks; 0 for none.
        seed: of the design.
        door: who is let in: whom a recruitment platform sends ("platform"), who has an invitation
            ("invitation"), or anybody, once per browser ("open").
        id_parameter: the part of the address that holds a platform's id of the participant.
        newcomers_per_minute: more have to wait.
        completion_link: where participants go from the last page, such as a platform's; "{code}" in
            it stands for their completion code. None if empty.
        language: of the page's own words.
        words: texts of the page in words of one's own, by their names in ``languages/en.toml``;
            those that are not here are in ``language``.
        right_to_left: texts run from right to left; pictures A and B stay where they are.
        introduction: a paragraph on the first page; by default in the page's own words.
        consent: what a participant agrees to; likewise.
        consent_boxes: each has to be ticked before one can begin ("I am 18 or older").
        demographics: questions about the participants, asked before they begin.
        contact: who answers questions.
        ethics: number of the approval of an ethics board.
        hypotheses: what the study is to find out, for `dfr votes preregister`.
        simulated: the voters are programs, not people; every table and figure then says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")
    title: Annotated[str, Field(min_length=1, max_length=120)] = "Which picture is better?"
    run: Path | None = None
    methods: tuple[str, ...] = ()
    questions: tuple[Question, ...] = Field(default=("overall",), min_length=1)
    task: Task = "pairs"
    scale: int = Field(default=5, ge=SCALES[0], le=SCALES[1])
    pictures: int = Field(default=4, ge=PICTURES[0], le=PICTURES[1])
    cannot_say: bool = True
    participants: int = Field(default=30, ge=1, le=100_000)
    trials: int = Field(default=20, ge=1, le=1000)
    practice: int = Field(default=2, ge=0, le=20)
    repeats: int = Field(default=2, ge=0, le=100)
    catches: int = Field(default=9, ge=0, le=100)
    drop_at: int = Field(default=2, ge=1)
    judges: int = Field(default=3, ge=1)
    adaptive: bool = False
    random_share: float = Field(default=0.25, ge=0.1, le=0.9)
    precision: float = Field(default=0, ge=0, allow_inf_nan=False)
    break_every: int = Field(default=10, ge=0)
    seed: int = Field(default=0, ge=0, lt=2**63)
    door: Literal["platform", "invitation", "open"] = "invitation"
    id_parameter: str = Field(default="PROLIFIC_PID", pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")
    newcomers_per_minute: int = Field(default=30, ge=1, le=100_000)
    completion_link: str = Field(default="", pattern=r"^(https?://[^\s<>\"]+)?$", max_length=500)
    language: Language = "en"
    words: Mapping[str, str] = Field(default_factory=dict)
    right_to_left: bool = False
    introduction: Text = ""  # see `_own_words`
    consent: Text = ""
    consent_boxes: tuple[Text, ...] = Field(default=(), max_length=20)
    demographics: tuple[Demographic, ...] = Field(default=(), max_length=20)
    contact: str = Field(default="", max_length=400)
    ethics: str = Field(default="", max_length=400)
    hypotheses: tuple[Text, ...] = Field(default=(), max_length=50)
    simulated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _own_words(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("language", "en") not in LANGUAGES:
            return given
        words = given.get("words", {})
        words = words if isinstance(words, dict) else {}
        texts = {**words_in(given.get("language", "en")), **words}
        own = {name: texts[name] for name in ("introduction", "consent")}
        task = given.get("task", "pairs")
        if task in _ASKS and task != "pairs":
            number = given.get("pictures", cls.model_fields["pictures"].default)
            told = texts[f"introduction_{task}"].replace("{number}", str(number))
            own |= {"introduction": told, "title": texts[f"title_{task}"]}
        return {**own, **given}

    @model_validator(mode="after")
    def _fits(self) -> Study:
        check_own(self.words)
        if self.repeats > self.trials:
            raise ValueError(f"{self.repeats} repeats of {self.trials} trials; ask for fewer")
        if self.judges > self.participants:
            raise ValueError(
                f"{self.judges} judges of {self.participants} participants; ask for fewer"
            )
        if self.adaptive and self.task != "pairs":
            raise ValueError(
                f'adaptive: is for pairs alone; leave it out, or the task = "{self.task}"'
            )
        if self.id_parameter in OWN_PARAMETERS:
            raise ValueError(f"id_parameter: '{self.id_parameter}' is a word of the page's own")
        for name, given in (
            ("questions", self.questions),
            ("methods", self.methods),
            ("demographics", tuple(each.name for each in self.demographics)),
        ):
            if len(set(given)) < len(given):
                raise ValueError(f"{name}: lists a name twice: {', '.join(given)}")
        return self

    def say(self, name: str, **blanks: object) -> str:
        """Return a text of the page, with its blanks filled in."""
        texts = self.words if name in self.words else words_in(self.language)
        return texts[name].format(**blanks)

    @property
    def screens(self) -> int:
        """Trials of one participant, of every kind."""
        return self.practice + self.trials + self.repeats + self.catches

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be answered."""
        return answers_of(self.task, self.scale, self.cannot_say, self.pictures)

    def ask(self, question: Question) -> str:
        """Return the text of a question."""
        return self.say(f"{_ASKS[self.task]}_{question}")

    @property
    def design_settings(self) -> dict[str, Any]:
        """What `studies.design.design.make_design` takes."""
        names = ("participants", "trials", "practice", "repeats", "catches", "judges", "seed")
        return {
            **{name: getattr(self, name) for name in names},
            "scale": self.scale if self.task == "rating" else 0,
            "pictures": self.pictures if self.task in SEVERAL else 2,
            "ranked": self.task == "ranking",
            "random_share": self.random_share if self.adaptive else 1.0,
        }


def ask_in_english(task: Task, question: str) -> str:
    """Return the text of a question in English, also of a study in another language."""
    return words_in("en").get(f"{_ASKS[task]}_{question}", question)


def read_study(path: Path) -> Study:
    """Read a study file.

    Raises:
        UserError: the file is missing, is not TOML, or has a value that cannot be used.
    """
    asked = read_toml(path, "study file")
    try:
        study = Study.model_validate({"name": path.stem.lower(), **asked})
    except ValidationError as error:
        raise wrong_value(path, error) from error
    if study.run is not None:
        study = study.model_copy(update={"run": path.parent / study.run})
    return study


def study_file(path: Path) -> Path:
    """Return the study file that a path names: itself, or the only one in a folder.

    Raises:
        UserError: the folder holds none, or several.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.toml"))
    if len(found) == 1:
        return found[0]
    listed = ", ".join(file.name for file in found) or "none"
    raise UserError(f"{path}: which study file? This folder holds {listed}")

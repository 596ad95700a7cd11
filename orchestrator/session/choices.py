"""Say what choosing one of a question's suggestions does: the first words of a suggestion say it to people, and here.

``answer with …`` takes words of the person's own; ``answer that …``, ``answer '…'`` and ``answer to …`` send words;
``stop …`` stops the session; ``look …``, ``read …`` and ``wait …`` send nothing.  Any other suggestion is sent as it
stands.
"""

from __future__ import annotations

from orchestrator.late_pattern import late_pattern
from orchestrator.models.entries import Command, UserCommand
from orchestrator.models.facts import Question
from orchestrator.session.consents import YES, choice, is_consent, misunderstood
from orchestrator.session.state import Session

OWN_WORDS = "answer with "
"""A suggestion that begins so is no answer itself: it asks for one in the person's own words."""
_STOP = late_pattern(r"stop\b")
_QUOTED = late_pattern(r"answer '([^']+)'")
_SENDS_NOTHING = ("look ", "read ", "wait")
_GO_ON = "go on"


def answer_command(question: Question, text: str, *, by: str, who: str = "") -> UserCommand:
    """The command that an answer, a number or words, comes to; ask :func:`no_answer` first whether it is one.

    Args:
        by: From where it is given: ``terminal``, ``dashboard``, a command.
        who: Whose hand it is, as far as the machine knows.
    """
    chosen = choice(question, text)
    if chosen is not None and _STOP.match(chosen):
        return UserCommand(Command.STOP, by=by, text=chosen, who=who)
    return UserCommand(Command.ANSWER, by=by, text=_sent(chosen, text.strip()), question=question.id, who=who)


def _sent(chosen: str | None, words: str) -> str:
    """The text that is sent to the agent."""
    if chosen is None:
        return words
    if quoted := _QUOTED.match(chosen):
        return quoted[1]
    if chosen.startswith("answer that "):
        return chosen.removeprefix("answer that ").partition(";")[0]
    if chosen.startswith("answer to "):
        return _GO_ON
    # In the person's own spelling, where it is no number.
    return words if words.lower() == chosen.lower() else chosen


def no_answer(session: Session, question: Question, text: str) -> str | None:
    """Explain why the text does not answer the question; ``None`` if it does."""
    problem = misunderstood(session, question, text)
    chosen = choice(question, text)
    if problem is not None or chosen is None or is_consent(session, question):
        return problem
    if chosen.startswith(OWN_WORDS):
        return f"that takes words of your own: answer {question.id} with them, not with the number of the suggestion"
    if chosen.startswith(_SENDS_NOTHING):
        return f"that sends nothing ({chosen}); {question.id} is still open"
    return None


def choice_effect(question: Question, chosen: str, *, consent: bool = False, in_place: bool = False) -> str:
    """What choosing this suggestion does, in words for whoever decides; it is what :func:`answer_command` makes of it.

    Args:
        consent: The question is whether a command may run.
        in_place: After a yes the orchestrator runs it in the worker's place.
    """
    who = str(question.about) if question.about is not None else "the session"
    if consent:
        if chosen != YES:
            return f"it is refused; {who} is told so, and goes on"
        return f"exactly this is sent, in the place of {who}" if in_place else "it runs, this once"
    if _STOP.match(chosen):
        return "the session stops; orchestrate resume goes on with it, orchestrate undo takes its change back"
    if chosen.startswith(OWN_WORDS):
        return f"type the words in place of the number: they are told to {who}, which goes on"
    if chosen.startswith(_SENDS_NOTHING):
        return "nothing is sent, and the question stays open"
    return f"“{_sent(chosen, chosen)}” is told to {who}, which goes on"

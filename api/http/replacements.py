"""The routes of new locks and replacements.  They are Latchwork's own; Seam has none."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.http.parameters import Nothing, OfOneDevice, Text
from api.http.table import Body, Call
from api.replacement_reading import LONGEST_PLACE
from api.resources.replacement import question_resource, replacement_resource
from domain.replacement import Answer


class AnswerQuestion(OfOneDevice):
    """Parameters of `/latchwork/device_questions/answer`: it is new, at some place, or not to be asked about."""

    answer: Literal["new", "dismissed"]
    place: Text | None = Field(default=None, max_length=LONGEST_PLACE)


class StartReplacement(OfOneDevice):
    """Parameters of `/latchwork/replacements/start`; `device_id` is the new lock."""

    replaces_device_id: UUID


async def list_questions(call: Call[Nothing]) -> Body:
    """Show the new locks that nobody has said anything of, each with the one that it likely replaces."""
    found = await call.services.replacements.questions(call.workspace_id, call.now)
    return {"device_questions": [question_resource(one) for one in found]}


async def answer(call: Call[AnswerQuestion]) -> Body:
    """Take what somebody says of a new lock that replaces none."""
    asked = call.asked
    said = Answer(asked.answer)
    await call.services.replacements.answer(call.workspace_id, asked.device_id, said, call.now, place=asked.place)
    return {}


async def start(call: Call[StartReplacement]) -> Body:
    """Have a new lock take another's place: every live and future code moves to it, one by one."""
    asked = call.asked
    found = await call.services.replacements.start(call.workspace_id, asked.device_id, asked.replaces_device_id)
    return {"replacement": replacement_resource(found)}


async def get(call: Call[OfOneDevice]) -> Body:
    """Show how far the replacement by a new lock is."""
    found = await call.services.replacements.get(call.workspace_id, call.asked.device_id)
    return {"replacement": replacement_resource(found)}


async def list_replacements(call: Call[Nothing]) -> Body:
    """Show the replacements, the newest first."""
    found = await call.services.replacements.list(call.workspace_id)
    return {"replacements": [replacement_resource(one) for one in found]}


async def roll_back(call: Call[OfOneDevice]) -> Body:
    """Have the codes that were moved go back to the lock that was replaced."""
    found = await call.services.replacements.roll_back(call.workspace_id, call.asked.device_id)
    return {"replacement": replacement_resource(found)}

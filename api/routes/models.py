"""Models under test; those whose answers were recorded elsewhere can be registered here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from api.dependencies import Db, ModelName, Project, Upload
from api.routes.documented import problems
from api.schemas.catalogue import ModelIn, ModelOut, RefusedLine, UploadOut
from api.schemas.common import Name, Page
from api.security import JSON_LINES, require_json, require_json_lines
from sightline.errors import Conflict, NotFound
from sightline.inference.models import recorded_spec
from sightline.recording import take_answers
from sightline.store import catalogue
from sightline.store.tables import Model

router = APIRouter(prefix="/v1/models", tags=["models"])

EXAMPLE = '{"sample": "validation_Art_1", "answer": "B"}\n'


@router.get("", responses=problems())
def list_models(database: Db, project: Project) -> Page[ModelOut]:
    """The models that can be named in a job."""
    with database.reading() as session:
        items = [_model_out(session, model) for model in catalogue.list_models(session, project)]
    return Page(items=items, next_cursor=None)


@router.get("/{name}", responses=problems(404))
def get_model(name: ModelName, database: Db, project: Project) -> ModelOut:
    """A model under test."""
    with database.reading() as session:
        return _model_out(session, catalogue.get_model(session, project, name))


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(require_json)],
    responses=problems(409, 413, 415),
)
def post_model(
    body: ModelIn, request: Request, response: Response, database: Db, project: Project
) -> ModelOut:
    """Register a model with recorded answers; upload them next."""
    spec = recorded_spec(body.name, body.title, tuple(body.tags))
    with database.transaction() as session:
        if _is_known(session, project, body.name):
            raise Conflict(f"there is a model {body.name!r} already")
        model = catalogue.put_model(
            session,
            project,
            name=spec.name,
            source=spec.source,
            queue=spec.queue,
            spec=spec.to_json(),
        )
        registered = _model_out(session, model)
    response.headers["Location"] = str(request.app.url_path_for("get_model", name=body.name))
    return registered


@router.post(
    "/{name}/answers",
    dependencies=[Depends(require_json_lines)],
    responses=problems(404, 409, 413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JSON_LINES[0]: {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    },
)
def post_answers(
    name: ModelName,
    benchmark: Annotated[Name, Query(description="The benchmark they answer.")],
    body: Upload,
    database: Db,
    project: Project,
) -> UploadOut:
    """Upload recorded answers, one JSON object a line; what is there already is kept.

    `sample` and `answer` are needed; `finish_reason` ("stop" or "length") and `repeat` (from 0)
    may be left out. A line that cannot be taken is refused alone.
    """
    taken = take_answers(database, project, name, benchmark, body)
    return UploadOut(
        accepted=taken.accepted,
        duplicates=taken.duplicates,
        refused=taken.refused,
        refusals=[RefusedLine(line=each.line, problem=each.problem) for each in taken.refusals],
    )


def _is_known(session: Session, project: str, name: str) -> bool:
    try:
        catalogue.get_model(session, project, name)
    except NotFound:
        return False
    return True


def _model_out(session: Session, model: Model) -> ModelOut:
    return ModelOut(
        name=model.name,
        title=model.spec["title"],
        tags=model.spec["tags"],
        source=model.source,
        queue=model.queue,
        revision=model.revision,
        serving=model.spec["serving"],
        recorded=catalogue.count_recorded(session, model.id),
        created_at=model.created_at,
    )

"""Models under test; those whose answers were recorded elsewhere can be registered here."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from api.dependencies import Db, ModelName, Project
from api.routes.documented import problems
from api.schemas.catalogue import ModelIn, ModelOut
from api.schemas.common import Page
from api.security import require_json
from sightline.errors import Conflict, NotFound
from sightline.inference.models import recorded_spec
from sightline.store import catalogue
from sightline.store.tables import Model

router = APIRouter(prefix="/v1/models", tags=["models"])


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

"""Projects: who owns things."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sightline.store.database import insert_new
from sightline.store.ids import utc_now
from sightline.store.tables import Project

DEFAULT_PROJECT = "default"


def ensure_default_project(session: Session) -> str:
    """The one project of an installation without keys; made where it is missing."""
    row = {"id": DEFAULT_PROJECT, "name": DEFAULT_PROJECT, "created_at": utc_now()}
    insert_new(session, Project, [row])
    return DEFAULT_PROJECT

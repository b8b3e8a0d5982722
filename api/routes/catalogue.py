"""Benchmarks, metrics and images: what there is to evaluate with."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.conditional import conditional
from api.dependencies import BenchmarkName, Config, Db, ImageDigest, Project
from api.routes.documented import problems
from api.schemas.catalogue import BenchmarkOut, MetricOut, PublishedOut, TaskOut
from api.schemas.common import Page
from sightline.images import ImageStore
from sightline.metrics import METRICS
from sightline.store import catalogue
from sightline.store.tables import BenchmarkVersion

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/benchmarks", responses=problems())
def list_benchmarks(database: Db, project: Project) -> Page[BenchmarkOut]:
    """The benchmarks, each in its newest version."""
    with database.reading() as session:
        found = catalogue.list_benchmarks(session, project)
    return Page(items=[_benchmark_out(version) for version in found], next_cursor=None)


@router.get("/benchmarks/{name}", responses=problems(404))
def get_benchmark(name: BenchmarkName, database: Db, project: Project) -> BenchmarkOut:
    """A benchmark with its tasks."""
    with database.reading() as session:
        return _benchmark_out(catalogue.get_benchmark(session, project, name))


def _benchmark_out(version: BenchmarkVersion) -> BenchmarkOut:
    card = version.card
    return BenchmarkOut(
        name=version.name,
        title=version.title,
        version=version.digest,
        samples=version.n_samples,
        description=card["description"],
        licence=card["licence"],
        source=card["source"],
        primary_metric=card["primary_metric"],
        coverage_floor=card["coverage_floor"],
        recorded_only=card["recorded_only"],
        tasks=[TaskOut.model_validate(task) for task in card["tasks"].values()],
        published=[PublishedOut.model_validate(row) for row in card["published"]],
    )


@router.get("/metrics", responses=problems())
def list_metrics() -> Page[MetricOut]:
    """The metrics, each with its range and where its definition comes from."""
    items = [
        MetricOut(
            name=metric.name,
            version=metric.version,
            title=metric.title,
            description=metric.description,
            source=metric.source,
            low=metric.low,
            high=metric.high,
            binary=metric.binary,
        )
        for metric in METRICS.values()
    ]
    return Page(items=items, next_cursor=None)


@router.get(
    "/images/{digest}",
    response_class=Response,
    responses={
        200: {
            "description": "The image file as it was imported.",
            "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
        },
        304: {"description": "The caller has it already."},
        **problems(404),
    },
)
def get_image(
    digest: ImageDigest, request: Request, database: Db, project: Project, settings: Config
) -> Response:
    """An image's bytes, by its digest: they never change."""
    with database.reading() as session:
        image = catalogue.get_image(session, project, digest)
    headers = {"Cache-Control": "private, max-age=31536000, immutable"}
    known = conditional(request, digest, Response(headers=headers))
    if known.status_code == 304:
        return known
    data = ImageStore(settings.images_url).get(digest)
    return Response(data, media_type=image.media_type, headers={**headers, "ETag": f'"{digest}"'})

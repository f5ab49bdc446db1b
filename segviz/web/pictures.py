"""Pictures of the models, from their folders."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz.errors import NotFound
from segviz.inference import catalog, pictures
from segviz.store import Store, access
from segviz.web import answers
from segviz.web.errors import WrongToken, reported

SCOPE = "models"


def routes(store: Store) -> list[Route]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(picture, store, request)

    return [Route("/sv/models/{token}/{model}/{file}", reported(endpoint), methods=["GET"])]


def picture(store: Store, request: Request) -> Response:
    """One picture that the model's folder lists.

    Raises:
        WrongToken: the address does not carry the token of the models.
        NotFound: there is no such model (SV-MDL-001), or it has no such picture (SV-MDL-019).
    """
    if not access.allows(store.settings, SCOPE, request.path_params["token"]):
        raise WrongToken
    card = catalog.card(store.settings, request.path_params["model"])
    folder = pictures.folder_of(store.settings, card)
    for listed in pictures.of(folder):
        if listed.file == request.path_params["file"]:
            return answers.picture((folder / listed.file).read_bytes())
    raise NotFound(
        "SV-MDL-019", f"The model '{card.name}' has no such picture; load the page again."
    )

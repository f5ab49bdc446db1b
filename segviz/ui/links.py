"""Addresses of our own routes, each with the token of its case."""

from __future__ import annotations

from typing import Any

from segviz.case import Case, Visit
from segviz.inference.catalog import Card
from segviz.inference.pictures import Picture
from segviz.store import Store, access


def base(store: Store, case: Case) -> str:
    return f"/sv/cases/{case.id}/{access.token(store.settings, f'case:{case.id}')}"


def visit(store: Store, case: Case, of: Visit) -> str:
    return f"{base(store, case)}/visits/{of.id}"


def thumbnail(store: Store, case: Case) -> str:
    return f"{base(store, case)}/thumbnail.png?v={case.revision}"


def model_picture(store: Store, card: Card, picture: Picture) -> str:
    token = access.token(store.settings, "models")
    return f"/sv/models/{token}/{card.name}/{picture.file}?v={picture.sha256}"


def uploads(store: Store) -> str:
    return f"/sv/uploads/{access.token(store.settings, 'uploads')}"


def layer(store: Store, case: Case, of: Visit, layer_id: str) -> str:
    return f"{visit(store, case, of)}/layers/{layer_id}"


def query(case: Case, of: Visit | None = None, layer_id: str = "") -> dict[str, Any]:
    """What a page's address says of a case; a visit's first layer is not named."""
    named = of is not None and layer_id not in ("", of.id)
    return (
        {"case": case.id}
        | ({"visit": of.id} if of else {})
        | ({"layer": layer_id} if named else {})
    )

"""Evidence packs of the sections of the paper, as files to download."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from nexuskb.paper.packing import MEDIA_TYPES, pack_file
from nexuskb.paper.packs import read_pack
from nexuskb_api.facade import facade_of

router = APIRouter(tags=["Paper"])

#: Files kept, the ones asked for last.
_KEPT = 12


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    tag: str
    data: bytes


def _offer(form: str) -> None:
    """An address for each form: a section's number has a dot in it, so that an extension is not any text."""

    async def download(request: Request, section: str) -> Response:
        """The pack of a section, by identifier or number. The same content gives the same bytes."""
        found = await _made(request, section, form)
        headers = {
            "Content-Disposition": f'attachment; filename="{found.name}.{form}"',
            "ETag": found.tag,
        }
        if found.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": found.tag})
        return Response(found.data, 200, headers, media_type=MEDIA_TYPES[form])

    path, kind = f"/paper/{{section}}.{form}", MEDIA_TYPES[form].partition(";")[0]
    router.add_api_route(path, download, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        path,
        download,
        name=f"pack_{form}",
        summary=f"The evidence pack of a section as {form}",
        response_class=Response,
        responses={200: {"content": {kind: {}}}},
    )


async def _made(request: Request, section: str, form: str) -> _File:
    """The file from those that are kept, or made."""
    facade, state = facade_of(request), request.app.state
    generation = await facade.current()
    if not hasattr(state, "packs"):
        state.packs = OrderedDict()
    kept: OrderedDict[tuple[str, str, str], _File] = state.packs
    key = (generation, section, form)
    if key not in kept:
        pack = await facade.ask(read_pack(section, generation, facade.vocabularies))
        data = await facade.apart(lambda: pack_file(pack, form))
        kept[key] = _File(pack.section.identifier, f'"{pack.hash[:32]}-{form}"', data)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


for _form in MEDIA_TYPES:
    _offer(_form)

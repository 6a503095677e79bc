"""The least that can be served: FastAPI and pyoxigraph in memory, without limits, cache or workers.

``python -m benchmarks.bare FILE PORT`` loads N-Triples and answers SELECT and ASK as JSON.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qs

import pyoxigraph as ox
import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI()
store = ox.Store()
_JSON = "application/sparql-results+json"


@app.get("/sparql")
def by_get(query: str) -> Response:
    """Answer a query in the address."""
    return _answer(query)


@app.post("/sparql")
async def by_post(request: Request) -> Response:
    """Answer a query in a form."""
    return _answer(parse_qs((await request.body()).decode())["query"][0])


def _answer(query: str) -> Response:
    try:
        result = store.query(query)
    except SyntaxError as error:
        return Response(str(error), 400)
    if isinstance(result, ox.QueryTriples):
        return Response("SELECT and ASK only", 406)
    return Response(result.serialize(format=ox.QueryResultsFormat.JSON), media_type=_JSON)


if __name__ == "__main__":
    store.bulk_load(path=sys.argv[1], format=ox.RdfFormat.N_TRIPLES)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", access_log=False)

"""Signing in: a token is read once, and a session begins."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from nexuskb.errors import TokenError
from nexuskb.people.sessions import LASTS
from nexuskb_api.entry.room import COOKIE, SignInError, local_path, posted_by, posted_pairs
from nexuskb_api.facade import facade_of
from nexuskb_api.pages import page

router = APIRouter(include_in_schema=False)


@router.get("/signin")
async def sign_in_form(request: Request) -> Response:
    """The form for the token."""
    return _form(request, local_path(request.query_params.get("back", "")), "")


@router.post("/signin")
async def sign_in(request: Request) -> Response:
    """Begin a session and go back to where it was needed."""
    given = dict(await posted_pairs(request))
    back = local_path(given.get("back", ""))
    try:
        session = await facade_of(request).reception.begin_session(given.get("token", ""))
    except TokenError as error:
        return _form(request, back, str(error), 403)
    response = RedirectResponse(_below_root(request, back), 303)
    response.set_cookie(
        COOKIE,
        session.secret,
        max_age=int(LASTS.total_seconds()),
        path=_below_root(request, "/"),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/signout")
async def sign_out(request: Request) -> Response:
    """End the session."""
    session, _ = await posted_by(request)
    await facade_of(request).reception.end_session(session.secret)
    response = RedirectResponse(_below_root(request, "/"), 303)
    response.delete_cookie(COOKIE, path=_below_root(request, "/"))
    return response


def _form(request: Request, back: str, fault: str, status: int = 200) -> Response:
    return page(request, "signin.html", {"back": back, "fault": fault}, status, {"Cache-Control": "no-store"})


def _below_root(request: Request, path: str) -> str:
    return f"{request.scope.get('app_root_path', request.scope.get('root_path', ''))}{path}"


async def to_sign_in(request: Request, error: Exception) -> Response:
    """Lead somebody who has not signed in to where they can, and back."""
    assert isinstance(error, SignInError)  # noqa: S101 -- registered for this class
    target = request.url_for("sign_in_form").include_query_params(back=error.back)
    return RedirectResponse(str(target), 303)

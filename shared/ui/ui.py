"""Pages of a service: templates with the service's words, rendered whole or in part.

    ui = Ui("planner", Path(__file__).parent, root_path="/planner")
    ui.mount(app, vendor)                              # /static, /language, /theme
    return ui.render(request, "plan.html", items=items)

Templates are found by name in `<service>/<feature>/templates`, `<service>/templates` and here.
A page says `{% extends layout %}` and fills the blocks of `base.html`; asked by htmx, the same
page comes without the shell. `block=` renders one block alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from shared.auth import public
from shared.clock import Clock, utc_now
from shared.errors import N_, AppError, fill
from shared.ui.assets import STYLESHEETS, Assets
from shared.ui.compiled import CompiledTemplates
from shared.ui.formats import FILTERS
from shared.ui.i18n import LANGUAGES, choose_language, load_translations
from shared.ui.viewer import Viewer, gettext, ngettext, pgettext, rendering_for, viewer
from shared.ui.words import WORDS, sign

__all__ = ["CONTENT_SECURITY_POLICY", "LANGUAGE_COOKIE", "THEME_COOKIE", "Place", "Toast", "Ui"]

LANGUAGE_COOKIE = "understudy_language"
THEME_COOKIE = "understudy_theme"
DEFAULT_TIME_ZONE = "Europe/Berlin"

# Style attributes carry positions on boards and timelines, which no class can: numbers only,
# and with img-src, font-src and connect-src at 'self' they can tell nobody anything.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

_HERE = Path(__file__).parent
_A_YEAR = timedelta(days=365)
_HOW = Path(__file__).read_text()  # whose options templates are compiled with
_THEMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the rail. `service` lives at `href`."""

    service: str
    href: str
    icon: str
    name: str


@dataclass(frozen=True, slots=True)
class Toast:
    """A short message after a change, already in the reader's language.

    `undo` is where a POST takes the change back, relative to the service's root.
    """

    text: str
    undo: str | None = None
    tone: str = "done"


class Ui:
    """One per service. Thread- and task-safe: what differs per reader is passed per rendering."""

    def __init__(
        self,
        service: str,
        folder: Path,
        *,
        root_path: str,
        clock: Clock = utc_now,
    ) -> None:
        self.service = service
        self.root_path = root_path.rstrip("/")
        self._clock = clock
        self._assets = Assets(_HERE / "static")
        self._translations = load_translations([_HERE / "locale", folder / "locale"])
        self._environment = _environment(service, folder)

    # --- rendering

    def render(
        self,
        request: Request,
        template: str,
        *,
        block: str | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        toast: Toast | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """The whole page, or without its shell if htmx asks for a part."""
        part = _asked_by_htmx(request)
        body = self.fragment(
            request,
            template,
            block=block,
            layout="fragment.html" if part else "base.html",
            toast=toast,
            **context,
        )
        vary = "HX-Request, Accept-Language, Cookie"
        return HTMLResponse(body, status, headers={"Vary": vary, **(headers or {})})

    def fragment(
        self, request: Request, template: str, *, block: str | None = None, **context: Any
    ) -> str:
        """HTML for this reader, without its response: for a part of a stream, say."""
        identity = _identity(request)
        own = {
            "request": request,
            "identity": identity,
            "theme": _theme(request),
            "path": _path_with_query(request, self.root_path),
        }
        return self._rendered(template, block, self._viewer(request), {**own, **context})

    def text(
        self,
        template: str,
        *,
        language: str,
        time_zone: str = DEFAULT_TIME_ZONE,
        block: str | None = None,
        **context: Any,
    ) -> str:
        """Text or HTML without a request: an e-mail, say."""
        return self._rendered(template, block, self._reader(language, time_zone), context)

    def error(self, request: Request, error: AppError, **context: Any) -> HTMLResponse:
        """The failure as a page, or as a fragment for htmx; texts in the reader's language."""
        return self.render(
            request,
            "problem.html" if _asked_by_htmx(request) else "error.html",
            status=error.status,
            headers=error.headers,
            problem={name: self._said(request, error, name) for name in _PROBLEM_TEXTS},
            code=error.code,
            status_code=error.status,
            errors=[
                (each.pointer, self.translate(request, each.message, each.params))
                for each in error.errors
            ],
            **context,
        )

    def _said(self, request: Request, error: AppError, name: str) -> str:
        return self.translate(request, getattr(error, name), error.params)

    def translate(
        self, request: Request, message: str, params: Mapping[str, Any] | None = None
    ) -> str:
        """A text marked with `N_` in the reader's language, its `{placeholders}` filled in."""
        return self.said(message, self.language(request), params)

    def said(self, message: str, language: str, params: Mapping[str, Any] | None = None) -> str:
        """The same in a language, without a request."""
        translated = self._translations[language].ugettext(message)
        return fill(translated if message else "", params or {})

    def language(self, request: Request) -> str:
        """The language the reader gets: own choice, then the browser's, then English."""
        chosen = request.cookies.get(LANGUAGE_COOKIE) or getattr(_identity(request), "lang", None)
        return choose_language(chosen, request.headers.get("accept-language"))

    def _viewer(self, request: Request) -> Viewer:
        zone = getattr(_identity(request), "tz", None) or DEFAULT_TIME_ZONE
        return self._reader(self.language(request), zone)

    def _reader(self, language: str, time_zone: str) -> Viewer:
        return Viewer(language, ZoneInfo(time_zone), self._clock(), self._translations[language])

    def _rendered(
        self, template: str, block: str | None, someone: Viewer, context: dict[str, Any]
    ) -> str:
        names = {
            "language": someone.language,
            "layout": "fragment.html",
            "toast": None,
            **context,
        }
        found = self._environment.get_template(template)
        token = _rendered_by.set(self)
        try:
            with rendering_for(someone):
                if block is None:
                    return found.render(names)
                # The top level runs first, for its imports; it renders nothing by itself.
                whole = found.new_context({**names, "layout": "nothing.html"})
                deque(found.root_render_func(whole), maxlen=0)
                return "".join(found.blocks[block](whole))
        finally:
            _rendered_by.reset(token)

    # --- addresses and what is behind them

    def url(self, path: str) -> str:
        """An address of this service: `url("/absences")`."""
        return f"{self.root_path}{path}"

    def static_url(self, name: str) -> str:
        """A static file's address with its content hash: `static_url("icons.svg")`."""
        return f"{self.root_path}/{self._assets.url(name)}"

    def mount(self, app: FastAPI, vendor: Path) -> None:
        """Adds `/static`, and the switches `/language` and `/theme`; all are public.

        `vendor` has the libraries unpacked at set-up. Pages are readable without them.
        """
        self._assets.vendor = vendor
        app.mount("/static", self._assets, name="static")
        for path, switch in (("/language", self._switch_language), ("/theme", self._switch_theme)):
            app.add_api_route(path, switch, methods=["GET", "POST"], include_in_schema=False)

    @public
    async def _switch_language(self, to: str, back: str = "/") -> Response:
        return self._remembering(LANGUAGE_COOKIE, to if to in LANGUAGES else None, back)

    @public
    async def _switch_theme(self, to: str, back: str = "/") -> Response:
        return self._remembering(THEME_COOKIE, to if to in _THEMES else None, back)

    def _remembering(self, cookie: str, value: str | None, back: str) -> Response:
        response = RedirectResponse(back if _is_local(back) else self.url("/"), status_code=303)
        if value is not None:
            response.set_cookie(
                cookie, value, max_age=int(_A_YEAR.total_seconds()), path="/", samesite="lax"
            )
        return response


PLACES = (
    Place("planner", "/planner/calendar", "plan", N_("Plan")),
    Place("scheduler", "/scheduler/", "coverage", N_("Coverage")),
    Place("inbox", "/inbox/", "inbox", N_("Inbox")),
    Place("notifier", "/notifier/", "bell", N_("Notifications")),
)
SIGN_OUT = "/scheduler/session/end"  # the service that knows the members has the sessions
_PROBLEM_TEXTS = ("title", "detail", "kept", "remedy")


def _template_folders(folder: Path) -> list[Path]:
    found = [folder / "templates", *sorted(folder.glob("*/templates")), _HERE / "templates"]
    folders = [each for each in found if each.is_dir()]
    names = [path.relative_to(each).as_posix() for each in folders for path in each.rglob("*.*")]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"templates found in more than one folder: {', '.join(twice)}")
    return folders


_rendered_by: ContextVar[Ui] = ContextVar("rendered_by")


@cache
def _environment(service: str, folder: Path) -> Environment:
    """One for all of a service's `Ui`s, since tests have hundreds of them: what differs between
    them, templates learn from the one that renders."""
    folders = _template_folders(folder)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(each) for each in folders]),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        bytecode_cache=CompiledTemplates(made_by=_HOW),
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True, pgettext=pgettext
    )
    environment.globals.update(
        service=service,
        url=lambda path: _rendered_by.get().url(path),
        static_url=lambda name: _rendered_by.get().static_url(name),
        stylesheets=STYLESHEETS,
        languages=LANGUAGES,
        themes=_THEMES,
        places=PLACES,
        sign_out=SIGN_OUT,
        now=lambda: viewer().now,
    )
    environment.filters.update(FILTERS)
    # For texts that are not written in the template, where "%" is no placeholder.
    environment.filters["translated"] = gettext
    environment.filters["sign"] = sign
    environment.filters["word"] = lambda key: gettext(WORDS.get(key, key))
    # A broken template is found at the start, and no reader waits for a compilation.
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def _asked_by_htmx(request: Request) -> bool:
    headers = request.headers
    return (
        "hx-request" in headers
        and "hx-boosted" not in headers
        and "hx-history-restore-request" not in headers
    )


def _identity(request: Request) -> Any:
    return getattr(request.state, "identity", None)


def _theme(request: Request) -> str:
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in _THEMES else "auto"


def _path_with_query(request: Request, root_path: str) -> str:
    path = request.url.path
    if not path.startswith(root_path):
        path = root_path + path
    return f"{path}?{request.url.query}" if request.url.query else path


def _is_local(address: str) -> bool:
    return address.startswith("/") and not address.startswith(("//", "/\\"))

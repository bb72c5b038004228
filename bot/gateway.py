"""The gateway: the only process that is exposed."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot import logs
from bot.accounts import access, admin, oidc
from bot.accounts import pages as work
from bot.accounts import routes as accounts
from bot.accounts.sign_in import SignInLimits
from bot.channels.limits import RateLimits
from bot.channels.telegram import channel
from bot.channels.telegram.channel import Telegram
from bot.channels.web import api, moving, own_pages, page
from bot.channels.web.address_limit import AddressLimit
from bot.channels.web.body_cap import BodyCap
from bot.clinic import routes as clinic
from bot.clinic import shared, widget
from bot.content.file_faults import SAFETY
from bot.content.store import CONTENT, load
from bot.dialogue.rasa_client import RasaClient
from bot.dialogue.turns import Turns
from bot.editorial import edition_routes, trial
from bot.editorial import routes as editorial
from bot.editorial.live import LiveContent
from bot.screening.model import ensure_trained
from bot.screening.screener import Screener
from bot.settings import Settings, get_settings
from bot.store.database import migrate, open_database
from bot.store.retention import delete_expired, erase_inactive
from bot.store.staff import forget_sessions
from bot.threads import settle


class UnsignedTexts(Exception):
    """Production needs safety texts a clinician has approved."""


def build_turns(settings: Settings) -> Turns:
    """Content, screening, database and Rasa's address. Raises BrokenContent, UnsignedTexts."""
    files = load()
    migrate(settings)
    engine = open_database(settings)
    content = LiveContent(files, engine)
    content.begin()
    if settings.env == "production" and (unsigned := content.never_approved(SAFETY)):
        raise UnsignedTexts(f"not clinically approved: {', '.join(unsigned[:5])} and {len(unsigned)} in all")
    screener = Screener.load(ensure_trained())  # never silently the patterns alone
    rasa = RasaClient(settings.rasa_url, settings.rasa_secret.get_secret_value())
    return Turns(engine, content, screener, rasa, settings)


def create_app(settings: Settings | None = None, turns: Turns | None = None) -> FastAPI:
    """The application; tests give their own services."""
    settings = settings or get_settings()
    logs.configure(settings.env)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.turns = turns or build_turns(settings)
        desk = app.state.desk = trial.desk_of(app.state.turns)
        await app.state.turns.recover()
        promises = _keep_promises(app.state.turns)
        reminders = app.state.turns.appointments.keep(settings.reminder_seconds)
        work = (promises, desk.live.keep(), app.state.turns.answers.keep(), reminders)
        tasks = [asyncio.create_task(each) for each in work]
        telegram = None
        if settings.telegram_token.get_secret_value():
            telegram = app.state.telegram = Telegram(app.state.turns, app.state.limits)
            telegram.start()
        if turns is None:
            settle()  # in a process of its own; a test's has much else that comes and goes
        yield
        if telegram:
            await telegram.stop()
        for task in tasks:
            task.cancel()
        await app.state.turns.rasa.close()
        await app.state.turns.shared.close()

    app = FastAPI(title="Rygråd", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.telegram = None
    for part in (
        api,
        page,
        own_pages,
        moving,
        channel,
        accounts,
        admin,
        oidc,
        clinic,
        shared,
        widget,
        editorial,
        edition_routes,
    ):
        app.include_router(part.router)
    app.add_exception_handler(own_pages.Gone, own_pages.gone)
    app.add_exception_handler(access.SignInNeeded, work.sign_in_first)
    app.add_exception_handler(access.Forbidden, work.forbidden)
    app.add_exception_handler(access.Missing, work.missing)
    app.mount("/work-static", StaticFiles(directory=work.STATIC))
    app.mount("/static", StaticFiles(directory=page.STATIC))
    app.mount("/images", StaticFiles(directory=CONTENT / "images"))
    _add_limits(app, settings)
    _add_health(app)
    _add_metrics(app, settings)
    app.add_middleware(BodyCap)
    return app


async def _keep_promises(turns: Turns) -> None:
    """Keeps the promised times of retention, every hour; a failure is tried again at the next."""
    while True:
        try:
            await asyncio.to_thread(delete_expired, turns.engine, turns.settings.retention_days)
            await asyncio.to_thread(erase_inactive, turns.engine, turns.settings.inactive_days)
            await asyncio.to_thread(forget_sessions, turns.engine)
            await asyncio.to_thread(trial.forget, turns.engine)
        except SQLAlchemyError as error:
            structlog.get_logger().error("retention_failed", error=type(error).__name__)
        await asyncio.sleep(3600)


def _add_limits(app: FastAPI, settings: Settings) -> None:
    limits = app.state.limits = RateLimits(settings.rate_limit, settings.address_limit, settings.redis_url)
    app.state.sign_in_limits = SignInLimits(settings.redis_url)

    app.add_middleware(AddressLimit, limits=limits)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, _: Exception) -> JSONResponse:
        refused = api.problem(request.app.state.turns, 422, "bad_request", api.preferred(request))
        return JSONResponse({"detail": refused.detail}, 422)

    @app.exception_handler(400)
    async def unreadable(request: Request, error: Exception) -> JSONResponse:
        return await invalid(request, error)  # bytes that are no JSON at all: FastAPI says 400

    @app.exception_handler(SQLAlchemyError)
    async def database_down(request: Request, error: Exception) -> JSONResponse:
        structlog.get_logger().error("database_down", error=type(error).__name__)
        refused = api.problem(request.app.state.turns, 503, "trouble", api.preferred(request))
        return JSONResponse({"detail": refused.detail}, 503, {"Retry-After": "5"})


def _add_metrics(app: FastAPI, settings: Settings) -> None:
    secret = settings.metrics_token.get_secret_value()

    @app.get("/metrics", include_in_schema=False)
    async def metrics(authorization: Annotated[str, Header()] = "") -> Response:
        """Prometheus' format, for whoever holds RYGRAAD_METRICS_TOKEN; without a token set there is no such page."""
        if not secret or not hmac.compare_digest(authorization.encode(), f"Bearer {secret}".encode()):
            raise HTTPException(404)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _add_health(app: FastAPI) -> None:
    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz(request: Request, response: Response) -> dict[str, bool]:
        service: Turns = request.app.state.turns

        def database() -> bool:
            with service.engine.connect() as connection:
                return connection.execute(text("select 1")).scalar() == 1

        try:
            stored = await asyncio.to_thread(database)
        except Exception as error:  # any failure means the same to a health check
            structlog.get_logger().warning("database_down", error=type(error).__name__)
            stored = False
        state = {"database": stored, "rasa": await service.rasa.alive()}
        response.status_code = 200 if all(state.values()) else 503
        if service.shared.redis is not None:
            state["redis"] = await service.shared.alive()  # without it a gateway goes on alone: it stays in service
        return state

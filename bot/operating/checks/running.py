"""What can be seen of the parts that run, and of what they lean on. Every look takes a few seconds at most."""

from __future__ import annotations

import httpx
from redis import Redis, RedisError

from bot.operating.checks.finding import Finding, fine, warning, wrong
from bot.settings import Settings
from bot.supervisor import is_free

SECONDS = 5.0
TELEGRAM = "https://api.telegram.org"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
ELSE = "Something else uses it."


def _get(url: str) -> httpx.Response:
    with httpx.Client(timeout=SECONDS, trust_env=False) as client:
        return client.get(url)


def gateway(settings: Settings) -> Finding:
    """Whether it runs and is ready; or whether its port is free to start."""
    address = f"http://{EVERYWHERE.get(settings.host, settings.host)}:{settings.port}"
    try:
        ours = _get(f"{address}/livez").json() == {"status": "ok"}
    except httpx.ConnectError:
        if is_free(settings.host, settings.port):
            return fine("gateway", f"it does not run; port {settings.port} is free.")
        do = "Stop what uses it, or set RYGRAAD_PORT or RYGRAAD_HOST."
        return wrong("gateway", f"it does not run, and port {settings.port} cannot be used.", do)
    except (httpx.HTTPError, ValueError):
        ours = False
    if not ours:
        do = "Stop what uses it, or set RYGRAAD_PORT to another."
        return wrong("gateway", f"what answers at port {settings.port} is not Rygråd, or hangs.", do)
    ready = _get(f"{address}/readyz").json()
    down = [name for name in ("database", "rasa") if not ready.get(name)]
    if down:
        do = "Look into its log, and into rasa.log in the data folder; start Rygråd again."
        return wrong("gateway", f"it runs, and cannot reach: {', '.join(down)}.", do)
    return fine("gateway", "it runs and is ready.")


def rasa(settings: Settings) -> Finding:
    """Rasa where somebody starts it by hand; `rygraad up` chooses ports of its own, and the gateway knows them."""
    return _by_hand("rasa", settings, "rasa_url", "/webhooks/gateway/")


def actions(settings: Settings) -> Finding:
    """The action server, likewise."""
    return _by_hand("actions", settings, "actions_url", "/health")


def _by_hand(name: str, settings: Settings, field: str, path: str) -> Finding:
    if field not in settings.model_fields_set:
        return fine(name, "`rygraad up` starts it.")
    setting = f"RYGRAAD_{field.upper()}"
    try:
        status = _get(getattr(settings, field).rstrip("/") + path).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        says = f"nothing answers at {setting} ({type(error).__name__})."
        return warning(name, says, f"Start it; with `rygraad up`, {setting} has no effect.")
    if status != 200:
        return wrong(name, f"what answers at {setting} says {status}.", "Look whether the address is right.")
    return fine(name, "it answers.")


def telegram(settings: Settings) -> Finding:
    """Whether Telegram knows the token. Its address holds the token, so no error's own words are shown."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return fine("telegram", "no token is set, so it is off.")
    try:
        with httpx.Client(timeout=SECONDS) as client:
            answer = client.get(f"{(settings.telegram_api or TELEGRAM).rstrip('/')}/bot{token}/getMe")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        do = "Check the network, a proxy, and RYGRAAD_TELEGRAM_API."
        return wrong("telegram", f"it cannot be reached ({type(error).__name__}).", do)
    if answer.status_code in (401, 404):
        return wrong("telegram", "it refuses the token.", "Take the token from @BotFather again (docs/telegram.md).")
    if answer.status_code != 200:
        return warning("telegram", f"it says {answer.status_code}.", "Look again in some minutes.")
    return fine("telegram", "it answers, and knows the token.")


def redis(settings: Settings) -> Finding:
    """Whether it answers, where it is set. Its address may hold a password."""
    if not settings.redis_url:
        return fine("redis", "none is set.")
    try:
        with Redis.from_url(settings.redis_url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return wrong("redis", f"it does not answer ({type(error).__name__}).", "Start it, or mend RYGRAAD_REDIS_URL.")
    return fine("redis", "it answers.")

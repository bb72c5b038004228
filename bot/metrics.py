"""What is counted. Labels are from short fixed lists: never a text, a token or a conversation."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SCREENED = Counter("rygraad_messages_screened", "Messages by outcome and level", ["outcome", "level"])
RASA_FAILED = Counter("rygraad_rasa_late_or_silent", "Turns Rasa did not answer in time")
ALONE = Counter("rygraad_redis_missed", "Times Redis did not answer, and a gateway went on alone")
LATE = Counter("rygraad_answers_given_late", "Messages whose answer was sought again in the background")
WAITING = Gauge("rygraad_messages_waiting", "Messages without an answer yet, looked up every few seconds")
DATABASE_UP = Gauge("rygraad_database_up", "Whether the database answered when that was looked up")
REMINDERS = Counter("rygraad_reminders_settled", "Contacts that were due, delivered or skipped")
ANSWERED = Histogram(
    "rygraad_answer_seconds",
    "Time from a patient's message to its reply",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5),
)
LOGGED = Counter("rygraad_logged", "Lines of the gateway's log", ["level", "event"])
TELEGRAM_UPDATES = Counter("rygraad_telegram_updates", "Updates: new, again, unreadable, set_aside", ["outcome"])
TELEGRAM_SENT = Counter("rygraad_telegram_messages", "Messages: sent, refused, told_to_wait, no_answer", ["outcome"])

# At nought from the start: Prometheus sees an increase only from a number it has seen (deploy/alerts.yml).
WATCHED = (
    "database_down", "content_not_refreshed", "turn_failed", "catch_up_failed", "retention_failed",
    "reminders_failed", "reminders_paused", "telegram_token_refused",
)  # fmt: skip
for _event in WATCHED:
    LOGGED.labels("error", _event)
TELEGRAM_UPDATES.labels("set_aside")

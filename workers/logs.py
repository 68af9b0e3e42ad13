"""Logs: one shape for our lines and those of libraries, on stderr, and no secret in any of them.

Redaction is by name, never by looks: a value is dropped when its key says that it is secret, in structured fields
and in `key=value` text of foreign loggers alike.  Bare numbers are left alone, else ids and times would go as well.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.settings import LogFormat, LogLevel

REDACTED = "[redacted]"

_SECRET = r"(?:[a-z0-9]+[_-])*(?:pin|pin[_-]?code|access[_-]code[_-]digits|credentials?|api[_-]?key|token|secret|password|authorization)"  # noqa: S105 - a pattern
_SECRET_KEY = re.compile(rf"^(?:{_SECRET}|code)$", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    rf"""(?P<key>\b{_SECRET}\b["']?\s*[:=]\s*["']?(?:(?:bearer|basic)\s+)?)(?P<value>[^\s"',;&)}}\]]+)""", re.IGNORECASE
)
_DIGITS_UNDER_KEY = re.compile(r"""(?P<key>\bcode["']?\s*[:=]\s*["']?)(?P<value>\d{4,8})\b""", re.IGNORECASE)


def redact(value: Any) -> Any:
    """Give the value with everything under a secret's name replaced, however deep it lies."""
    if isinstance(value, Mapping):
        return {key: REDACTED if _SECRET_KEY.match(str(key)) else redact(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(inner) for inner in value]
    return value


def redact_text(text: str) -> str:
    """Mask what follows a secret's name in a line of text, as in `api_key=…` or `"pin": "…"`."""
    masked = _SECRET_TEXT.sub(rf"\g<key>{REDACTED}", text)
    return _DIGITS_UNDER_KEY.sub(rf"\g<key>{REDACTED}", masked)


def _redaction(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    cleaned: EventDict = redact(event)
    for key in ("event", "exception"):
        if isinstance(cleaned.get(key), str):
            cleaned[key] = redact_text(cleaned[key])
    return cleaned


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def set_up_logs(log_format: LogFormat, level: LogLevel) -> None:
    """Send every log line of this process, libraries included, to stderr in one format.  Safe to call again."""
    renderer: Processor = structlog.processors.JSONRenderer()
    if log_format is LogFormat.CONSOLE:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        # Redaction comes last but for rendering, when nothing can be added any more.
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redaction, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level.value.upper(), force=True)
    for name in ("httpx", "httpcore", "aiosqlite", "alembic", "uvicorn"):
        # They write a line per call or per step, which is a debugger's matter.
        logging.getLogger(name).setLevel(logging.DEBUG if level is LogLevel.DEBUG else logging.WARNING)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )

"""How the demo speaks: one line for each thing that was read back, or that was not as expected.

On a terminal a last line says what each act is waiting for; anywhere else there are plain lines only.  Digits are never
printed: `HIDDEN` stands for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

HIDDEN = "●●●●●●"
"""What is shown of a code's digits."""

_PIPE_WIDTH = 250
"""Lines that nobody's screen bounds are not broken for one."""


class Teller:
    """Prints the story.  It counts, so that the end can say whether every step was read back."""

    def __init__(self) -> None:
        plain = Console()
        self._console = plain if plain.is_terminal else Console(width=_PIPE_WIDTH)
        self._waiting: dict[str, str] = {}
        self._status = self._console.status("")
        self.proven = 0
        self.failed = 0

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show on a terminal what is waited for."""
        if not self._console.is_terminal:
            yield
            return
        with self._status:
            yield

    def say(self, text: str = "", *, style: str = "") -> None:
        """Print a line of explanation."""
        self._console.print(Text(text, style=style))

    def note(self, scene: str, text: str) -> None:
        """Print what the demo itself did to the world."""
        self._line("·", "dim", scene, text)

    def prove(self, scene: str, text: str) -> None:
        """Print a step that was read back."""
        self.proven += 1
        self._line("✓", "green", scene, text)

    def fail(self, scene: str, expected: str, seen: str) -> None:
        """Print a step that did not come as expected."""
        self.failed += 1
        self._line("✗", "bold red", scene, f"expected: {expected}; seen: {seen}")

    def wait(self, scene: str, text: str | None) -> None:
        """Say what an act waits for; None: it waits for nothing any more."""
        self._waiting.pop(scene, None)
        if text is not None:
            self._waiting[scene] = text
        self._status.update(Text(" · ".join(f"{name}: {what}" for name, what in self._waiting.items())))

    def _line(self, sign: str, style: str, scene: str, text: str) -> None:
        now = datetime.now(UTC).astimezone()
        self._console.print(Text.assemble((sign, style), f" {now:%H:%M:%S}  ", (f"{scene:<13}", "bold"), text))

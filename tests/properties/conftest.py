"""The house in which properties are held against the real engine."""

from tests.workflows.conftest import house

__all__ = ["house"]

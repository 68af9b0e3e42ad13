"""A house on virtual time for each module, as the workflows' tests have it."""

from tests.workflows.conftest import house

__all__ = ["house"]

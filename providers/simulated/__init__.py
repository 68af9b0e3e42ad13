"""A lock cloud to try things on: a real HTTP service on loopback, with locks that hold truth apart from answers."""

from providers.simulated.clock import Clock
from providers.simulated.cloud import LockCloud
from providers.simulated.locks import Lock
from providers.simulated.seeds import DEMO_TOKEN, plain_lock, seeded_locks
from providers.simulated.server import run, serve

__all__ = ["DEMO_TOKEN", "Clock", "Lock", "LockCloud", "plain_lock", "run", "seeded_locks", "serve"]

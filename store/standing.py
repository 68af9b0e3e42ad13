"""What is wrong with a lock or an account just now, as problems: they are shown on their codes and events, too."""

from domain.problems import ProblemCode, Problems, raised
from store.devices import problems_of
from store.tables import ConnectedAccountRow, DeviceRow


def problems_of_account(account: ConnectedAccountRow) -> Problems:
    """Give what is wrong with an account."""
    since = account.disconnected_at
    return () if since is None else raised((), ProblemCode.ACCOUNT_DISCONNECTED, since)


def problems_of_device(device: DeviceRow) -> Problems:
    """Give what is wrong with a lock: that it is gone or silent, and what it has written down itself."""
    problems = problems_of(device)
    if device.removed_at is not None:
        return raised(problems, ProblemCode.DEVICE_REMOVED, device.removed_at)
    if not device.online:
        return raised(problems, ProblemCode.DEVICE_DISCONNECTED, device.seen_at or device.created_at)
    return problems

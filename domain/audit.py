"""What people do at the console, as the audit trail names it.

It is apart from the events: those tell customers what became of codes, this tells an owner who looked and who acted.
"""

from enum import StrEnum


class AuditAction(StrEnum):
    """What somebody did."""

    CODE_CREATED = "access_code.created"
    CODE_CHANGED = "access_code.changed"
    CODE_DELETED = "access_code.deleted"
    CODE_REVEALED = "access_code.revealed"
    BACKUP_PULLED = "access_code.backup_pulled"
    BACKUP_GENERATED = "backup_access_code.generated"
    BACKUP_ROTATED = "backup_access_code.rotated"
    LOCK_RENAMED = "device.renamed"
    POOL_SWITCHED = "device.backup_pool_switched"
    LOCK_USE_SWITCHED = "device.management_switched"
    LOCK_RECONCILED = "device.reconciled"
    NEW_LOCK_PLACED = "device.placed"
    LOCK_REPLACED = "device.replaced"
    REPLACEMENT_ROLLED_BACK = "device.replacement_rolled_back"
    FOREIGN_CODE_ADOPTED = "unmanaged_access_code.adopted"
    FOREIGN_CODE_REMOVED = "unmanaged_access_code.removed"
    GUEST_CHANGED = "guest.changed"
    MESSAGE_SENT = "message.sent"
    MESSAGES_SWITCHED = "message_settings.changed"
    CHANNEL_ADDED = "message_channel.added"
    CHANNEL_REMOVED = "message_channel.removed"
    TEMPLATE_CHANGED = "message_template.changed"
    ACCOUNT_CONNECTED = "connected_account.connected"
    COMPONENTS_OPENED = "components.opened"
    SIGNED_IN = "user.signed_in"
    USER_ADDED = "user.added"
    USER_REMOVED = "user.removed"
    PASSWORD_CHANGED = "user.password_changed"  # noqa: S105

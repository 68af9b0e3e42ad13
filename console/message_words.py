"""What messages, their kinds and their fates are called on the console."""

from console.words import Label, Tone
from domain.message_channels import ChannelKind
from domain.message_text import MessageKind
from domain.messages import DropReason, MessageStatus

KINDS = {
    MessageKind.CODE_READY: "Code ready",
    MessageKind.CODE_CHANGED: "Code changed, use this one",
    MessageKind.BACKUP: "Backup code",
}
KIND_HINTS = {
    MessageKind.CODE_READY: "When the code is proven on its lock, or ahead of its start.",
    MessageKind.CODE_CHANGED: "When new digits are proven on the lock, to a guest who was told older ones.",
    MessageKind.BACKUP: "When a backup code stands in for the guest's own.",
}
CHANNELS = {ChannelKind.EMAIL: "E-mail", ChannelKind.SMS: "SMS", ChannelKind.CHAT: "Chat"}

STATUSES = {
    MessageStatus.WAITING: Label("Waiting", Tone.QUIET, "For its time, or for the lock."),
    MessageStatus.SENDING: Label("Being sent", Tone.BUSY, "Under way; a failure is tried again."),
    MessageStatus.SENT: Label("Sent", Tone.GOOD, "The channel took it."),
    MessageStatus.FAILED: Label("Not delivered", Tone.BAD, "The channel never took it."),
    MessageStatus.DROPPED: Label("Not sent", Tone.WARN, "It was not to be sent."),
}
RETRYING = Label("Trying again", Tone.WARN, "The channel did not take it yet.")

REASONS = {
    DropReason.CODE_ENDED: "The code is over.",
    DropReason.TOLD_TO_ANOTHER_GUEST: "Another guest may know these digits.",
    DropReason.NO_GUEST: "Nobody said whose the code is.",
    DropReason.NO_CHANNEL: "No channel reaches this guest.",
    DropReason.SUPERSEDED: "The code has other digits by now.",
    DropReason.ALREADY_TOLD: "The guest knows these digits.",
    DropReason.SWITCHED_OFF: "Such messages are not switched on.",
}

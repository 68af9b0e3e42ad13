"""The one way to Temporal: a client with the encrypting data converter, made from the settings.

It also brings a namespace up to what the workflows need, so that running on somebody's own Temporal takes no manual
step: search attributes that are missing are added, those that exist are left alone.
"""

import asyncio
from pathlib import Path

import structlog
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from api.errors import TemporalUnavailableError
from store.keyring import KeyRing
from workers.codec import data_converter
from workers.errors import CommandError
from workers.settings import DEFAULT_TEMPORAL_ADDRESS, Settings
from workflows.contracts import SEARCH_ATTRIBUTE_TYPES

CONNECT_SECONDS = 5.0
"""Long enough for a server that is just starting, short enough for somebody who waits at a prompt."""

_LOG = structlog.get_logger(__name__)
_ALREADY_THERE = (RPCStatusCode.ALREADY_EXISTS, RPCStatusCode.INVALID_ARGUMENT)
_NOT_OURS = (RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED)


async def connect(settings: Settings, keyring: KeyRing) -> Client:
    """Connect to Temporal within a few seconds.

    Raises:
        TemporalUnavailableError: nobody answers at the address, or the answer is a refusal.
        CommandError: a TLS file cannot be read.
    """
    address = settings.temporal_address or DEFAULT_TEMPORAL_ADDRESS
    key = settings.temporal_api_key
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await Client.connect(
                address,
                namespace=settings.temporal_namespace,
                api_key=None if key is None else key.get_secret_value(),
                tls=_tls(settings),
                data_converter=data_converter(keyring),
                runtime=_runtime(settings),
            )
    except (RuntimeError, RPCError, TimeoutError):
        # The SDK's text is a page of transport internals; the address is what the operator can act upon.
        raise TemporalUnavailableError(
            f"Temporal does not answer at {address}; start `latchwork up`, or set TEMPORAL_ADDRESS to where it runs"
        ) from None


def _runtime(settings: Settings) -> Runtime | None:
    """Make a runtime that serves metrics; None, the SDK's default one, when nobody asked for them."""
    if settings.metrics_address is None:
        return None
    metrics = PrometheusConfig(bind_address=settings.metrics_address)
    try:
        return Runtime(telemetry=TelemetryConfig(metrics=metrics))
    except ValueError as error:
        raise CommandError(f"metrics cannot be served at {settings.metrics_address}: {error}") from None


def _tls(settings: Settings) -> TLSConfig | bool:
    certificate, key = settings.temporal_tls_client_cert_path, settings.temporal_tls_client_key_path
    authority = settings.temporal_tls_server_ca_cert_path
    if (certificate is None) != (key is None):
        raise CommandError("set both TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH, or neither")
    if certificate is None and authority is None:
        return settings.temporal_api_key is not None
    return TLSConfig(
        client_cert=_read(certificate), client_private_key=_read(key), server_root_ca_cert=_read(authority)
    )


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


async def ensure_search_attributes(client: Client) -> list[str]:
    """Add the search attributes that the namespace lacks; give their names.  Safe to run at every start.

    A server that lets nobody do this by API (Temporal Cloud) is left as it is, with a line in the log.
    """
    service, namespace = client.operator_service, client.namespace
    try:
        listed = await service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
        present = set(listed.custom_attributes)
        missing = {name.value: kind for name, kind in SEARCH_ATTRIBUTE_TYPES.items() if name.value not in present}
        if missing:
            kinds = {name: _indexed(kind) for name, kind in missing.items()}
            await service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes=kinds)
            )
    except RPCError as error:
        if error.status in _ALREADY_THERE:
            # Another process that started at the same moment was faster.
            return []
        if error.status not in _NOT_OURS:
            raise TemporalUnavailableError(f"Temporal's search attributes cannot be listed: {error.message}") from None
        wanted = ", ".join(f"{name}={kind}" for name, kind in SEARCH_ATTRIBUTE_TYPES.items())
        _LOG.warning("search attributes cannot be set from here; see that the namespace has them", wanted=wanted)
        return []
    return sorted(missing)


def _indexed(kind: str) -> IndexedValueType.ValueType:
    return IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")

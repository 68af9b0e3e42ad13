"""What the time-skipping server needs before our workflows run on it."""

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client

from workflows.contracts import SEARCH_ATTRIBUTE_TYPES


async def add_search_attributes(client: Client) -> None:
    """Make the search attributes known; this server cannot list them first."""
    kinds = {
        name.value: IndexedValueType.Value(f"INDEXED_VALUE_TYPE_{kind.upper()}")
        for name, kind in SEARCH_ATTRIBUTE_TYPES.items()
    }
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace="default", search_attributes=kinds)
    )

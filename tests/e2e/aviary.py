"""`latchwork up` with every log line on, and a place where everything that it writes can be collected.

The lock cloud lives in the test's process: it is the lock, the one place where digits belong.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr
from sqlmodel import select
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.query.v1 import WorkflowQuery
from temporalio.api.workflowservice.v1 import QueryWorkflowRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from api.access_codes import AccessCodeService
from api.accounts import AccountService
from api.webhooks import Webhook, WebhookService
from domain.requests import CodeRequest
from providers.simulated.cloud import LockCloud
from providers.simulated.seeds import DEMO_TOKEN
from providers.simulated.server import serve
from store.accounts import DEFAULT_WORKSPACE_ID
from store.database import Database
from store.keyring import pin_aad
from store.tables import AccessCodeRow, DeviceRow, PinRow
from tests.guests import Desk, open_desk
from tests.histories.payloads import decoded_text
from tests.house import House, Life
from tests.mailbox import Mailbox, mailbox
from tests.processes import ACCOUNT, DRIVER, start_latchwork
from tests.receiver import Receiver, Reply, receiver
from workers.codec import KeyRingCodec, data_converter
from workers.embedded import HOST
from workers.keys import load_keys
from workers.processes import ChildProcess, free_port
from workers.settings import Settings
from workflows.contracts import access_code_workflow_id

TOLD = ("access_code.set_on_device", "access_code.code_changed", "access_code.deleted")
"""The events that carry digits."""

METADATA_QUERY = "__temporal_workflow_metadata"


@dataclass
class Aviary:
    """A running stack and what was found of it."""

    house: House
    service: AccessCodeService
    folder: Path
    up: ChildProcess
    ready_line: str
    metrics_url: str
    receiver: Receiver
    webhook: Webhook
    """It is told what carries digits."""
    desk: Desk
    box: Mailbox
    """Where guests are told their digits."""
    digits: set[str] = field(default_factory=set)
    """All that were ever chosen."""
    private: set[str] = field(default_factory=set)
    """What else is nobody's business: addresses of guests, passwords, cookies."""
    found: dict[str, str] = field(default_factory=dict)
    """Everything that was told or printed, by its source."""

    @property
    def console_url(self) -> str:
        """Where operators sign in."""
        return str(json.loads(self.ready_line)["console"])

    async def code(self, lock: DeviceRow, pin: str, *, code_id: UUID | None = None) -> Life:
        """Start an ongoing code with these digits, as the API does.

        Raises:
            RefusedError: the registration was refused.
        """
        self.digits.add(pin)
        code_id, now = code_id or uuid4(), await self.house.now()
        request = CodeRequest(device_id=lock.id, workspace_id=lock.workspace_id, name="Canary")
        receipt = await self.service.create(request, access_code_id=code_id, pin=SecretStr(pin))
        return Life(self.house, code_id, self.handle(code_id), receipt, now, None)

    def handle(self, code_id: UUID) -> WorkflowHandle[Any, Any]:
        """Give the handle of a code's workflow."""
        return self.house.client.get_workflow_handle(access_code_workflow_id(code_id))

    async def kept(self) -> set[str]:
        """Decrypt the one column that holds digits."""
        async with self.house.database.read() as session:
            rows = (await session.exec(select(PinRow, AccessCodeRow).join(AccessCodeRow))).all()
        ring = self.house.keyring
        return {ring.decrypt(pin.ciphertext, pin_aad(code.workspace_id, code.id)).decode() for pin, code in rows}

    async def collect_temporal(self, when: str) -> None:
        """Collect what Temporal tells of every workflow: raw as it is stored, and decoded as the UI shows it."""
        client, codec = self.house.client, KeyRingCodec(self.house.keyring)
        async for execution in client.list_workflows():
            handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
            history = await handle.fetch_history()
            described = await handle.describe()
            metadata = await client.workflow_service.query_workflow(
                QueryWorkflowRequest(
                    namespace=client.namespace,
                    execution=WorkflowExecution(workflow_id=execution.id, run_id=execution.run_id),
                    query=WorkflowQuery(query_type=METADATA_QUERY),
                )
            )
            told = [execution.raw_info, described.raw_description, metadata]
            self.found[f"{when}: raw history of {execution.id}"] = history.to_json()
            self.found[f"{when}: {execution.id}, decoded"] = await decoded_text([*history.events, *told], codec)

    async def collect_metrics(self) -> None:
        """Collect what Prometheus would."""
        async with httpx.AsyncClient(trust_env=False) as http:
            self.found["metrics"] = (await http.get(self.metrics_url)).raise_for_status().text

    def collect_files(self, when: str) -> None:
        """Collect every file of the data folder: databases, their journals, logs, keys and addresses."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                self.found[f"{when}: {path.name}"] = path.read_bytes().decode("latin-1")

    def sightings(self, text: str) -> list[str]:
        """Name the sources in which a text was found."""
        return [source for source, written in self.found.items() if text in written]


@asynccontextmanager
async def open_aviary(folder: Path) -> AsyncIterator[Aviary]:
    """Run `up` as a process of its own, and connect it to a lock cloud."""
    metrics = f"{HOST}:{free_port(HOST)}"
    environment = {
        "LATCHWORK_LOG_LEVEL": "debug",
        "LATCHWORK_METRICS_ADDRESS": metrics,
        "LATCHWORK_PROVIDER_TIMEOUT_SECONDS": "2",
        "LATCHWORK_WEBHOOK_PRIVATE_ADDRESSES": "true",
        "LATCHWORK_MESSAGE_PRIVATE_ADDRESSES": "true",
    }
    settings, cloud = Settings(data=folder), LockCloud([])
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serve(cloud))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False))
        up = await start_latchwork("up", "--port", "0", folder=folder, log=folder / "up.log", environment=environment)
        stack.push_async_callback(up.stop)
        ready_line = await up.read_line()
        address = json.loads(ready_line)["temporal_address"]
        keyring = load_keys(settings)
        client = await Client.connect(address, data_converter=data_converter(keyring))
        database = await Database.open(settings.store_url.get_secret_value())
        stack.push_async_callback(database.close)
        account = await AccountService(client, database, keyring).put(
            DRIVER, ACCOUNT, {"base_url": url, "token": DEMO_TOKEN}
        )
        env = WorkflowEnvironment.from_client(client)
        house = House(env, client, database, keyring, cloud, http, account.id, settings)
        service = AccessCodeService(client, database, keyring)
        app = await stack.enter_async_context(receiver())
        # Its first answer is a failure, so that what failures leave behind is searched, too.
        app.replies["/"].append(Reply(500))
        webhook = await WebhookService(client, database, keyring, for_development=True).create(
            DEFAULT_WORKSPACE_ID, app.url, TOLD
        )
        box = await stack.enter_async_context(mailbox())
        desk = await stack.enter_async_context(open_desk(house, box))
        yield Aviary(house, service, folder, up, ready_line, f"http://{metrics}/metrics", app, webhook, desk, box)

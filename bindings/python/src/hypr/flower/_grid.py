"""A fleet in one process: Flower's Grid without a network, for simulations and tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from copy import deepcopy
from logging import ERROR
from traceback import format_exc
from uuid import uuid4

from flwr.app import Context, Error, Message, RecordDict
from flwr.app.user_config import UserConfig, UserConfigValue
from flwr.clientapp import ClientApp
from flwr.common.constant import ErrorCode
from flwr.common.logger import log
from flwr.serverapp import Grid, ServerApp
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity


class LocalGrid(Grid):
    """Clients in the threads of this process, each with a context of its own that stays from round to round. hypr lets other
    threads run while it learns.

    Flower's own simulation needs Ray, processes and their memory; this needs nothing, and a thousand clients take a thousand
    contexts. The same ServerApp and ClientApp run here and on SuperLink and SuperNodes.

    Parameters
    ----------
    app : ClientApp
    nodes : int, or sequence of mappings
        How many clients; or what each one's ``context.node_config`` has beside ``partition-id``, its place from 0.
    threads : int
        Clients at work at the same time. Results do not depend on it.

    Examples
    --------
    >>> LocalGrid(client, nodes=1000).run_app(server)
    """

    def __init__(self, app: ClientApp, nodes: int | Sequence[Mapping[str, UserConfigValue]], threads: int = 1) -> None:
        configs: Sequence[Mapping[str, UserConfigValue]] = [{}] * nodes if isinstance(nodes, int) else nodes
        self.app, self.threads = app, threads
        self._run = Run.create_empty(run_id=1)
        self.contexts = {number: Context(1, number, UserConfig({"partition-id": number - 1, **config}), RecordDict(), UserConfig())
                         for number, config in enumerate(configs, 1)}
        self._replies: dict[str, Message] = {}

    def run_app(self, server: ServerApp) -> Context:
        """Runs a server to its end; its context."""
        # Flower gives every message the identity of the task that makes it, which is one per process.
        TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = 1, 1, 0
        context = Context(1, 0, UserConfig(), RecordDict(), UserConfig())
        server(self, context)
        return context

    def set_run(self, run: Run) -> None:
        self._run = run

    @property
    def run(self) -> Run:
        return self._run

    def create_message(self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str,
                       ttl: float | None = None) -> Message:
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> Iterable[int]:
        return list(self.contexts)

    def push_messages(self, messages: Iterable[Message]) -> Iterable[str]:
        sent = [_numbered(message) for message in messages]
        for message in sent:
            self._replies[message.metadata.message_id] = self._answer(message)
        return [message.metadata.message_id for message in sent]

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        return [self._replies.pop(name) for name in message_ids if name in self._replies]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> Iterable[Message]:
        """Replies in the order of the messages, without those that come after the timeout."""
        sent = [_numbered(message) for message in messages]
        if self.threads == 1:
            deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
            replies = []
            for message in sent:
                reply = self._answer(message)
                if time.monotonic() <= deadline:
                    replies.append(reply)
            return replies
        with ThreadPoolExecutor(self.threads) as pool:
            jobs = [pool.submit(self._answer, message) for message in sent]
            done, _ = wait(jobs, timeout)
            for job in jobs:
                job.cancel()
            return [job.result() for job in jobs if job in done]

    def _answer(self, message: Message) -> Message:
        """What a client replies, as it would from a device: nothing that it changes is the server's."""
        received = _numbered(Message(deepcopy(message.content), metadata=deepcopy(message.metadata)))
        try:
            reply = self.app(received, self.contexts[message.metadata.dst_node_id])
        except Exception as error:  # noqa: BLE001: as a SuperNode does
            log(ERROR, "node %d: %s", message.metadata.dst_node_id, format_exc())
            reply = Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, f"{type(error).__name__}: {error}"), reply_to=received)
        reply.metadata.__dict__["_reply_to_message_id"] = message.metadata.message_id
        return reply


def _numbered(message: Message) -> Message:
    """With an identity, as a SuperLink gives it."""
    if not message.metadata.message_id:
        message.metadata.__dict__["_message_id"] = str(uuid4())
    return message

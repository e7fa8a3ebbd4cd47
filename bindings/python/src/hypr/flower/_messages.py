"""What is in the messages between server and clients: the names of records and of their entries, and refusals."""

from __future__ import annotations

from flwr.app import Error, Message
from flwr.common.constant import ErrorCode

# Records. Flower's strategies have the first two names as their defaults.
ARRAYS = "arrays"
CONFIG = "config"
METRICS = "metrics"
UPDATE = "update"  # of a reply: which structure and base it is of

# Entries of CONFIG and UPDATE.
STRUCTURE = "structure"  # the structure's text to clients, its fingerprint in replies
BASE = "base"  # fingerprint of the shared parameters that the round began with
RATE_FACTOR = "learning-rate-factor"
ROUND = "server-round"
PROXIMAL = "proximal-mu"  # of Flower's FedProx

# Entry of METRICS, by which Flower's strategies weigh.
EXAMPLES = "num-examples"

# How the bytes of a difference are marked among arrays.
DIFFERENCE = "difference"
DIFFERENCE_TYPE = "hypr.difference"


def refusal(message: Message, reason: str) -> Message:
    """The reply of who does not do what was asked."""
    return Message(Error(ErrorCode.MOD_FAILED_PRECONDITION, reason), reply_to=message)

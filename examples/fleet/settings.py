"""How a fleet trains, and how one place does, in the examples' own choice."""

from dataclasses import dataclass
from typing import Literal

from flwr.serverapp.strategy import FedAdam, FedAvgM

from hypr import flower
from wearers import OPTIONS, adaptation

SEQUENCES = adaptation.UPDATES * adaptation.BATCH  # that a training sees, wherever it is
CENTRAL_RATE = 0.03  # of the first update in one place; chosen as Setting was
BETA2, TAU = 0.999, 1e-8  # of FedAdam, as in one place

# How differences travel; None: as the parameters themselves, float32.
MESSAGES = {
    "float32": None,
    "float16": flower.Compression("float16"),
    "int8": flower.Compression("int8"),
    "int8, a third": flower.Compression("int8", share=1 / 3),
    "int8, a quarter": flower.Compression("int8", share=0.25),
    "int8, a tenth": flower.Compression("int8", share=0.1),
    "int8, a fiftieth": flower.Compression("int8", share=0.02),
    "int8, a tenth, nothing made up for": flower.Compression("int8", share=0.1, error_feedback=False),
}
MESSAGE = "int8, a third"  # an eighth of float32

Adam = Literal["server", "wrists"]  # where it is


@dataclass(frozen=True)
class Setting:
    """How the work of a training is cut into rounds: `updates` of `batch` sequences on each wrist, then an average. Adam is at the
    server, and wrists follow their gradients; or it is on the wrists, whose optimizers go on from round to round, and the server
    adds momentum (FedAvgM). Chosen on what clients have, with another seed than that of the tables (choose.py)."""

    adam: Adam = "server"
    updates: int = 1
    batch: int = 3
    learning_rate: float = 0.02  # of Adam in the first round
    momentum: float = 0.9  # of the server
    beta1: float = 0.0  # of Adam on the wrists
    sequences: int = SEQUENCES

    def rounds(self, clients):
        return max(1, round(self.sequences / (clients * self.updates * self.batch)))

    @property
    def options(self):
        """Of a wrist's session."""
        if self.adam == "server":  # whose steps do not depend on the wrists' rate: 1 loses the least to rounding
            return {**OPTIONS, "optimizer": "sgd", "learning_rate": 1.0}
        return {**OPTIONS, "learning_rate": self.learning_rate, "beta1": self.beta1}

    def strategy(self, **clients):
        if self.adam == "server":
            return FedAdam(eta=self.learning_rate, beta_1=self.momentum, beta_2=BETA2, tau=TAU, fraction_evaluate=0.0,
                           **clients)
        return FedAvgM(server_momentum=self.momentum, fraction_evaluate=0.0, **clients)

    @property
    def schedule(self):
        """Arguments of server_app."""
        return {"schedule": "cosine", "scheduled": "server" if self.adam == "server" else "clients"}

    @property
    def name(self):
        return (f"adam-{self.adam}-{self.updates}x{self.batch}-rate-{self.learning_rate:g}-momentum-{self.momentum:g}"
                f"-beta1-{self.beta1:g}-sequences-{self.sequences}")


# Where a round is dear, as in the demonstration on SuperLink and SuperNodes, and where devices learn long before they answer.
FEW_ROUNDS = Setting("wrists", updates=12, learning_rate=0.02, momentum=0.6, beta1=0.9)

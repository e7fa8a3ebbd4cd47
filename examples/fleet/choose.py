"""Chooses how a fleet trains, and how one place does, without a look at the wearer who is left out: by the loss on sequences of
those who are clients, drawn anew. For example
  choose.py --wearers 5 --seed 1 --settings 12x3,0.02,0.6,0 12x3,0.02,0.6,0.9 --rates 0.01 0.02
where 12x3,0.02,0.6,0 is: 12 updates of 3 sequences a round, clients' learning rate, the server's momentum, and how the clients' own
(Adam's first moment) decays.
"""

import argparse
import os

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np

import hypr
from settings import MESSAGES, SEQUENCES, Setting
from training import central, federated, others
from wearers import Sequences, of

DRAWN = 300
SEED = 99  # other sequences than those of the training


def setting(text):
    work, *numbers = text.split(",")
    updates, batch = map(int, work.split("x"))
    rate, momentum, beta1 = map(float, numbers)
    return updates, batch, rate, momentum, beta1


def loss(model, left_out):
    """Cross-entropy in nats, the mean over the samples of sequences of the nine clients."""
    samples, labels = Sequences(of(others(left_out)), SEED).draw(DRAWN)
    session, losses = hypr.Session(model, learning=False), []
    for sequence, truth in zip(samples, labels):
        session.reset()
        outputs = session.run(sequence).astype(np.float64)
        outputs -= outputs.max(axis=1, keepdims=True)
        outputs -= np.log(np.exp(outputs).sum(axis=1, keepdims=True))
        losses.append(-outputs[np.arange(len(truth)), truth].mean())
    return float(np.mean(losses))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--wearers", type=int, nargs="+", default=[5], help="who is left out in turn (default: 5)")
    add("--seed", type=int, default=1, help="of the first weights and the training sequences (default: %(default)s)")
    add("--settings", nargs="*", default=[], type=setting, metavar="WORK,RATE,MOMENTUM,BETA1", help="of fleets")
    add("--rates", nargs="*", default=[], type=float, help="of the training in one place")
    add("--message", choices=MESSAGES, default="float32", help="how clients send (default: %(default)s)")
    add("--sequences", type=int, default=SEQUENCES, help="that each training sees (default: %(default)s)")
    arguments = parser.parse_args()

    def say(name, models):
        losses = [loss(model, wearer) for model, wearer in zip(models, arguments.wearers)]
        print(f"{name}: loss {np.mean(losses):.4f} ({', '.join(f'{one:.4f}' for one in losses)})", flush=True)

    for rate in arguments.rates:
        say(f"in one place, rate {rate:g}",
            [central(wearer, arguments.seed, arguments.sequences, rate=rate) for wearer in arguments.wearers])
    for updates, batch, rate, momentum, beta1 in arguments.settings:
        how = Setting(updates, batch, rate, momentum, beta1, arguments.sequences)
        say(f"{updates}x{batch}, rate {rate:g}, momentum {momentum:g}, beta1 {beta1:g}, {arguments.message}",
            [federated(wearer, arguments.seed, how, arguments.message)[0] for wearer in arguments.wearers])


if __name__ == "__main__":
    main()

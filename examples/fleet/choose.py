"""Chooses how a fleet trains, and how one place does, without a look at the wearer who is left out: by the loss on sequences of
those who are clients, drawn anew. For example
  choose.py --wearers 5 --seed 1 --settings server,1x3,0.02,0.9 wrists,12x3,0.02,0.6,0.9 --rates 0.01 0.02
where server,1x3,0.02,0.9 is: Adam at the server, 1 update of 3 sequences a round, learning rate, the server's momentum; and after
these, for Adam on the wrists, how its first moment decays.
"""

import argparse
import os
from dataclasses import replace
from typing import get_args

os.environ["FLWR_TELEMETRY_ENABLED"] = "0"

import numpy as np

import hypr
from settings import MESSAGES, SEQUENCES, Adam, Setting
from training import central, federated, others
from wearers import Sequences, of

DRAWN = 300
SEED = 99  # other sequences than those of the training


def setting(text):
    adam, work, *numbers = text.split(",")
    if adam not in get_args(Adam) or len(numbers) != (2 if adam == "server" else 3):
        raise argparse.ArgumentTypeError(f"{text!r}, expected such as server,1x3,0.02,0.9 or wrists,12x3,0.02,0.6,0.9")
    return Setting(adam, *map(int, work.split("x")), *map(float, numbers))


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
    add("--settings", nargs="*", default=[], type=setting, metavar="ADAM,WORK,RATE,MOMENTUM", help="of fleets")
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
    for chosen in arguments.settings:
        how = replace(chosen, sequences=arguments.sequences)
        say(f"{how.name}, {arguments.message}",
            [federated(wearer, arguments.seed, how, arguments.message, messages=how.adam == "wrists")[0]
             for wearer in arguments.wearers])


if __name__ == "__main__":
    main()

"""Draws what a fleet's rounds come to."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")  # distinct for the colour-blind


def draw(path, messages, histories, central, clients):
    """Mean accuracy of the wearers who are left out: over rounds, and over what one client has sent until then."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
    for way, (message, color) in enumerate(zip(messages, COLORS)):
        rounds = [wearer[way] for wearer in histories]
        shown = [place for place, record in enumerate(rounds[0]) if record.accuracy is not None]
        accuracy = smoothed(np.mean([[100 * wearer[place].accuracy for place in shown] for wearer in rounds], axis=0))
        sent = np.cumsum(np.mean([[record.bytes_received / clients for record in wearer] for wearer in rounds], axis=0))
        left.plot([rounds[0][place].number for place in shown], accuracy, color=color, label=message)
        right.plot(sent[shown] / 1000, accuracy, color=color)
    for plot in (left, right):
        plot.axhline(central, color="#666666", linestyle="--", linewidth=1, label="in one place" if plot is left else None)
        plot.grid(color="#dddddd")
        plot.set_axisbelow(True)
    left.set(xlabel="rounds", ylabel="accuracy on the wearer\nwho is left out (%)", xlim=(0, None))
    right.set(xlabel="sent by a client (kB)", xscale="log")
    left.legend(loc="lower right", frameon=False, fontsize=9)
    figure.savefig(path, dpi=120)


def smoothed(values, width=3):
    """Means of so many that were shown until each."""
    return np.array([values[max(0, end - width):end].mean() for end in range(1, len(values) + 1)])

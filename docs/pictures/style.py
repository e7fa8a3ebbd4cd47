"""What the pictures of the documents have in common. The same numbers make the same bytes."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#AA4499", "#777777"  # distinct for the colour-blind
plt.rcParams.update({"font.family": "sans-serif", "font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "hypr",
                     "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True})


def save(figure, path):
    figure.savefig(path, metadata={"Date": None}, facecolor="white")
    plt.close(figure)
    print(path)

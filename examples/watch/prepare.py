"""Makes the files that `make demo` runs: a model trained on all wearers but one, and the stream of that one."""

import argparse
from pathlib import Path

import adaptation
import recordings


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--wearer", type=int, default=2, choices=recordings.WEARERS, help="who is left out (default: 2)")
    add("--seed", type=int, default=0, help="of the first weights and the training sequences (default: 0)")
    add("--folder", type=Path, default=here, help="where the files go (default: beside this script)")
    arguments = parser.parse_args()

    everyone = recordings.load()
    training = [recording for recording in everyone if recording.wearer != arguments.wearer]
    wearer = [recording for recording in everyone if recording.wearer == arguments.wearer]

    stream = arguments.folder / f"wearer-{arguments.wearer}.stream"
    model = arguments.folder / f"without-wearer-{arguments.wearer}.hypr"
    adaptation.train(model, training, arguments.seed)
    recordings.stream(wearer).tofile(stream)
    for path in (model, stream):
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

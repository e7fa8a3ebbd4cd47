"""Lets the training measure how a watch should learn, instead of choosing by hand.

For every wearer the profile is chosen by what it gains on the nine others, each met by a network that was trained without them, and
is then compared with the options that were chosen by hand (adaptation.ADAPTATION), on streams that had no part in it. For example
  tune.py --orders 5                        sets that alternate, five orders of each wearer's stream
  tune.py --orders 5 --blocks               one exercise after the other: what is chosen, and what is left
  tune.py --orders 5 --blocks --rehearsal-bytes 65536
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

import adaptation
import hypr
import leave_one_out
import recordings
from hypr.adaptation import choose


def tuned(wearer, arguments):
    """What hypr.tune_adaptation says about a wearer whom the network has not seen."""
    own = [recording for recording in recordings.load() if recording.wearer == wearer]
    x = [recording.values.astype(np.float32) for recording in own]
    y = [np.full(len(recording.values), recording.exercise, np.int32) for recording in own]
    return hypr.tune_adaptation(
        leave_one_out.model_without(wearer, arguments, 0), x, y, [wearer] * len(own),
        rounds=1 if arguments.blocks else arguments.sets, rehearsal_bytes=arguments.rehearsal_bytes, progress=False)


def averaged(results, index):
    """A profile of several wearers: its schedule is as long as theirs are in the mean."""
    options = dict(results[0].table[index].options)
    if "schedule_updates" in options:
        options["schedule_updates"] = round(np.mean([result.table[index].options["schedule_updates"] for result in results]))
    return options


def compared(job, arguments):
    """Percent of a wearer's test samples, means over the orders: without learning, chosen by hand, chosen by the others."""
    wearer, profile = job
    model = leave_one_out.model_without(wearer, arguments, 0)
    memory = {"rehearsal_bytes": arguments.rehearsal_bytes}
    ways = [(False, {}), (True, memory), (True, {**memory, **profile})]
    return [100 * np.mean([adaptation.recognised(model, stream, learning, **options)[0].mean()
                           for stream in leave_one_out.streams(wearer, arguments, arguments.blocks)]) for learning, options in ways]


def main():
    options = leave_one_out.parser(__doc__)
    options.add_argument("--blocks", action="store_true", help="do not alternate: all sets of an exercise in a row")
    options.add_argument("--rehearsal-bytes", type=int, default=0, help="memory that the watch gives (default: %(default)s)")
    arguments = options.parse_args()
    with ProcessPoolExecutor(arguments.processes) as pool:
        results = list(pool.map(partial(tuned, arguments=arguments), arguments.wearers))
        scores = np.array([[row.scores[0] for row in result.table] for result in results]).T
        chosen = [choose(np.delete(scores, column, axis=1)) for column in range(len(results))]
        print("  score    gain   least  adaptation profile (all wearers)")
        for row, score in zip(results[0].table, scores):
            gains = 100 * (score - scores[0])
            print(f"{score.mean():7.1%}  {gains.mean():+6.1f}  {gains.min():+6.1f}  {row.name}")
        print("\nwearer  without  by hand  measured  profile chosen on the others")
        profiles = [averaged(results[:place] + results[place + 1:], index) for place, index in enumerate(chosen)]
        rows = []
        for wearer, profile, row in zip(arguments.wearers, profiles, pool.map(
                partial(compared, arguments=arguments), zip(arguments.wearers, profiles))):
            words = " ".join(f"{name}={value}" for name, value in profile.items() if name != "train_mask")
            print(f"{wearer:>6}  {row[0]:6.1f}%  {row[1]:6.1f}%  {row[2]:7.1f}%  {words or 'as the model recommends'}", flush=True)
            rows.append(row)
    for name, row in (("mean", np.mean(rows, axis=0)), ("worst", np.min(rows, axis=0))):
        print(f"{name:>6}  {row[0]:6.1f}%  {row[1]:6.1f}%  {row[2]:7.1f}%")


if __name__ == "__main__":
    main()

"""Converts the ECG-QTDB data set (QTDB_train.mat, QTDB_test.mat) to the .npy files that `hypr train` reads.

    convert.py SOURCE TARGET

Inputs are [sequences, 1300, 4] int8, labels [sequences, 1300] int8. The last of the 1301 steps is padding and is dropped. Steps
without a label (all-zero one-hot) count as class 0, as they do in published accuracies.
"""

import sys
from pathlib import Path

import numpy
import scipy.io

STEPS = 1300

source, target = map(Path, sys.argv[1:])
for part in ("train", "test"):
    arrays = scipy.io.loadmat(source / f"QTDB_{part}.mat")
    numpy.save(target / f"{part}_inputs.npy", arrays["x"][:, :STEPS].astype(numpy.int8, order="C"))
    numpy.save(target / f"{part}_labels.npy", arrays["y"][:, :STEPS].argmax(axis=2).astype(numpy.int8, order="C"))

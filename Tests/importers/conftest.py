"""Every test begins with the same random numbers of PyTorch, on one thread: sums in the same order on every computer."""

import pytest
import torch


@pytest.fixture(autouse=True)
def determinism():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with torch.no_grad():
        yield

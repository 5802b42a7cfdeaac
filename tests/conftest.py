"""What every test shares: the folder of the helper modules is on the path because this file lies in it."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20250101)

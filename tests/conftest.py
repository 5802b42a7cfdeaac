"""What every test shares: the folder of the helper modules is on the path because this file lies in it."""

from __future__ import annotations

import os

import hypothesis
import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20250101)


# Tests leave the meshes that the user has kept alone, and so do the processes that they start.
os.environ["SSBSIM_MESH_CACHE"] = "off"

# A test says what holds, never how fast: a busy machine must not fail one.
hypothesis.settings.register_profile("ssbsim", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ssbsim")

# Volumes in m^3 are smaller than pytest's absolute tolerance of 1e-12, which would let any two of them pass as equal.
pytest.approx(0.0).__class__.DEFAULT_ABSOLUTE_TOLERANCE = 0.0

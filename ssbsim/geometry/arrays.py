"""Types of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]
Int = NDArray[np.int64]
Labels = NDArray[np.int32]
"""Numbers of the parts of an image, one for each pixel."""

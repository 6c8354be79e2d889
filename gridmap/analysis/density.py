"""Density of points on a raster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter


def smooth(bins: NDArray[np.float64], pixel_m: float, bandwidth_m: float) -> NDArray[np.float64]:
    """Gaussian kernel density of binned points, in points per square metre.

    bins: (rows, columns) counts; pixel_m: side of a pixel in metres; bandwidth_m: the kernel's
    standard deviation. Mass near the border is kept inside only as far as the kernel reaches it.
    """
    return np.asarray(
        gaussian_filter(bins, bandwidth_m / pixel_m, mode="constant", truncate=4.0) / pixel_m**2
    )

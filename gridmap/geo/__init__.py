"""Coordinates and areas: datums, reference systems, tilings, the area of a point. Pure: arrays and frames."""

"""GridMap: grids, service points and reports of a street, in PostGIS and on the map."""

__version__ = "0.1.0"

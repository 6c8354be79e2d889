"""The tables, as SQLAlchemy 2 typed models."""

from gridmap.store.models.areas import Area
from gridmap.store.models.base import Base
from gridmap.store.models.dictionaries import (
    Amenity,
    Category,
    PlaceKind,
    ReportSource,
    StationKind,
    Workday,
)
from gridmap.store.models.people import Worker, WorkerArea
from gridmap.store.models.places import Demand, Landscape, Place, Street
from gridmap.store.models.records import DataVersion, Import
from gridmap.store.models.reports import Placement, Report, TaughtAlias
from gridmap.store.models.stations import Station, StationAmenity, StationUse

__all__ = [
    "Amenity",
    "Area",
    "Base",
    "Category",
    "DataVersion",
    "Demand",
    "Import",
    "Landscape",
    "Place",
    "PlaceKind",
    "Placement",
    "Report",
    "ReportSource",
    "Station",
    "StationAmenity",
    "StationKind",
    "StationUse",
    "Street",
    "TaughtAlias",
    "Workday",
    "Worker",
    "WorkerArea",
]

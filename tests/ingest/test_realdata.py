"""Files that others made, imported as a user would, with the fields guessed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely

from gridmap.errors import InputError
from gridmap.geo.locate import AreaIndex
from gridmap.ingest import clean
from gridmap.ingest.readers import read
from gridmap.types import Level
from tests import realdata


def areas(file, level, **given):
    return clean.clean_areas(read(realdata.path(file)), "wgs84", given, level=level)


def test_the_villages_of_taipei():
    cleaned = areas("taipei/taipei_village.geojson", Level.COMMUNITY, code="NPTVID", name="VNAME")
    assert (len(cleaned.accepted), len(cleaned.rejected)) == (456, 0)
    assert cleaned.accepted["code"].str.fullmatch(r"63\d{8}").all()
    assert cleaned.accepted["name"].str.endswith("里").all()
    assert cleaned.accepted.geometry.is_valid.all()
    assert [re.sub(r"\[.*\]", "", notice) for notice in cleaned.notices if "repaired" in notice] == [
        "row 102, 6301000001: Self-intersection; its rings were repaired",
        "row 128, 6301000039: Self-intersection; its rings were repaired",
    ]


def test_the_stations_of_taipei_lie_in_the_districts_of_their_addresses(dictionaries):
    stations = clean.clean_stations(
        read(realdata.path("taipei/socl_welfare_organization_plc.geojson")),
        "wgs84",
        {},
        kinds=dictionaries["station_kinds"],
        amenities=dictionaries["amenities"],
    )
    assert (len(stations.accepted), len(stations.rejected), len(stations.new_kinds)) == (578, 0, 7)
    assert stations.accepted["reference"].is_unique
    districts = areas("taipei/taipei_town.geojson", Level.STREET, code="NPTID", name="TNAME").accepted
    places = stations.accepted.geometry
    owner = AreaIndex(districts).locate(places.x.to_numpy(), places.y.to_numpy())
    found = np.where(owner >= 0, districts["name"].to_numpy()[owner], "")
    written = stations.accepted["address"].str.extract(r"(..區)")[0]
    readable = written.isin(districts["name"]).to_numpy()
    assert (readable.sum(), (written.to_numpy() == found)[readable].sum()) == (575, 575)


def test_the_requests_of_new_york(dictionaries):
    """All 5,895 are distinct; 57 have no coordinates; two were closed on 1900-01-01, which is no date."""
    cleaned = clean.clean_reports(
        read(realdata.path("nyc_311/311.csv")),
        "wgs84",
        {},
        categories=dictionaries["categories"],
        sources=dictionaries["report_sources"],
    )
    assert (len(cleaned.accepted), len(cleaned.rejected)) == (5895, 0)
    assert cleaned.accepted.geometry.notna().sum() == 5838
    assert (cleaned.mapping["lng"], cleaned.mapping["text"]) == ("Longitude", "Descriptor")
    assert cleaned.accepted["reference"].is_unique
    assert cleaned.accepted["closed_at"].notna().sum() == 2464 - 2
    assert cleaned.accepted["reported_at"].dt.year.agg(["min", "max"]).tolist() == [2010, 2025]


def test_the_zip_codes_of_new_york_repeat():
    """Of the 262 polygons 15 are further parts of a code that came before, mostly islands."""
    source = read(realdata.path("nyc_311/nyc-zipcodes.geojson"))
    given = {"code": "postalCode", "name": "PO_NAME"}
    cleaned = clean.clean_areas(source, "wgs84", given, level=Level.GRID)
    assert (len(cleaned.accepted), len(cleaned.rejected)) == (247, 15)
    assert all("is already in row" in line for line in cleaned.lines())
    merged = clean.clean_areas(source, "wgs84", given, level=Level.GRID, merge_parts=True)
    assert (len(merged.accepted), len(merged.rejected)) == (247, 0)
    parts = [frame.accepted.set_index("code").geometry["10004"] for frame in (cleaned, merged)]
    assert [len(shapely.get_parts(part)) for part in parts] == [1, 4]


@pytest.mark.parametrize("code", ["511723", "530702"])
def test_counties_of_an_unstated_system(code):
    source = read(realdata.path(f"cn_admin/{code}.geojson"))
    assert source.stated_crs is None
    read_as = {}
    for declared in ("wgs84", "gcj02"):
        read_as[declared] = clean.clean_areas(source, declared, {}, level=Level.COUNTY).accepted
    assert read_as["gcj02"]["code"].tolist() == [code]
    centres = [shapely.centroid(frame.geometry.iloc[0]) for frame in read_as.values()]
    assert 0.003 < centres[0].distance(centres[1]) < 0.007


def test_names_and_codes_of_villages():
    source = read(realdata.path("cn_admin/villages.csv"))
    assert source.frame["code"].str.fullmatch(r"\d{12}").all()


def test_people_of_san_francisco():
    source = read(realdata.path("spopt_sf/SF_demand_205_centroid_uniform_weight.csv"))
    cleaned = clean.clean_demand(source, "wgs84", {"people": "POP2000"})
    assert (len(cleaned.accepted), len(cleaned.rejected)) == (205, 0)
    assert source.frame["ID"][0] == "06081602900"


def test_a_shapefile_without_its_table():
    with pytest.raises(InputError, match=r"ServiceAreas_4\.shp comes without its \.dbf"):
        read(realdata.path("spopt_sf/ServiceAreas_4.shp"))

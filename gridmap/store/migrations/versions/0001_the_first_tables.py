"""The first tables, what counts their changes, and what the application may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Topics whose changes pages and maps watch, and the tables that belong to each.
TOPICS = {
    "areas": ("areas",),
    "stations": ("stations", "station_amenities", "station_use", "station_kinds", "amenities"),
    "ground": ("places", "streets", "landscape", "demand", "place_kinds"),
    "reports": ("reports", "categories", "report_sources"),
    "workers": ("workers", "worker_areas"),
}

# The function runs as the owner: whoever changes data may not touch the counter by himself.
COUNT_CHANGE = """
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public AS $$
BEGIN
    UPDATE data_versions SET version = version + 1 WHERE id = (
        SELECT id FROM data_versions WHERE topic = TG_ARGV[0] LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF NOT FOUND THEN
        INSERT INTO data_versions (topic, version) VALUES (TG_ARGV[0], 1);
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "amenities",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_amenities")),
        sa.UniqueConstraint("name", name=op.f("uq_amenities_name")),
    )
    op.create_table(
        "areas",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("kind IN ('general', 'dedicated')", name=op.f("ck_areas_kind")),
        sa.CheckConstraint(
            "level IN ('county', 'street', 'community', 'grid', 'building')", name=op.f("ck_areas_level")
        ),
        sa.CheckConstraint("households >= 0 AND population >= 0", name=op.f("ck_areas_counts")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_areas_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_areas")),
    )
    op.create_index(
        "ix_areas_code_prefix", "areas", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"}
    )
    op.create_index("ix_areas_geom", "areas", ["geom"], unique=False, postgresql_using="gist")
    op.create_index("ix_areas_geom_3857", "areas", ["geom_3857"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_areas_level_current",
        "areas",
        ["level"],
        unique=False,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "uq_areas_code_current", "areas", ["code"], unique=True, postgresql_where=sa.text("valid_to IS NULL")
    )
    op.create_table(
        "categories",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("national", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["categories.code"], name=op.f("fk_categories_parent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_categories")),
        sa.UniqueConstraint("name", name=op.f("uq_categories_name")),
    )
    op.create_table(
        "data_versions",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_versions")),
    )
    op.create_index("ix_data_versions_topic", "data_versions", ["topic"], unique=False)
    op.create_table(
        "demand",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("building", sa.String(), nullable=True),
        sa.Column("people", sa.Double(), nullable=False),
        sa.Column("households", sa.Double(), nullable=True),
        sa.Column("elderly", sa.Double(), nullable=True),
        sa.Column("children", sa.Double(), nullable=True),
        sa.Column("riders", sa.Double(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "people >= 0 AND households >= 0 AND elderly >= 0 AND children >= 0 AND riders >= 0",
            name=op.f("ck_demand_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand")),
        sa.UniqueConstraint("reference", name=op.f("uq_demand_reference")),
    )
    op.create_index(
        "ix_demand_area_prefix", "demand", ["area"], unique=False, postgresql_ops={"area": "text_pattern_ops"}
    )
    op.create_index("ix_demand_geom", "demand", ["geom"], unique=False, postgresql_using="gist")
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("crs", sa.String(), nullable=True),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "landscape",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("kind IN ('water', 'green', 'railway', 'square')", name=op.f("ck_landscape_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_landscape")),
        sa.UniqueConstraint("reference", name=op.f("uq_landscape_reference")),
    )
    op.create_index(
        "ix_landscape_geom_3857",
        "landscape",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "place_kinds",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_place_kinds")),
        sa.UniqueConstraint("name", name=op.f("uq_place_kinds_name")),
    )
    op.create_table(
        "report_sources",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_report_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_report_sources_name")),
    )
    op.create_table(
        "station_kinds",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("character", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("color", sa.String(), nullable=False),
        sa.Column("mobile", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_station_kinds")),
        sa.UniqueConstraint("name", name=op.f("uq_station_kinds_name")),
    )
    op.create_table(
        "streets",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("class", sa.String(), nullable=False),
        sa.Column("bridge", sa.Boolean(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streets")),
        sa.UniqueConstraint("reference", name=op.f("uq_streets_reference")),
    )
    op.create_index("ix_streets_geom", "streets", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_streets_geom_3857",
        "streets",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_table(
        "workdays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_workdays_kind")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_workdays")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.CheckConstraint("role IN ('lead', 'full', 'part')", name=op.f("ck_workers_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
        sa.UniqueConstraint("reference", name=op.f("uq_workers_reference")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("managed", sa.Boolean(), nullable=True),
        sa.Column("committee", sa.Boolean(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["kind"], ["place_kinds.code"], name=op.f("fk_places_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("reference", name=op.f("uq_places_reference")),
    )
    op.create_index(
        "ix_places_area_prefix", "places", ["area"], unique=False, postgresql_ops={"area": "text_pattern_ops"}
    )
    op.create_index("ix_places_geom", "places", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_places_geom_3857",
        "places",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(op.f("ix_places_kind"), "places", ["kind"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("category_given", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("raw_x", sa.Double(), nullable=True),
        sa.Column("raw_y", sa.Double(), nullable=True),
        sa.Column("raw_crs", sa.String(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("location_method", sa.String(), nullable=True),
        sa.Column("location_confidence", sa.Double(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "location_method IN ('declared', 'geocoded', 'confirmed')", name=op.f("ck_reports_method")
        ),
        sa.CheckConstraint("(raw_x IS NULL) = (geom IS NULL)", name=op.f("ck_reports_coordinates")),
        sa.CheckConstraint("area IS NULL OR geom IS NOT NULL", name=op.f("ck_reports_placed")),
        sa.CheckConstraint("location_confidence BETWEEN 0 AND 1", name=op.f("ck_reports_confidence")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_reports_area_id")),
        sa.ForeignKeyConstraint(["category"], ["categories.code"], name=op.f("fk_reports_category")),
        sa.ForeignKeyConstraint(["source"], ["report_sources.code"], name=op.f("fk_reports_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("source", "reference", name=op.f("uq_reports_source")),
    )
    op.create_index(
        "ix_reports_area_prefix",
        "reports",
        ["area"],
        unique=False,
        postgresql_ops={"area": "text_pattern_ops"},
    )
    op.create_index(
        "ix_reports_geom_3857",
        "reports",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(
        "ix_reports_queue", "reports", ["id"], unique=False, postgresql_where=sa.text("area IS NULL")
    )
    op.create_index(op.f("ix_reports_reported_at"), "reports", ["reported_at"], unique=False)
    op.create_table(
        "stations",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("opening_hours", sa.String(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("raw_x", sa.Double(), nullable=False),
        sa.Column("raw_y", sa.Double(), nullable=False),
        sa.Column("raw_crs", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_3857",
            Geometry(
                srid=3857, dimension=2, spatial_index=False, from_text="ST_GeomFromEWKT", name="geometry"
            ),
            sa.Computed("ST_Transform(geom, 3857)", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_stations_capacity")),
        sa.ForeignKeyConstraint(["kind"], ["station_kinds.code"], name=op.f("fk_stations_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
        sa.UniqueConstraint("reference", name=op.f("uq_stations_reference")),
    )
    op.create_index(
        "ix_stations_area_prefix",
        "stations",
        ["area"],
        unique=False,
        postgresql_ops={"area": "text_pattern_ops"},
    )
    op.create_index("ix_stations_geom", "stations", ["geom"], unique=False, postgresql_using="gist")
    op.create_index(
        "ix_stations_geom_3857",
        "stations",
        ["geom_3857"],
        unique=False,
        postgresql_using="gist",
    )
    op.create_index(op.f("ix_stations_kind"), "stations", ["kind"], unique=False)
    op.create_table(
        "worker_areas",
        sa.Column("worker_id", sa.Integer(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("CURRENT_DATE"), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_worker_areas_validity")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["workers.id"], name=op.f("fk_worker_areas_worker_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("worker_id", "area", "valid_from", name=op.f("pk_worker_areas")),
    )
    op.create_index(
        "ix_worker_areas_area_prefix",
        "worker_areas",
        ["area"],
        unique=False,
        postgresql_ops={"area": "text_pattern_ops"},
    )
    op.create_table(
        "station_amenities",
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("amenity", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["amenity"], ["amenities.code"], name=op.f("fk_station_amenities_amenity")),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_amenities_station_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "amenity", name=op.f("pk_station_amenities")),
    )
    op.create_table(
        "station_use",
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=True),
        sa.Column("waters", sa.Integer(), nullable=True),
        sa.Column("medicines", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "visits >= 0 AND waters >= 0 AND medicines >= 0", name=op.f("ck_station_use_counts")
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.id"], name=op.f("fk_station_use_station_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "month", name=op.f("pk_station_use")),
    )
    op.execute(COUNT_CHANGE)
    for topic, tables in TOPICS.items():
        for table in tables:
            op.execute(
                f"CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION count_change('{topic}')"
            )
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO gridmap_app")
    op.execute("GRANT INSERT, UPDATE ON reports TO gridmap_app")


def downgrade() -> None:
    op.drop_table("station_use")
    op.drop_table("station_amenities")
    op.drop_index(
        "ix_worker_areas_area_prefix", table_name="worker_areas", postgresql_ops={"area": "text_pattern_ops"}
    )
    op.drop_table("worker_areas")
    op.drop_index(op.f("ix_stations_kind"), table_name="stations")
    op.drop_index("ix_stations_geom_3857", table_name="stations")
    op.drop_index("ix_stations_geom", table_name="stations")
    op.drop_index(
        "ix_stations_area_prefix", table_name="stations", postgresql_ops={"area": "text_pattern_ops"}
    )
    op.drop_table("stations")
    op.drop_index(op.f("ix_reports_reported_at"), table_name="reports")
    op.drop_index("ix_reports_queue", table_name="reports", postgresql_where=sa.text("area IS NULL"))
    op.drop_index("ix_reports_geom_3857", table_name="reports")
    op.drop_index("ix_reports_area_prefix", table_name="reports", postgresql_ops={"area": "text_pattern_ops"})
    op.drop_table("reports")
    op.drop_index(op.f("ix_places_kind"), table_name="places")
    op.drop_index("ix_places_geom_3857", table_name="places")
    op.drop_index("ix_places_geom", table_name="places")
    op.drop_index("ix_places_area_prefix", table_name="places", postgresql_ops={"area": "text_pattern_ops"})
    op.drop_table("places")
    op.drop_table("workers")
    op.drop_table("workdays")
    op.drop_index("ix_streets_geom_3857", table_name="streets")
    op.drop_index("ix_streets_geom", table_name="streets")
    op.drop_table("streets")
    op.drop_table("station_kinds")
    op.drop_table("report_sources")
    op.drop_table("place_kinds")
    op.drop_index("ix_landscape_geom_3857", table_name="landscape")
    op.drop_table("landscape")
    op.drop_table("imports")
    op.drop_index("ix_demand_geom", table_name="demand")
    op.drop_index("ix_demand_area_prefix", table_name="demand", postgresql_ops={"area": "text_pattern_ops"})
    op.drop_table("demand")
    op.drop_index("ix_data_versions_topic", table_name="data_versions")
    op.drop_table("data_versions")
    op.drop_table("categories")
    op.drop_index("uq_areas_code_current", table_name="areas", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_areas_level_current", table_name="areas", postgresql_where=sa.text("valid_to IS NULL"))
    op.drop_index("ix_areas_geom_3857", table_name="areas")
    op.drop_index("ix_areas_geom", table_name="areas")
    op.drop_index("ix_areas_code_prefix", table_name="areas", postgresql_ops={"code": "text_pattern_ops"})
    op.drop_table("areas")
    op.drop_table("amenities")
    op.execute("DROP FUNCTION count_change()")

"""Placing reports by their address and by hand: why they wait, the log of placements, taught aliases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WAITING = (
    "CASE coalesce(waiting, 'no') WHEN 'no' THEN area IS NOT NULL "
    "WHEN 'contradiction' THEN area IS NOT NULL AND raw_x IS NOT NULL "
    "WHEN 'outside' THEN area IS NULL AND geom IS NOT NULL "
    "WHEN 'unsure' THEN geom IS NULL AND address IS NOT NULL "
    "WHEN 'no_address' THEN geom IS NULL ELSE false END"
)

# The log of placements is evidence: nobody rewrites it, the owner included.
REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def _point(name: str, nullable: bool) -> sa.Column[object]:
    kind = Geometry(
        geometry_type="POINT",
        srid=4490,
        dimension=2,
        spatial_index=False,
        from_text="ST_GeomFromEWKT",
        name="geometry",
        nullable=nullable,
    )
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    op.add_column("reports", sa.Column("location_reasons", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("reports", sa.Column("waiting", sa.String(), nullable=True))
    op.execute(
        "UPDATE reports SET waiting = CASE WHEN geom IS NOT NULL THEN 'outside' "
        "WHEN address IS NULL THEN 'no_address' ELSE 'unsure' END WHERE area IS NULL"
    )
    op.drop_constraint(op.f("ck_reports_coordinates"), "reports", type_="check")
    op.create_check_constraint(op.f("ck_reports_coordinates"), "reports", "raw_x IS NULL OR geom IS NOT NULL")
    op.create_check_constraint(op.f("ck_reports_waiting"), "reports", WAITING)
    op.drop_index("ix_reports_queue", table_name="reports")
    op.create_index(
        "ix_reports_queue",
        "reports",
        ["reported_at", "id"],
        unique=False,
        postgresql_where=sa.text("waiting IS NOT NULL"),
    )
    op.create_table(
        "taught_aliases",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("taught_by", sa.String(), nullable=False),
        sa.Column("taught_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        _point("geom", nullable=False),
        sa.CheckConstraint("alias <> ''", name=op.f("ck_taught_aliases_alias")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_taught_aliases_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taught_aliases")),
    )
    op.create_index(op.f("ix_taught_aliases_report_id"), "taught_aliases", ["report_id"], unique=False)
    op.create_index(
        "ix_taught_aliases_current",
        "taught_aliases",
        ["id"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "placements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=True),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("waiting", sa.String(), nullable=True),
        sa.Column("area_before", sa.String(), nullable=True),
        sa.Column("area_id_before", sa.Integer(), nullable=True),
        sa.Column("method_before", sa.String(), nullable=True),
        sa.Column("confidence_before", sa.Double(), nullable=True),
        sa.Column("waiting_before", sa.String(), nullable=True),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("alias_id", sa.Integer(), nullable=True),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        _point("geom", nullable=True),
        _point("geom_before", nullable=True),
        sa.CheckConstraint(
            "action IN ('geocoded', 'adopted', 'confirmed', 'withdrawn')", name=op.f("ck_placements_action")
        ),
        sa.CheckConstraint(
            "(action = 'withdrawn') = (undoes IS NOT NULL)", name=op.f("ck_placements_undoes")
        ),
        sa.ForeignKeyConstraint(["alias_id"], ["taught_aliases.id"], name=op.f("fk_placements_alias_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_placements_area_id")),
        sa.ForeignKeyConstraint(["area_id_before"], ["areas.id"], name=op.f("fk_placements_area_id_before")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_placements_report_id")),
        sa.ForeignKeyConstraint(["undoes"], ["placements.id"], name=op.f("fk_placements_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
        sa.UniqueConstraint("undoes", name=op.f("uq_placements_undoes")),
    )
    op.create_index("ix_placements_report", "placements", ["report_id", "id"], unique=False)
    op.execute(
        "CREATE TRIGGER count_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON taught_aliases "
        "FOR EACH STATEMENT EXECUTE FUNCTION count_change('aliases')"
    )
    op.execute(REFUSE_CHANGE)
    op.execute(
        "CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON placements "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("GRANT SELECT, INSERT ON placements, taught_aliases TO gridmap_app")
    op.execute("GRANT UPDATE (withdrawn_at) ON taught_aliases TO gridmap_app")


def downgrade() -> None:
    op.drop_table("placements")
    op.drop_table("taught_aliases")
    op.execute("DROP FUNCTION refuse_change()")
    op.drop_index("ix_reports_queue", table_name="reports")
    op.drop_constraint(op.f("ck_reports_waiting"), "reports", type_="check")
    op.drop_constraint(op.f("ck_reports_coordinates"), "reports", type_="check")
    # The first tables know no place without coordinates of its own.
    op.execute(
        "UPDATE reports SET geom = NULL, area = NULL, area_id = NULL, location_method = NULL "
        "WHERE raw_x IS NULL AND geom IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_reports_coordinates"), "reports", "(raw_x IS NULL) = (geom IS NULL)")
    op.create_index(
        "ix_reports_queue", "reports", ["id"], unique=False, postgresql_where=sa.text("area IS NULL")
    )
    op.drop_column("reports", "waiting")
    op.drop_column("reports", "location_reasons")

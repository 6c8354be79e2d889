"""A taught alias is withdrawn once, at the moment of it."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# The right to UPDATE withdrawn_at says nothing of the value. For the owner as well.
WITHDRAW_ONCE = """
CREATE FUNCTION withdraw_once() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS DISTINCT FROM now() THEN
        RAISE EXCEPTION '% is withdrawn once, and now: another change is refused', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(WITHDRAW_ONCE)
    op.execute(
        "CREATE TRIGGER withdraw_once BEFORE UPDATE ON taught_aliases "
        "FOR EACH ROW EXECUTE FUNCTION withdraw_once()"
    )
    # The application's rights as they are to stay: it adds, and withdraws; it rewrites nothing.
    op.execute("REVOKE ALL ON placements, taught_aliases FROM gridmap_app")
    op.execute("GRANT SELECT, INSERT ON placements, taught_aliases TO gridmap_app")
    op.execute("GRANT UPDATE (withdrawn_at) ON taught_aliases TO gridmap_app")


def downgrade() -> None:
    op.execute("DROP TRIGGER withdraw_once ON taught_aliases")
    op.execute("DROP FUNCTION withdraw_once()")

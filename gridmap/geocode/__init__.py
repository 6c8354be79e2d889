"""What people write → a known place → its area, or an honest "not sure". Pure: no database, no network."""

"""Geocoding services outside the building: the only code that sends an address over the network."""

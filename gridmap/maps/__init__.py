"""Maps as whole Folium documents, offline. The only room that imports Folium."""

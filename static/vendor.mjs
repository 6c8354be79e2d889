// Copies the few files that the pages load from node_modules to vendor/, each package with its licence.
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FILES = {
  bootstrap: ["dist/css/bootstrap.min.css"],
  leaflet: ["dist/leaflet.js", "dist/leaflet.css"],
  "leaflet.markercluster": ["dist/leaflet.markercluster.js", "dist/MarkerCluster.css"],
  "protomaps-leaflet": ["dist/protomaps-leaflet.js"],
};

const here = dirname(fileURLToPath(import.meta.url));
rmSync(join(here, "vendor"), { recursive: true, force: true });
for (const [name, files] of Object.entries(FILES)) {
  const source = join(here, "node_modules", name);
  const target = join(here, "vendor", name);
  mkdirSync(target, { recursive: true });
  const licences = readdirSync(source).filter((file) => /^(mit-)?licen[cs]e/i.test(file));
  if (!licences.length) throw new Error(`${name} carries no licence file`);
  for (const file of [...files, ...licences]) cpSync(join(source, file), join(target, file.split("/").pop()));
}

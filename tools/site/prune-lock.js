// The second half of `npm run lock`. The files that pages load are bundles which hold their own
// dependencies, so the lock needs none of the 240 packages (300 MB) that npm would install too.
const fs = require("fs");

const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
const root = lock.packages[""];
const packages = { "": root };
for (const name of Object.keys(root.dependencies)) {
  const { dependencies, ...kept } = lock.packages[`node_modules/${name}`];
  packages[`node_modules/${name}`] = kept;
}
fs.writeFileSync("package-lock.json", JSON.stringify({ ...lock, packages }, null, 2) + "\n");

/**
 * Complete package-lock.json: npm leaves out the optional packages of other platforms, and `npm ci` then refuses the
 * lock on those. Each missing one is added with its version and platform and nothing else. Addresses of registries are
 * removed. Run after each change of a dependency: `npm run lock`.
 */
import { readFile, writeFile } from "node:fs/promises";

const LOCK = new URL("../package-lock.json", import.meta.url);
const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"];

/** Such packages say in their names what they are for: `@next/swc-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/.]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }) };
}

const lock = JSON.parse(await readFile(LOCK, "utf8"));
const packages = lock.packages;
for (const place of Object.values(packages)) delete place.resolved;
for (const place of Object.values(packages)) {
  for (const [name, version] of Object.entries(place.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const exact = /^\d+\.\d+\.\d+[-+\w.]*$/.test(version);
    if (packages[path] || !exact || Object.keys(platformOf(name)).length === 0) continue;
    packages[path] = { version, optional: true, ...platformOf(name) };
    console.log(`added ${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
await writeFile(LOCK, `${JSON.stringify(lock, null, 2)}\n`);

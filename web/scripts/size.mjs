/** Say how much script the first page loads, gzipped, above an empty page of the same framework; fail over 60 KB. */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const OUT = new URL("../out/", import.meta.url);
/** Measured with next 16.4.6 and react 19.3.1: a layout and a page with one paragraph. */
const EMPTY_PAGE = 174_738;
const BUDGET = 60_000;

const page = await readFile(new URL("index.html", OUT), "utf8");
const scripts = new Set([...page.matchAll(/\/_next\/static\/[^"\\]*?\.js/g)].map(([path]) => path));
let total = 0;
for (const path of scripts) total += gzipSync(await readFile(new URL(`.${path}`, OUT))).length;
const above = total - EMPTY_PAGE;
console.log(`${scripts.size} scripts, ${total} bytes gzipped, ${above} above an empty page; ${BUDGET} are allowed.`);
process.exit(above > BUDGET ? 1 : 0);

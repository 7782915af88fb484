/**
 * Make lib/protocol.ts from schema/protocol.schema.json; with --check only say whether the committed file is fresh.
 */
import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const SCHEMA = new URL("../../schema/protocol.schema.json", import.meta.url);
const TYPES = new URL("../lib/protocol.ts", import.meta.url);
const BANNER = "// Generated from schema/protocol.schema.json by `npm run types`. Do not edit.";

/** A result always carries every field that has a default, so in it none is optional; the generator cannot know. */
function requireAll(schema, payloads) {
  for (const [name, definition] of Object.entries(schema.definitions)) {
    if (definition.type === "object" && definition.properties && !payloads.has(name)) {
      if (["Request", "Reply"].includes(name)) continue;
      definition.required = Object.keys(definition.properties);
    }
  }
}

/** Models that clients send: the payloads and what they refer to. */
function sentModels(schema) {
  const sent = new Set();
  const visit = (part) => {
    if (Array.isArray(part)) return part.forEach(visit);
    if (part === null || typeof part !== "object") return;
    if (typeof part.$ref === "string") {
      const name = part.$ref.split("/").at(-1);
      if (sent.has(name)) return;
      sent.add(name);
      visit(schema.definitions[name]);
    }
    Object.values(part).forEach(visit);
  };
  for (const action of Object.values(schema.definitions.Actions.properties)) visit(action.properties.payload);
  return sent;
}

async function generate() {
  const schema = JSON.parse(await readFile(SCHEMA, "utf8"));
  const actions = schema.definitions.Actions.properties;
  const timeouts = Object.fromEntries(Object.entries(actions).map(([name, action]) => [name, action["x-timeout-s"]]));
  const paths = Object.fromEntries(Object.entries(schema["x-routes"]).map(([name, route]) => [name, route.path]));
  requireAll(schema, sentModels(schema));
  const types = await compile(schema, "TetherlightProtocol", {
    bannerComment: BANNER,
    additionalProperties: false,
    format: false,
    unreachableDefinitions: true,
  });
  const table = [
    "",
    "/** The version of the protocol that these types describe. */",
    `export const PROTOCOL_VERSION = ${schema["x-protocol"]};`,
    "",
    "/** How many seconds to wait for each action's reply; null where only the end of a job answers. */",
    `export const ACTION_TIMEOUTS_S: Record<keyof Actions, number | null> = ${JSON.stringify(timeouts, null, 2)};`,
    "",
    "/** Where things are over HTTP; what stands in braces is to be filled in. */",
    `export const ROUTES = ${JSON.stringify(paths, null, 2)} as const;`,
    "",
    "/** What an image is by its extension: the kinds `jpeg` and `raw`, or another one. */",
    `export const IMAGE_TYPES = ${JSON.stringify(schema.definitions.ImageType["x-types"], null, 2)} as const;`,
    "",
    "/** Why a connection ended, and whether to connect again; other codes come from newer servers or from proxies. */",
    `export const CLOSE_CODES = ${JSON.stringify(schema.definitions.CloseCode["x-codes"], null, 2)} as const;`,
    "",
  ];
  return types.trimEnd() + table.join("\n");
}

const fresh = await generate();
if (process.argv.includes("--check")) {
  const committed = await readFile(TYPES, "utf8").catch(() => "");
  if (committed !== fresh) {
    console.error("web/lib/protocol.ts is not what the schema gives: run `npm run types` and commit it.");
    process.exit(1);
  }
  console.log("web/lib/protocol.ts is fresh.");
} else {
  await writeFile(TYPES, fresh);
}

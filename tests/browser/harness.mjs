// What the harness itself must see: a test of pages that cannot fail is worth nothing.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axeFindings, check, expect, expectNone, fileUrl, openPage, overflow, phone, run, serve } from "./browser.mjs";

const bad = `<!doctype html><html><head><title>x</title></head><body style="width: 700px">
<img src="missing.png"><input><script>console.error("on purpose"); fetch("http://127.0.0.1:9/x").catch(() => {}); nowhere();</script></body></html>`;
const good = `<!doctype html><html lang="en"><head><title>x</title><link rel="icon" href="data:,"></head>
<body><main><h1>Words</h1></main></body></html>`;

async function pages(body) {
	const folder = await mkdtemp(join(tmpdir(), "vitrine-browser-"));
	const server = await serve(folder);

	await writeFile(join(folder, "index.html"), good);
	await writeFile(join(folder, "bad.html"), bad);
	try {
		await body(server.url, folder);
	} finally {
		server.close();
		await rm(folder, { recursive: true });
	}
}

check("whatever is wrong with a page is seen", ({ browser }) =>
	pages(async (url) => {
		const page = await openPage(browser, `${url}/bad.html`, { viewport: phone });
		const said = page.complaints().join("\n");

		for (const part of ["on purpose", "nowhere", "status 404", "another place"])
			expect(said.includes(part), `${part} is not in: ${said}`);
		expect((await overflow(page)) > 0, "700 pixels fit 390");
		expect((await axeFindings(page)).some((line) => line.includes("image-alt")), "axe has not missed the image's text");
		await page.done();
	}));

check("a sound page has no complaint, from a server and from a file", ({ browser }) =>
	pages(async (url, folder) => {
		for (const from of [`${url}/`, fileUrl(join(folder, "index.html"))]) {
			const page = await openPage(browser, from, { viewport: phone });

			expectNone(page.complaints(), from);
			expectNone(await axeFindings(page), from);
			expect((await overflow(page)) === 0, from);
			await page.done();
		}
	}));

await run();

// Every page of the built site, as a person meets it: desktop and phone, light and dark, with its links and its search.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { axeFindings, check, desktop, expect, expectNone, fileUrl, openPage, overflow, phone, run, site } from "./browser.mjs";

function walk(folder) {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]);
}

const html = walk(site).filter((file) => file.endsWith(".html")).map((file) => relative(site, file));
// Doxygen's pages and the explorer's have tests of their own; sources are one page, many times.
const ours = html.filter((page) => !/^(api|source|explorer)\//.test(page) && page !== "404.html");
const sources = html.filter((page) => page.startsWith("source/"));

// axe takes seconds a page, and pages are made alike: one of each kind.
const templates = /^(index|learn\/gic|use\/traces|reference\/(gdb|command-line)|labs\/index|source\/src\/core\/dispatch\.c)\.html$/;

// Opening a page is what takes long: each is opened once, and all is asked of it there.
let answers;

async function visit(browser, url) {
	if (answers)
		return answers;
	const page = await openPage(browser, `${url}/index.html`);

	answers = { complaints: [], phone: [], default: [], slate: [] };
	for (const name of [...ours, ...sources.filter((name, i) => i % 20 === 0 || templates.test(name))]) {
		const before = page.complaints().length;

		await page.setViewportSize(desktop);
		await page.goto(`${url}/${name}`);
		// A colour halfway between day and night is nobody's to read.
		await page.addStyleTag({ content: "*, *::before, *::after { transition: none !important; }" });
		for (const scheme of templates.test(name) ? ["default", "slate"] : []) {
			await page.evaluate((to) => document.body.setAttribute("data-md-color-scheme", to), scheme);
			answers[scheme].push(...(await axeFindings(page)).map((line) => `${name}: ${line}`));
		}
		await page.setViewportSize(phone);
		if ((await overflow(page)) > 0)
			answers.phone.push(`${name}: ${await overflow(page)} pixels too wide`);
		answers.complaints.push(...page.complaints().slice(before).map((line) => `${name}: ${line}`));
	}
	await page.done();
	return answers;
}

check("every page opens without an error, a missing file or a request to another place", async ({ browser, url }) => {
	expect(ours.length > 30 && sources.length > 50, `only ${ours.length} pages, ${sources.length} sources`);
	expectNone((await visit(browser, url)).complaints, "complaints");
	return `${ours.length} pages`;
});

check("nothing is wider than a phone", async ({ browser, url }) => {
	expectNone((await visit(browser, url)).phone, "phone");
});

check("axe finds nothing serious by day", async ({ browser, url }) => {
	expectNone((await visit(browser, url)).default, "axe");
});

check("axe finds nothing serious by night", async ({ browser, url }) => {
	expectNone((await visit(browser, url)).slate, "axe");
});

check("pages open from the disk, too", async ({ browser }) => {
	for (const name of ["index.html", "learn/gic.html"]) {
		const page = await openPage(browser, fileUrl(join(site, name)));

		// The search needs a server: a browser lets no page of a file fetch another one.
		expectNone(page.complaints().filter((line) => !/search_index|worker|CORS|Failed to fetch|ERR_FAILED/i.test(line)), name);
		await page.done();
	}
});

check("every link holds, to its heading", () => {
	const ids = new Map(), broken = [];
	const idsOf = (file) => {
		if (!ids.has(file))
			ids.set(file, new Set([...readFileSync(file, "utf8").matchAll(/\b(?:id|name)="([^"]+)"/g)].map((m) => m[1])));
		return ids.get(file);
	};

	for (const page of [...ours, ...sources]) {
		for (const [, link] of readFileSync(join(site, page), "utf8").matchAll(/\b(?:href|src)="([^"]*)"/g)) {
			if (/^(https?:|mailto:|data:|javascript:)/.test(link) || link === "")
				continue;
			const [path, hash] = decodeURI(link.replaceAll("&amp;", "&")).split("#");
			let file = path === "" ? join(site, page) : resolve(dirname(join(site, page)), path);

			if (existsSync(file) && statSync(file).isDirectory())
				file = join(file, "index.html");
			if (!existsSync(file))
				broken.push(`${page}: ${link}`);
			else if (hash && !hash.startsWith("__") && file.endsWith(".html") && !idsOf(file).has(hash))
				broken.push(`${page}: ${link}: no such heading`);
		}
	}
	expectNone(broken, "links");
});

check("the search finds", async ({ browser, url }) => {
	const page = await openPage(browser, `${url}/index.html`);

	for (const [words, wanted] of [["list register", "gic.html"], ["affinity", "manifest.html"], ["flight recorder", "trac"]]) {
		await page.fill("input.md-search__input", "");
		await page.focus("input.md-search__input");
		await page.keyboard.type(words);
		await page.waitForFunction((part) => [...document.querySelectorAll("a.md-search-result__link")].some((a) => a.href.includes(part)),
			wanted, { timeout: 20000 });
	}
	expectNone(page.complaints(), "complaints");
	await page.done();
});

check("the first screen shows two commands and a trace", async ({ browser, url }) => {
	const page = await openPage(browser, `${url}/index.html`, { viewport: desktop });
	const seen = await page.evaluate(() => {
		const picture = document.querySelector(".figure svg").getBoundingClientRect();
		const code = document.querySelector(".highlight code");
		const selection = window.getSelection();

		selection.selectAllChildren(code);
		return { top: picture.top, bottom: picture.bottom, copied: selection.toString() };
	});

	expect(seen.top > 0 && seen.bottom <= desktop.height, `the picture is at ${seen.top} to ${seen.bottom}`);
	expect(/^git clone \S+ vitrine && cd vitrine\nmake run$/.test(seen.copied.trim()), `copied: ${JSON.stringify(seen.copied)}`);
	await page.done();
});

await run();

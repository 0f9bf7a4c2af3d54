// The exit explorer in Chromium: tests/browser/test_explorer.py.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axeFindings, check, desktop, expect, expectNone, fileUrl, openPage, overflow, phone, root, run, site } from "./browser.mjs";
import { recording } from "./recording.mjs";

const page = "explorer/index.html";
const vtrace = join(root, "build/host/vtrace");
const answers = join(root, "build/host/explorer_answers");
const folder = mkdtempSync(join(tmpdir(), "vitrine-explorer-"));

process.on("exit", () => rmSync(folder, { recursive: true }));

function made(name, exits) {
	const path = join(folder, name);

	writeFileSync(path, recording(exits));
	return path;
}

async function opened(browser, url, options) {
	const tab = await openPage(browser, url, options);

	await tab.waitForSelector("html[data-ready]", { timeout: 60_000 });
	return tab;
}

// Chooses a file in the Trace part and waits until it is shown; what the page says of it.
async function load(tab, path) {
	await tab.click("#tab-trace");
	await tab.setInputFiles("#file", path);
	await tab.waitForFunction(() => /opened in/.test(document.getElementById("trace-state").textContent), null, { timeout: 300_000 });
	return tab.textContent("#trace-state");
}

const small = made("small.vtr", 5000);

check("it opens from a server and from a file, and asks nobody for anything", async ({ browser, url }) => {
	for (const from of [`${url}/${page}`, fileUrl(join(site, page))]) {
		const tab = await opened(browser, from);

		expect((await tab.textContent("#reason")) === "EXIT_MMIO_WRITE", "the first example is not decoded");
		await load(tab, small);
		expectNone(tab.complaints(), from);
		await tab.done();
	}
});

// Numbers that look random and are the same every time.
function* numbers(seed) {
	for (let state = seed; ; ) {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);

		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		yield (t ^ (t >>> 14)) >>> 0;
	}
}

// FNV-1a, as the body of a function that runs here and in the page.
const hashBody = `let h = 0x811c9dc5;
for (let i = 0; i < text.length; i++)
	h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
return h >>> 0;`;

check("its answers equal the decoder's on 10,000 random syndromes", async ({ browser, url }) => {
	const random = numbers(7);
	const next = () => BigInt(random.next().value);
	// ESR, FAR, HPFAR, SPSR, PC, w0. HPFAR also says, in bit 0, that there is no address.
	const inputs = Array.from({ length: 10_000 }, () =>
		[next(), (next() << 32n) | next(), (next() << 12n) | (next() & 0xff1n), next(), (next() << 32n) | next(), next()]
			.map((n) => n.toString(16)));
	const expected = execFileSync(answers, { input: inputs.map((line) => line.join(" ")).join("\n"), maxBuffer: 1 << 30 })
		.toString().trim().split("\n");
	const tab = await opened(browser, `${url}/${page}`);
	// Hashes of the answers: the answers themselves are a hundred megabytes, which is slow to fetch out of a page.
	const got = await tab.evaluate(([lines, hash]) => {
		const hashOf = new Function("text", hash);

		return lines.map((line) => {
			const [esr, far, hpfar, spsr, pc, id] = line.map((n) => BigInt(`0x${n}`));

			return hashOf(JSON.stringify(globalThis.explorer.decodeExit({ esr, far, hpfar, spsr, pc, function: id })));
		});
	}, [inputs, hashBody]);
	const reasons = new Set(expected.map((line) => /"reason":"(\w+)"/.exec(line)[1]));
	const hashOf = new Function("text", hashBody);

	expect(expected.length === inputs.length, `${expected.length} answers of the host's program`);
	for (const [i, line] of expected.entries())
		expect(hashOf(JSON.stringify(JSON.parse(line))) === got[i], `${inputs[i]}: not what the host says: ${line}`);
	await tab.done();
	expect(reasons.size >= 8, `only ${[...reasons]}`);
	return `${inputs.length} equal, of ${reasons.size} reasons`;
});

check("what is typed, picked and switched is what is decoded", async ({ browser, url }) => {
	const tab = await opened(browser, `${url}/${page}#esr=0x5a000007&function=0x84000000`);

	expect((await tab.textContent("#line")) === "HVC #7: function 0x84000000", await tab.textContent("#line"));
	await tab.fill("#in-esr", "0xf20003e8");
	expect((await tab.textContent("#line")).startsWith("BRK #0x3e8 at pc"), await tab.textContent("#line"));
	expect((await tab.textContent("#fields-esr")).includes("execution of a Breakpoint instruction"), "no section of the Arm ARM");
	// Bit 0 of ESR_EL2 by the keyboard alone.
	await tab.focus("#bits-esr [data-bit='31']");
	for (let i = 0; i < 31; i++)
		await tab.keyboard.press("ArrowRight");
	await tab.keyboard.press("Space");
	expect((await tab.textContent("#line")).startsWith("BRK #0x3e9"), await tab.textContent("#line"));
	expect((await tab.inputValue("#in-esr")) === "0xf20003e9", "the input does not follow");
	await tab.selectOption("#class", { value: String(0x24) });
	expect((await tab.textContent("#reason")) === "EXIT_NESTED_PAGE_FAULT", await tab.textContent("#reason"));
	await tab.fill("#in-far", "nonsense");
	expect((await tab.textContent("#input-fault")).includes("FAR_EL2"), "nonsense is taken");
	expectNone(tab.complaints(), "typing");
	await tab.done();
});

check("a trace's table is that of vtrace stat, and a .pftrace tells the same", async ({ browser, url }) => {
	const pftrace = join(folder, "small.pftrace");
	const stat = JSON.parse(execFileSync(vtrace, ["stat", "--json", small]));
	const text = execFileSync(vtrace, ["stat", small]).toString().split("\n");
	const tab = await opened(browser, `${url}/${page}`);
	const table = async (path) => {
		await load(tab, path);
		return tab.$$eval("#reasons-body tr:not(.sum)", (lines) => lines.map((line) => line.innerText.replace(/\s+/g, " ").trim()));
	};

	execFileSync(vtrace, ["convert", small, "-o", pftrace]);
	const ofRecording = await table(small);

	expect(stat.groups.length === ofRecording.length, `${ofRecording.length} reasons, vtrace has ${stat.groups.length}`);
	for (const group of stat.groups) {
		// Its line in the text that vtrace prints for people has the same figures.
		const line = text.find((each) => each.startsWith(`${group.what} `)).replace(/\s+/g, " ").replaceAll("%", " %").trim();

		expect(ofRecording.includes(line), `${line} is not in ${ofRecording.join("; ")}`);
	}
	expect(JSON.stringify(await table(pftrace)) === JSON.stringify(ofRecording), "the two differ");
	expectNone(tab.complaints(), "loading");
	await tab.done();
});

check("events are searched, walked by the keyboard and decoded; the timeline zooms and picks", async ({ browser, url }) => {
	const tab = await opened(browser, `${url}/${page}`);

	await load(tab, small);
	await tab.fill("#filter-text", "uartdr 0xffff800008010000");
	const some = await tab.textContent("#filter-count");

	expect(/^[1-9]\d* of 5 000 events$/.test(some), some);
	expect((await tab.$$eval("#list .what", (all) => all.map((each) => each.textContent))).every((text) => text === "MMIO write pl011 UARTDR"),
		"something else is shown");
	await tab.fill("#filter-text", "");
	await tab.focus("#list");
	await tab.keyboard.press("End");
	expect((await tab.textContent("#event h3")).length > 0, "no event shown");
	expect((await tab.getAttribute("#list [aria-selected='true']", "aria-posinset")) === "5000", "End is not the last event");
	await tab.selectOption("#filter-reason", { label: "MMIO write" });
	await tab.focus("#list");
	await tab.keyboard.press("ArrowDown");
	const range = await tab.textContent("#timeline-range");

	await tab.focus("#timeline");
	await tab.keyboard.press("+");
	await tab.waitForFunction((was) => document.getElementById("timeline-range").textContent !== was, range);
	await tab.click("#timeline", { position: { x: 600, y: 60 } });
	expect((await tab.textContent("#event dl")).includes("linux/1"), "a click on the second row is not vCPU 1");
	await tab.focus("#list");
	await tab.keyboard.press("Enter");
	expect(await tab.isVisible("#decode"), "Enter does not decode");
	expect((await tab.textContent("#line")) === "data abort: write of 4 bytes at IPA 0x9000000 from w0, translation fault level 2",
		await tab.textContent("#line"));
	expectNone(tab.complaints(), "walking");
	await tab.done();
});

check("damage is told with its place, and what stands before it is shown", async ({ browser, url }) => {
	const tab = await opened(browser, `${url}/${page}`);
	const bytes = recording(500);
	const cut = join(folder, "cut.vtr");
	const none = join(folder, "none.vtr");

	writeFileSync(cut, bytes.subarray(0, bytes.length - 5000));
	writeFileSync(none, "This is no trace at all, whatever its name says.");
	expect(/[1-9]\d+ exits/.test(await load(tab, cut)), "nothing of a cut recording is shown");
	expect((await tab.textContent("#trace-fault")).includes("the file ends inside this page"), await tab.textContent("#trace-fault"));
	await load(tab, none);
	expect((await tab.textContent("#trace-fault")).includes("byte 0: no page begins here"), await tab.textContent("#trace-fault"));
	expect(!(await tab.isVisible("#trace-views")), "views of nothing");
	expectNone(tab.complaints(), "damage");
	await tab.done();
});

check("a trace of a million exits opens and stays quick", async ({ browser, url }) => {
	const tab = await opened(browser, `${url}/${page}`);
	const begin = performance.now();
	const said = await load(tab, made("million.vtr", 1_000_000));
	const open = (performance.now() - begin) / 1000;
	const searched = await tab.evaluate(() => {
		const from = performance.now();
		const text = document.getElementById("filter-text");

		text.value = "uartdr 0xffff800008010010";
		text.dispatchEvent(new Event("input"));
		return performance.now() - from;
	});

	// Longer than a browser can scroll: the keys still reach every row.
	await tab.fill("#filter-text", "");
	await tab.focus("#list");
	await tab.keyboard.press("End");
	await tab.keyboard.press("ArrowUp");
	expect((await tab.getAttribute("#list [aria-selected='true']", "aria-posinset")) === "999999", "End and ArrowUp miss the last event but one");
	const drawn = await tab.evaluate(() => {
		const from = performance.now();

		globalThis.explorer.timeline(0, 8e10, 1200, 4);
		return performance.now() - from;
	});

	expect(said.includes("1 000 000 exits"), said);
	// Far more than it takes: only a hang, or work that grows with the square, is caught here.
	expect(open < 120, `${open} s`);
	expectNone(tab.complaints(), "a million exits");
	await tab.done();
	return `${said}; with the choice of the file ${open.toFixed(2)} s; search ${searched.toFixed(0)} ms, timeline ${drawn.toFixed(0)} ms`;
});

check("nothing serious for axe, light and dark, and nothing scrolls sideways on a phone", async ({ browser, url }) => {
	const shots = process.env.VITRINE_SHOTS; // a folder: for who wants to look
	const tab = await opened(browser, `${url}/${page}`);

	for (const part of ["decode", "trace"]) {
		if (part === "trace") {
			await load(tab, small);
			await tab.click("#list [data-row='3']");
		}
		for (const scheme of ["light", "dark"]) {
			await tab.emulateMedia({ colorScheme: scheme });
			await tab.waitForSelector(`html[data-scheme=${scheme}]`);
			expectNone(await axeFindings(tab, scheme === "dark" ? ["color-contrast"] : undefined), `${part}, ${scheme}`);
			for (const [size, viewport] of [["phone", phone], ["desktop", desktop]]) {
				await tab.setViewportSize(viewport);
				expect((await overflow(tab)) === 0, `${part} is ${await overflow(tab)} pixels too wide for ${size}`);
				if (shots)
					await tab.screenshot({ path: join(shots, `${part}-${size}-${scheme}.png`), fullPage: true });
			}
		}
	}
	expectNone(tab.complaints(), "schemes");
	await tab.done();
});

await run();

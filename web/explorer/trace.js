// The Trace part: a file is dropped or chosen, read piece by piece, and shown as a table, a histogram, a timeline and a list.

import * as core from "./core.js";
import * as histogram from "./histogram.js";
import * as list from "./list.js";
import * as timeline from "./timeline.js";
import { $, count, element, percent, time } from "./dom.js";

let overview = null;
let toDecode;

function say(text) {
	$("trace-state").textContent = text;
}

function reasonRow(reason, all) {
	const choose = () => {
		$("filter-reason").value = String(reason.reason);
		filter();
		showHistogram(reason.reason);
	};

	return element("tr", {},
		element("th", { scope: "row" },
			element("button", { type: "button", class: "reason-pick", click: choose },
				element("span", { class: "swatch", style: `background: var(--${reason.category})`, "aria-hidden": "true" }), reason.label)),
		...[count(reason.count), percent(reason.count, all.count), time(reason.total_ns), percent(reason.total_ns, all.total),
			time(reason.mean_ns), time(reason.p50_ns), time(reason.p99_ns), time(reason.max_ns)].map((text) => element("td", {}, text)));
}

function showReasons() {
	const all = {
		count: overview.exits,
		total: overview.reasons.reduce((sum, reason) => sum + reason.total_ns, 0),
	};

	$("reasons-body").replaceChildren(...overview.reasons.map((reason) => reasonRow(reason, all)));
	$("reasons-body").append(element("tr", { class: "sum" }, element("th", { scope: "row" }, "all exits"),
		...[count(all.count), percent(all.count, all.count), time(all.total), percent(all.total, all.total),
			time(all.count ? all.total / all.count : 0), "-", "-",
			time(Math.max(0, ...overview.reasons.map((reason) => reason.max_ns)))].map((text) => element("td", {}, text))));
}

function showHistogram(number) {
	const reason = overview.reasons.find((each) => each.reason === number) ?? overview.reasons[0];

	if (!reason)
		return;
	$("histogram-reason").value = String(reason.reason);
	histogram.draw($("histogram"), reason);
}

function options(select, first, entries) {
	select.replaceChildren(element("option", { value: first[0] }, first[1]),
		...entries.map(([value, name]) => element("option", { value }, name)));
}

function filter() {
	const rows = core.search($("filter-text").value, Number($("filter-reason").value), Number($("filter-vcpu").value));

	$("filter-count").textContent = `${count(rows)} of ${count(overview.events)} events`;
	list.show(rows);
}

function about(file, seconds) {
	const told = Object.fromEntries(overview.lines);
	const parts = [`${file.name}: ${count(overview.exits)} exits, ${count(overview.events)} events over ${time(overview.span_ns)}`];

	if (overview.lost)
		parts.push(`${count(overview.lost)} records lost`);
	if (told.git)
		parts.push(`Vitrine ${told.git}`);
	parts.push(`opened in ${seconds.toFixed(2)} s`);
	return parts.join(" · ");
}

function show(file, seconds) {
	$("trace-fault").textContent = overview.fault ? `${file.name}: ${overview.fault}` : "";
	say(about(file, seconds));
	$("trace-views").hidden = overview.events === 0;
	if (overview.events === 0)
		return;
	const reasons = overview.reasons.map((reason) => [String(reason.reason), reason.label]);

	options($("filter-reason"), [String(core.ALL_REASONS), "all events"], reasons);
	options($("filter-vcpu"), [String(core.ALL_VCPUS), "all vCPUs"],
		overview.vcpus.map(({ vcpu, label }) => [String(vcpu), label === "-" ? "no vCPU" : label]));
	$("histogram-reason").replaceChildren(...reasons.map(([value, name]) => element("option", { value }, name)));
	$("filter-text").value = "";
	showReasons();
	filter();
	showHistogram(overview.reasons[0]?.reason);
	timeline.show(overview);
}

async function open(file) {
	const begin = performance.now();
	let drawn = begin;

	overview = null;
	$("trace-views").hidden = true;
	$("trace-fault").textContent = "";
	$("progress").hidden = false;
	say(`reading ${file.name}`);
	try {
		overview = await core.openTrace(file, (share) => {
			if (performance.now() - drawn > 100) {
				$("progress").value = share;
				drawn = performance.now();
			}
		});
		show(file, (performance.now() - begin) / 1000);
	} catch (error) {
		say("");
		$("trace-fault").textContent = `${file.name}: ${error.message}`;
	}
	$("progress").hidden = true;
}

function pairs(entries) {
	return element("dl", {}, ...entries.filter(([, value]) => value !== undefined)
		.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}

// One event in full, beside the list. The same decoder as in the other part says what its syndrome means.
function showEvent(number) {
	const event = core.event(number);
	const registers = event.registers && Object.fromEntries(
		Object.entries(event.registers).map(([name, value]) => [name, BigInt(value)]));
	const decoded = registers && core.decodeExit({ spsr: 0n, ...registers });

	$("event").replaceChildren(
		element("h3", {}, event.label),
		decoded ? element("p", { class: "line" }, decoded.line) : "",
		pairs([["begins", `${time(event.ns)} after the start`], ["vCPU", event.vcpu], ["CPU", event.cpu],
			["duration", event.duration_ns === undefined ? undefined : time(event.duration_ns)], ["PC", event.pc],
			["ESR_EL2", event.registers?.esr], ["syndrome", decoded?.syndrome], ["IPA", event.ipa], ["value", event.value],
			["INTID", event.intid], ["function", event.function], ["result", event.result], ["became", event.became]]),
		registers ? element("button", { type: "button", class: "primary", id: "to-decode", click: () => toDecode(registers) },
			"Every bit of it: Decode") : "");
	timeline.mark(event);
}

export function redraw() {
	if (!overview || $("trace").hidden)
		return;
	timeline.draw();
	showHistogram(Number($("histogram-reason").value));
	list.redraw();
}

export function setUp(decode) {
	const zone = $("drop");

	toDecode = decode;
	list.setUp(showEvent, (number) => {
		const registers = core.event(number).registers;

		if (registers)
			decode(Object.fromEntries(Object.entries(registers).map(([name, value]) => [name, BigInt(value)])));
	});
	timeline.setUp((number) => {
		list.select(core.rowOf(number));
		showEvent(number);
	});
	$("file").addEventListener("change", () => $("file").files[0] && open($("file").files[0]));
	for (const name of ["dragenter", "dragover"])
		zone.addEventListener(name, (event) => {
			event.preventDefault();
			zone.classList.add("over");
		});
	zone.addEventListener("dragleave", () => zone.classList.remove("over"));
	zone.addEventListener("drop", (event) => {
		event.preventDefault();
		zone.classList.remove("over");
		if (event.dataTransfer.files[0])
			open(event.dataTransfer.files[0]);
	});
	$("filter-text").addEventListener("input", filter);
	$("filter-reason").addEventListener("change", filter);
	$("filter-vcpu").addEventListener("change", filter);
	$("histogram-reason").addEventListener("change", () => showHistogram(Number($("histogram-reason").value)));
	addEventListener("resize", redraw);
}

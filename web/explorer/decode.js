// The Decode part: registers in, the hypervisor's answer and every field out. What is typed also stands behind the # of the
// address, so that a link can show an exit.

import * as core from "./core.js";
import { drawBits, onWidthChange } from "./bits.js";
import { $, element } from "./dom.js";

const names = ["esr", "hpfar", "far", "spsr", "pc", "function"];
const drawn = { ESR_EL2: "esr", HPFAR_EL2: "hpfar", FAR_EL2: "far", SPSR_EL2: "spsr" };
const EC_SHIFT = 26n;
const EC_MASK = 0x3fn << EC_SHIFT;

const examples = [
	["A store to the UART (MMIO write)", { esr: 0x93830046n, hpfar: 0x90000n, far: 0xffff800009000000n }],
	["A load whose syndrome says nothing (ISV = 0)", { esr: 0x92000006n, hpfar: 0x90000n, far: 0xffff800009000018n }],
	["A fetch from where nothing is", { esr: 0x82000006n, hpfar: 0x4000000n, far: 0x4000000000n }],
	["A table of the guest's own at a bad address", { esr: 0x92000087n, hpfar: 0x800000n, far: 0xffff800012345678n }],
	["An interrupt sent (ICC_SGI1R_EL1)", { esr: 0x623a3036n }],
	["Wait for interrupt (WFI)", { esr: 0x07e00000n }],
	["A PSCI call (HVC #0, PSCI_VERSION)", { esr: 0x5a000000n, function: 0x84000000n }],
	["BRK #1000", { esr: 0xf20003e8n }],
	["An SError", { esr: 0xbe000411n }],
	["A register read of AArch32 (MRC p15)", { esr: 0x0de01401n, spsr: 0x1d0n }],
];

const EL1H_MASKED = 0x3c5n;
const start = { esr: 0n, hpfar: 0n, far: 0n, spsr: EL1H_MASKED, pc: 0xffff800008010000n, function: 0n };
let values = { ...start };

// A number as people write registers: hexadecimal, with or without 0x, with _ or spaces between. null: it is none.
export function parse(text) {
	const digits = text.trim().replace(/^0x/i, "").replace(/[_\s]/g, "");

	return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt(`0x${digits}`) : null;
}

const hex = (value) => `0x${value.toString(16)}`;
const field = (name) => $(`in-${name}`);

function bitsOf({ high, low }) {
	return high === low ? String(high) : `${high}:${low}`;
}

function fieldRow({ high, low, name, value, says, text, valid }) {
	return element("tr", { class: valid ? "" : "invalid" },
		element("td", { class: "bits" }, bitsOf({ high, low })),
		element("th", { scope: "row" }, name),
		element("td", { class: "number" }, value),
		element("td", {}, element("span", { class: "says" }, valid ? says : "not valid here"),
			says || !valid ? element("br") : "", element("span", { class: "text" }, text)));
}

function fieldTable(layout) {
	const table = element("table", { class: "fields" },
		element("caption", {}, element("strong", {}, layout.title), " ", element("cite", {}, `Arm ARM DDI 0487, ${layout.section}`)),
		element("thead", {}, element("tr", {},
			...["Bits", "Field", "Value", "What it says"].map((head) => element("th", { scope: "col" }, head)))));

	table.append(element("tbody", {}, ...layout.fields.map(fieldRow)));
	return layout.fields.length ? table : element("p", { class: "text" }, `${layout.title}. `, element("cite", {}, `Arm ARM DDI 0487, ${layout.section}`));
}

function shownBits(name, value) {
	if (name === "FAR_EL2" || value >> 48n)
		return 64;
	return name === "HPFAR_EL2" ? 48 : value >> 32n ? 64 : 32;
}

function showRegister(register) {
	const key = drawn[register.name];
	const fields = register.layouts.flatMap((layout) => layout.fields);
	const value = values[key];

	drawBits($(`bits-${key}`), register.name, value, shownBits(register.name, value), fields, (bit) => {
		values[key] ^= 1n << BigInt(bit);
		fill();
		show();
	});
	$(`fields-${key}`).replaceChildren(...register.layouts.map(fieldTable));
}

function showAnswer(answer) {
	$("reason").textContent = `EXIT_${answer.reason}`;
	$("reason-text").textContent = answer.reason_text;
	$("line").textContent = answer.line;
	$("syndrome").textContent = answer.syndrome;
	$("values").replaceChildren(...answer.values.flatMap(([name, value]) =>
		[element("dt", {}, `exit.${name}`), element("dd", {}, value)]));
	$("values-none").hidden = answer.values.length > 0;
}

function show() {
	const answer = core.decodeExit(values);

	showAnswer(answer);
	answer.registers.forEach(showRegister);
	$("class").value = String((values.esr & EC_MASK) >> EC_SHIFT);
	const told = names.filter((name) => values[name] !== start[name] || name === "esr").map((name) => `${name}=${hex(values[name])}`);

	history.replaceState(null, "", `#${told.join("&")}`);
}

// The inputs say what the values are; one that is being typed in is left alone.
function fill() {
	for (const name of names) {
		if (document.activeElement !== field(name))
			field(name).value = hex(values[name]);
		field(name).removeAttribute("aria-invalid");
	}
	$("input-fault").textContent = "";
}

function typed(name) {
	const value = parse(field(name).value);

	if (value === null) {
		field(name).setAttribute("aria-invalid", "true");
		$("input-fault").textContent = `${field(name).labels[0].textContent}: not a hexadecimal number of at most 16 digits`;
		return;
	}
	values[name] = value;
	fill();
	show();
}

// Shows an exit: what is not given is as at the start.
export function showExit(given) {
	values = { ...start, ...given };
	fill();
	show();
}

function fromAddress() {
	const given = {};

	for (const [name, text] of new URLSearchParams(location.hash.slice(1)))
		if (names.includes(name) && parse(text) !== null)
			given[name] = parse(text);
	return Object.keys(given).length ? given : null;
}

export function setUp() {
	for (const name of names) {
		field(name).addEventListener("input", () => typed(name));
		field(name).addEventListener("blur", () => fill());
	}
	$("class").append(...core.exceptionClasses().map(([value, name]) =>
		element("option", { value: String(value) }, `0x${value.toString(16).padStart(2, "0")} ${name}`)));
	$("class").addEventListener("change", () => {
		values.esr = (values.esr & ~EC_MASK) | (BigInt($("class").value) << EC_SHIFT);
		fill();
		show();
	});
	$("example").append(...examples.map(([name], i) => element("option", { value: String(i) }, name)));
	$("example").addEventListener("change", () => $("example").value && showExit(examples[Number($("example").value)][1]));
	onWidthChange(show);
	addEventListener("hashchange", () => fromAddress() && showExit(fromAddress()));
	showExit(fromAddress() ?? examples[0][1]);
}

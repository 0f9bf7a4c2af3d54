// A register drawn bit by bit: boxes under their numbers, each field's boxes in one colour above its name. A bit is a switch. The
// whole register is one stop of the Tab key; arrows walk along the bits, Space or Enter turns one.

import { element } from "./dom.js";

const COLOURS = 6;
const narrow = matchMedia("(max-width: 700px)");

// Fields of all layouts of a register with the gaps between them, from the highest bit down.
function covered(fields, top) {
	const parts = [];
	let next = top;

	for (const field of [...fields].sort((a, b) => b.high - a.high)) {
		if (field.high > top)
			continue;
		if (field.high < next)
			parts.push({ high: next, low: field.high + 1, name: "" });
		parts.push(field);
		next = field.low - 1;
	}
	if (next >= 0)
		parts.push({ high: next, low: 0, name: "" });
	return parts;
}

function label(part, bit, value) {
	const where = part.name ? `${part.name}, ` : "reserved, ";

	return `bit ${bit}, ${where}${value}`;
}

function bitBox(bit, value, part, tint, turn) {
	return element("button", {
		type: "button",
		class: `bit ${tint}${bit === part.high ? " first" : ""}`,
		"data-bit": bit,
		tabindex: -1,
		"aria-pressed": String(value === "1"),
		"aria-label": label(part, bit, value),
		click: () => turn(bit),
	}, value);
}

// One line of boxes: numbers, boxes, names. A line that is not full stands at the right, where its bits are in the others.
function line(parts, tints, word, high, low, width, turn) {
	const made = element("div", { class: "bitline", style: `--bits: ${width}` });
	const missing = width - (high - low + 1);
	const pad = () => missing && made.append(element("span", { style: `grid-column: span ${missing}`, "aria-hidden": "true" }));

	pad();
	for (let bit = high; bit >= low; bit--)
		made.append(element("span", { class: "bitnumber", "aria-hidden": "true" }, String(bit)));
	pad();
	for (const [i, part] of parts.entries())
		for (let bit = Math.min(part.high, high); bit >= Math.max(part.low, low); bit--)
			made.append(bitBox(bit, String((word >> BigInt(bit)) & 1n), part, tints[i], turn));
	pad();
	for (const [i, part] of parts.entries()) {
		const bits = Math.min(part.high, high) - Math.max(part.low, low) + 1;

		if (bits > 0)
			made.append(element("span", {
				class: `fieldname ${tints[i]}${part.name.length > bits * (narrow.matches ? 2.5 : 4) ? " upright" : ""}`,
				style: `grid-column: span ${bits}`,
				"aria-hidden": "true",
			}, part.name));
	}
	return made;
}

function walk(box, event) {
	const step = { ArrowLeft: 1, ArrowRight: -1, ArrowUp: narrow.matches ? 16 : 32, ArrowDown: narrow.matches ? -16 : -32 }[event.key];
	const from = event.target.closest("[data-bit]");
	const to = step && from && box.querySelector(`[data-bit="${Number(from.dataset.bit) + step}"]`);

	if (!to)
		return;
	event.preventDefault();
	from.tabIndex = -1;
	to.tabIndex = 0;
	to.focus();
}

// Draws `word`, of which `bits` are shown, into `box`; `turn` is called with the bit that was switched.
export function drawBits(box, name, word, bits, fields, turn) {
	const active = document.activeElement?.closest?.("[data-bit]");
	const kept = active && box.contains(active) ? active.dataset.bit : null;
	const parts = covered(fields, bits - 1);
	let tint = 0;
	const tints = parts.map((part) => (part.name ? `${part.valid === false ? "invalid " : ""}tint${tint++ % COLOURS}` : "gap"));
	const width = narrow.matches ? 16 : 32;

	box.replaceChildren();
	box.setAttribute("role", "group");
	box.setAttribute("aria-label", `${name}, bit by bit`);
	for (let low = Math.floor((bits - 1) / width) * width; low >= 0; low -= width)
		box.append(line(parts, tints, word, Math.min(bits - 1, low + width - 1), low, width, turn));
	box.onkeydown = (event) => walk(box, event);
	const stop = box.querySelector(kept ? `[data-bit="${kept}"]` : "[data-bit]");

	stop.tabIndex = 0;
	if (kept)
		stop.focus();
}

export function onWidthChange(draw) {
	narrow.addEventListener("change", draw);
}

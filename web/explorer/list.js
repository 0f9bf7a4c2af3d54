// The list of events: as long as a trace is, while only the rows that are seen exist. Beyond what a browser can scroll, the bar's
// place is a share of the list, and wheel and keys go row by row.

import * as core from "./core.js";
import { $, element, moment, time } from "./dom.js";

const ROW = 28;
const TALLEST = 8_000_000; // pixels: browsers lose count at some 16 million

let rows = 0;
let first = 0;
let selected = -1;
let onSelect, onOpen;

const box = () => $("list");
const seen = () => Math.ceil(box().clientHeight / ROW);
const height = () => Math.min(TALLEST, rows * ROW);
const last = () => Math.max(0, rows - Math.floor(box().clientHeight / ROW));
const isScaled = () => rows * ROW > TALLEST;

function rowElement(row) {
	return element("div", {
		class: `row${row.exit ? "" : " other"}`,
		role: "option",
		id: `row-${row.row}`,
		"aria-selected": String(row.row === selected),
		"aria-posinset": row.row + 1,
		"aria-setsize": rows,
		"data-row": row.row,
		"data-event": row.event,
	},
	element("span", { class: "when" }, moment(row.end_ns)), " ",
	element("span", { class: "who" }, row.vcpu), " ",
	element("span", { class: "what" }, row.label), " ",
	element("span", { class: "long" }, row.duration_ns === undefined ? "" : time(row.duration_ns)), " ",
	element("span", { class: "where" }, row.pc ?? ""));
}

export function redraw() {
	const window = $("list-rows");

	first = Math.max(0, Math.min(first, last()));
	window.replaceChildren(...core.rows(first, seen() + 1).map(rowElement));
	window.style.transform = `translateY(${isScaled() ? box().scrollTop : first * ROW}px)`;
	if (selected >= first && selected <= first + seen())
		box().setAttribute("aria-activedescendant", `row-${selected}`);
	else
		box().removeAttribute("aria-activedescendant");
}

// The bar follows the rows; the scroll event that this makes finds everything in its place.
function scrollTo(row) {
	first = Math.max(0, Math.min(row, last()));
	box().scrollTop = isScaled() ? (first / Math.max(1, last())) * (height() - box().clientHeight) : first * ROW;
	redraw();
}

function scrolled() {
	const share = box().scrollTop / Math.max(1, height() - box().clientHeight);
	const at = isScaled() ? Math.round(share * last()) : Math.floor(box().scrollTop / ROW);

	// In a scaled list one pixel is many rows: a row that rounds to where the bar already is stays.
	if (isScaled() && Math.abs(at - first) * (height() - box().clientHeight) < last())
		return redraw();
	first = at;
	redraw();
}

export function select(row) {
	selected = Math.max(0, Math.min(row, rows - 1));
	if (selected < first || selected >= first + Math.floor(box().clientHeight / ROW))
		scrollTo(selected - Math.floor(seen() / 2));
	else
		redraw();
}

function choose(row) {
	if (!rows)
		return;
	select(row);
	onSelect(core.rows(selected, 1)[0].event);
}

function key(event) {
	const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -seen(), PageDown: seen(), Home: -Infinity, End: Infinity };

	if (event.key === "Enter" && selected >= 0 && rows) {
		event.preventDefault();
		onOpen(core.rows(selected, 1)[0].event);
	} else if (steps[event.key] !== undefined) {
		event.preventDefault();
		// Nothing chosen yet: a step chooses the first row that is seen.
		choose(selected < 0 && Number.isFinite(steps[event.key])
			? first : Math.max(0, Math.min(rows - 1, selected + steps[event.key])));
	}
}

export function show(count) {
	rows = count;
	selected = -1;
	$("list-height").style.height = `${height()}px`;
	scrollTo(0);
}

export function setUp(select, open) {
	onSelect = select;
	onOpen = open;
	box().addEventListener("scroll", scrolled);
	box().addEventListener("keydown", key);
	box().addEventListener("wheel", (event) => {
		if (!isScaled())
			return;
		event.preventDefault();
		scrollTo(first + Math.sign(event.deltaY) * 3);
	}, { passive: false });
	box().addEventListener("click", (event) => {
		const row = event.target.closest("[data-row]");

		if (row)
			choose(Number(row.dataset.row));
	});
	box().addEventListener("dblclick", (event) => {
		const row = event.target.closest("[data-row]");

		if (row)
			onOpen(Number(row.dataset.event));
	});
}

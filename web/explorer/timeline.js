// Exits over time, a row for each vCPU: the height is how much of the time was spent in exits, the colour the reason that took most
// of it. Wheel or + and - zoom, dragging or the arrows move, 0 or Home shows all. A click picks the nearest exit.

import * as core from "./core.js";
import { $, colour, time } from "./dom.js";

const ROW = 44;
const AXIS = 22;
const NARROWEST_NS = 200;

let overview;
let vcpus;
let from, to;
let marked = null;
let picked;
let waiting = false;
// Names beside the rows take this much.
let margin;

const canvas = () => $("timeline");
const width = () => canvas().clientWidth;
const xOf = (ns) => margin + ((ns - from) / (to - from)) * (width() - margin);
const nsOf = (x) => from + ((x - margin) / (width() - margin)) * (to - from);

// A round step that gives some six marks.
function step() {
	const raw = (to - from) / Math.max(2, (width() - margin) / 130);
	const power = 10 ** Math.floor(Math.log10(raw));

	return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
}

function drawAxis(g, height) {
	const each = step();

	g.font = "12px sans-serif";
	g.textBaseline = "bottom";
	for (let at = Math.ceil(from / each) * each; at <= to; at += each) {
		const x = xOf(at);

		g.fillStyle = colour("rule");
		g.fillRect(x, 0, 1, height - AXIS + 4);
		g.fillStyle = colour("text-soft");
		if (x < width() - 60)
			g.fillText(time(Math.max(0, at)), x + 3, height - 2);
	}
}

function drawRow(g, row, columns, columnWidth, colours) {
	const bottom = row * ROW + ROW - 4;
	const room = ROW - 10;

	for (let column = 0; column * 2 < columns.length; column++) {
		const busy = columns[2 * column];

		if (!busy)
			continue;
		// The least that can be seen, then by share.
		const height = Math.max(4, (busy / 255) * room);

		g.fillStyle = colours[columns[2 * column + 1]] ?? colours.other;
		g.fillRect(margin + column * columnWidth, bottom - height, Math.max(1, columnWidth), height);
	}
}

function drawMark(g, height) {
	const row = marked && vcpus.findIndex(({ label }) => label === marked.vcpu);

	if (!marked || row < 0 || marked.ns < from || marked.ns > to)
		return;
	g.strokeStyle = colour("text");
	g.lineWidth = 2;
	g.beginPath();
	g.moveTo(xOf(marked.ns), 0);
	g.lineTo(xOf(marked.ns), height - AXIS);
	g.stroke();
	g.strokeRect(xOf(marked.ns) - 3, row * ROW + 4, 6, ROW - 8);
}

function coloursOfReasons() {
	const colours = { other: colour("other") };

	for (const { reason, category } of overview.reasons)
		colours[reason] = colour(category);
	return colours;
}

function paint() {
	const box = canvas();
	const scale = devicePixelRatio || 1;
	const height = vcpus.length * ROW + AXIS;
	const g = box.getContext("2d");

	waiting = false;
	if (!width())
		return;
	margin = width() < 500 ? 64 : 110;
	box.style.height = `${height}px`;
	box.width = Math.round(width() * scale);
	box.height = Math.round(height * scale);
	g.scale(scale, scale);
	const count = Math.max(1, Math.floor(width() - margin));
	const columns = core.timeline(from, to, count, overview.vcpus.length);
	const colours = coloursOfReasons();

	drawAxis(g, height);
	g.textBaseline = "middle";
	for (const [row, vcpu] of vcpus.entries()) {
		g.fillStyle = colour("rule");
		g.fillRect(margin, row * ROW + ROW - 4, width() - margin, 1);
		g.fillStyle = colour("text");
		g.font = "13px sans-serif";
		g.fillText(vcpu.label, 2, row * ROW + ROW / 2, margin - 8);
		drawRow(g, row, columns.subarray(2 * count * vcpu.row, 2 * count * (vcpu.row + 1)), (width() - margin) / count, colours);
	}
	drawMark(g, height);
	$("timeline-range").textContent = `${time(from)} to ${time(to)}, ${time(to - from)} in all`;
}

// Once a frame, however many events ask for it.
export function draw() {
	if (!waiting && overview) {
		waiting = true;
		requestAnimationFrame(paint);
	}
}

function setRange(newFrom, newTo) {
	const whole = Math.max(overview.span_ns, NARROWEST_NS);
	const span = Math.min(whole, Math.max(NARROWEST_NS, newTo - newFrom));

	from = Math.min(Math.max(0, newFrom), whole - span);
	to = from + span;
	draw();
}

// By a factor, around a moment that stays where it is.
function zoom(factor, around = (from + to) / 2) {
	const wanted = Math.max(NARROWEST_NS, (to - from) * factor);
	const share = (around - from) / (to - from);

	setRange(around - wanted * share, around + wanted * (1 - share));
}

const move = (share) => setRange(from + (to - from) * share, to + (to - from) * share);
const whole = () => setRange(0, overview.span_ns);

function key(event) {
	const actions = {
		ArrowLeft: () => move(-0.2),
		ArrowRight: () => move(0.2),
		"+": () => zoom(0.5),
		"=": () => zoom(0.5),
		"-": () => zoom(2),
		0: whole,
		Home: whole,
	};

	if (!actions[event.key] || event.ctrlKey || event.metaKey)
		return;
	event.preventDefault();
	actions[event.key]();
}

function pick(x, y) {
	const vcpu = vcpus[Math.floor(y / ROW)];
	const number = vcpu && core.nearest(vcpu.vcpu, nsOf(x));

	if (vcpu && number !== core.NO_EVENT)
		picked(number);
}

function setUpPointer(box) {
	let held = null;

	box.addEventListener("pointerdown", (event) => {
		held = { x: event.offsetX, from, to, moved: false };
		box.setPointerCapture(event.pointerId);
	});
	box.addEventListener("pointermove", (event) => {
		if (!held)
			return;
		const by = ((held.x - event.offsetX) / (width() - margin)) * (held.to - held.from);

		held.moved ||= Math.abs(held.x - event.offsetX) > 4;
		if (held.moved)
			setRange(held.from + by, held.to + by);
	});
	box.addEventListener("pointerup", (event) => {
		if (held && !held.moved)
			pick(event.offsetX, event.offsetY);
		held = null;
	});
	box.addEventListener("pointercancel", () => (held = null));
	box.addEventListener("wheel", (event) => {
		event.preventDefault();
		zoom(event.deltaY > 0 ? 1.25 : 0.8, nsOf(event.offsetX));
	}, { passive: false });
}

export function show(newOverview) {
	overview = newOverview;
	vcpus = overview.vcpus.map((vcpu, row) => ({ ...vcpu, row })).filter(({ exits }) => exits);
	marked = null;
	whole();
}

// The event that is shown beside the list.
export function mark(event) {
	marked = event;
	draw();
}

export function setUp(onPick) {
	picked = onPick;
	setUpPointer(canvas());
	canvas().addEventListener("keydown", key);
	$("zoom-in").addEventListener("click", () => zoom(0.5));
	$("zoom-out").addEventListener("click", () => zoom(2));
	$("zoom-left").addEventListener("click", () => move(-0.5));
	$("zoom-right").addEventListener("click", () => move(0.5));
	$("zoom-all").addEventListener("click", whole);
}

// How long the exits of one reason took: counts over time, four bars a doubling, drawn by uPlot.

import uPlot from "uplot";
import { colour, count, time } from "./dom.js";

const BARS_A_DOUBLING = 4;
const HEIGHT = 220;

let plot = null;

// [[ns, exits], ...] into bars: their numbers from the first to the last, and how many exits each has.
function bars(histogram) {
	const barOf = (ns) => Math.floor(Math.log2(Math.max(ns, 1)) * BARS_A_DOUBLING);
	const first = barOf(histogram[0][0]) - 1;
	const last = barOf(histogram.at(-1)[0]) + 1;
	const exits = new Array(last - first + 1).fill(0);

	for (const [ns, number] of histogram)
		exits[barOf(ns) - first] += number;
	return [exits.map((_, i) => first + i), exits];
}

const timeOfBar = (bar) => 2 ** (bar / BARS_A_DOUBLING);

function axis(values, size) {
	return {
		stroke: colour("text-soft"),
		grid: { stroke: colour("rule"), width: 1 },
		ticks: { stroke: colour("rule"), width: 1 },
		font: "12px sans-serif",
		size,
		values: (_, splits) => splits.map(values),
	};
}

export function draw(box, reason) {
	const data = bars(reason.histogram);

	plot?.destroy();
	plot = new uPlot({
		width: box.clientWidth,
		height: HEIGHT,
		legend: { show: false },
		cursor: { y: false, drag: { x: false, y: false } },
		scales: { x: { time: false, range: [data[0][0], data[0].at(-1)] } },
		axes: [
			{ ...axis((bar) => time(timeOfBar(bar)), 40), space: 70, incrs: [1, 2, 4, 8, 16, 32] },
			axis((number) => (Number.isInteger(number) ? count(number) : ""), 60),
		],
		series: [{}, {
			stroke: colour(reason.category),
			fill: colour(reason.category),
			paths: uPlot.paths.bars({ size: [0.85], align: 1 }),
			points: { show: false },
		}],
	}, data, box);
	box.setAttribute("aria-label", `${reason.label}: ${count(reason.count)} exits, half of them within ${time(reason.p50_ns)}, ` +
		`99 of 100 within ${time(reason.p99_ns)}, the longest ${time(reason.max_ns)}`);
}

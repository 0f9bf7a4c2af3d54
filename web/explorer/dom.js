// Small help with the page: elements, numbers as people read them, colours.

export const $ = (id) => document.getElementById(id);

// element("td", {class: "bits"}, "31:26", another): attributes by name, functions are listeners.
export function element(tag, attributes = {}, ...children) {
	const made = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			made.addEventListener(name, value);
		else if (value !== false && value !== undefined)
			made.setAttribute(name, value === true ? "" : value);
	}
	made.append(...children);
	return made;
}

// Three significant figures and a unit that fits, as vtrace prints them: "1.25 us".
export function time(ns) {
	let value = ns;
	let unit = 0;

	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)} ${["ns", "us", "ms", "s"][unit]}`;
}

// A moment, to the nanosecond: "0.817 002 992".
export function moment(ns) {
	const [whole, part] = (ns / 1e9).toFixed(9).split(".");

	return `${whole}.${part.slice(0, 3)} ${part.slice(3, 6)} ${part.slice(6)}`;
}

export const count = (number) => number.toLocaleString("en").replaceAll(",", " ");
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(2)} %` : "-");

// A custom property of the style sheet, which changes with the scheme.
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The exit explorer: two parts as tabs, and light or dark. Everything that is known of exits and traces is asked of the C half.

import * as core from "./core.js";
import * as decode from "./decode.js";
import * as trace from "./trace.js";
import { $ } from "./dom.js";
import "./style.css";

const tabs = ["decode", "trace"];

export function showTab(wanted) {
	for (const name of tabs) {
		const chosen = name === wanted;

		$(`tab-${name}`).setAttribute("aria-selected", String(chosen));
		$(`tab-${name}`).tabIndex = chosen ? 0 : -1;
		$(name).hidden = !chosen;
	}
	if (wanted === "trace")
		trace.redraw();
}

function setUpTabs() {
	for (const [i, name] of tabs.entries()) {
		$(`tab-${name}`).addEventListener("click", () => showTab(name));
		$(`tab-${name}`).addEventListener("keydown", (event) => {
			if (event.key !== "ArrowLeft" && event.key !== "ArrowRight")
				return;
			const other = tabs[(i + 1) % tabs.length];

			showTab(other);
			$(`tab-${other}`).focus();
		});
	}
}

// What was chosen is kept for the next time, where the browser lets a page keep something.
function keptScheme() {
	try {
		return localStorage.getItem("scheme");
	} catch {
		return null;
	}
}

function keepScheme(scheme) {
	try {
		localStorage.setItem("scheme", scheme);
	} catch {
		// Then it is chosen anew each time.
	}
}

function setScheme(scheme) {
	document.documentElement.dataset.scheme = scheme;
	$("scheme").textContent = scheme === "dark" ? "Light" : "Dark";
	trace.redraw();
}

function setUpScheme() {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const asSystem = () => (dark.matches ? "dark" : "light");

	$("scheme").addEventListener("click", () => {
		const other = document.documentElement.dataset.scheme === "dark" ? "light" : "dark";

		keepScheme(other);
		setScheme(other);
	});
	dark.addEventListener("change", () => keptScheme() ?? setScheme(asSystem()));
	setScheme(keptScheme() ?? asSystem());
}

async function start() {
	await core.start();
	trace.setUp((registers) => {
		showTab("decode");
		decode.showExit(registers);
		$("tab-decode").focus();
	});
	decode.setUp();
	setUpTabs();
	setUpScheme();
	showTab("decode");
	document.documentElement.dataset.ready = "yes";
	// For the tests, which compare many answers at once.
	globalThis.explorer = core;
}

start().catch((error) => {
	$("broken").textContent = `This browser cannot run the explorer: ${error.message}`;
	$("broken").hidden = false;
});

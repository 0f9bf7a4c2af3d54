// The C half: explorer.wasm, which esbuild puts into the script as bytes, so that the page needs no request and works from a file.

import wasm from "explorer.wasm";

const NOT_SUPPORTED = 52; // __WASI_ERRNO_NOSYS: there is no system behind us

// All that the C library could ask of a system, and none of it is there.
const system = Object.fromEntries(
	["fd_close", "fd_fdstat_get", "fd_pread", "fd_seek", "fd_write"].map((name) => [name, () => NOT_SUPPORTED]));

let c;

export async function start() {
	const { instance } = await WebAssembly.instantiate(wasm, { wasi_snapshot_preview1: system });

	c = instance.exports;
	c._initialize();
}

// The memory moves when it grows, so views of it are made anew each time.
const bytes = () => new Uint8Array(c.memory.buffer);

function answer(at) {
	const all = bytes();
	const end = all.indexOf(0, at);

	return JSON.parse(new TextDecoder().decode(all.subarray(at, end)));
}

export const decodeExit = ({ esr, far, hpfar, spsr, pc, function: id }) =>
	answer(c.explore_exit(esr, far, hpfar, spsr, pc, Number(BigInt.asUintN(32, id))));
export const exceptionClasses = () => answer(c.explore_classes());

export const NO_EVENT = 0xffffffff;
export const ALL_REASONS = 0xff;
export const ALL_VCPUS = 0x100;
const QUERY_BYTES = 256;
const PIECE_BYTES = 4 << 20;

// Reads a File piece by piece: none of it stays in JavaScript. `progress` gets the share that is done.
export async function openTrace(file, progress) {
	c.trace_begin();
	for (let at = 0; at < file.size; at += PIECE_BYTES) {
		const piece = new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
		const room = c.trace_room(piece.length);

		if (!room)
			break;
		bytes().set(piece, room);
		if (!c.trace_feed(piece.length))
			break;
		progress((at + piece.length) / file.size);
	}
	return answer(c.trace_end());
}

// How many rows there are now. (Numbers of 32 bits come signed, hence the shifts.)
export function search(text, reason, vcpu) {
	const query = new TextEncoder().encode(text).subarray(0, QUERY_BYTES - 1);
	const at = c.trace_query();
	const all = bytes();

	all.set(query, at);
	all[at + query.length] = 0;
	return c.trace_search(reason, vcpu) >>> 0;
}

export const rows = (first, count) => answer(c.trace_rows(first, count));
export const event = (number) => answer(c.trace_event(number));
export const rowOf = (number) => c.trace_row_of(number) >>> 0;
export const nearest = (vcpu, ns) => c.trace_nearest(vcpu, ns) >>> 0;

// Two bytes a column for each vCPU, one after the other: how busy, and with what.
export function timeline(from, to, columns, vcpus) {
	const at = c.trace_timeline(from, to, columns);

	return at ? bytes().slice(at, at + 2 * columns * vcpus) : new Uint8Array(2 * columns * vcpus);
}

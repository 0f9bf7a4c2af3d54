// A raw trace made byte by byte (trace/format.h): as many exits as asked for, of several reasons, on four CPUs, each with its vCPU.

const PAGE = 4096;
const HEADER = 40;
const RECORD = 32;
const MAGIC = 0x50525456;
const CPUS = 4;
const METADATA = 0xffff;
const EVENT_EXIT = 1;

// Reason, ESR_EL2, value: what such an exit's record holds.
const kinds = [
	[2, 0x93800006, 0x09000018n], // MMIO read, pl011 UARTFR
	[3, 0x93800046, 0x09000000n | (0x41n << 32n)], // MMIO write, pl011 UARTDR
	[14, 0x623a3036, 0x1000001n], // SGI sent
	[4, 0x62380e01, 0x1n], // system register read
	[6, 0, 27n], // interrupt: vtimer
	[13, 0x07e00000, 0n], // WFI
	[1, 0x5a000000, 0x84000000n], // hypercall PSCI_VERSION
];

function header(view, cpu, commit, seq, base) {
	view.setUint32(0, MAGIC, true);
	view.setUint16(4, 2, true);
	view.setUint16(6, cpu, true);
	view.setUint32(8, commit, true);
	view.setBigUint64(16, BigInt(seq), true);
	view.setBigUint64(24, BigInt(base), true);
}

function textPage(lines) {
	const text = new TextEncoder().encode(`${lines.join("\n")}\n`);
	const padded = Math.ceil(text.length / 8) * 8;
	const page = new Uint8Array(HEADER + padded).fill(0x0a, HEADER);

	header(new DataView(page.buffer), METADATA, padded, 0, 0);
	page.set(text, HEADER);
	return page;
}

// Durations differ, so that histograms have a shape; the same for every run.
const durationOf = (i, kind) => 8 + ((i * 2654435761) >>> 22) * (kind + 1);

export function recording(exits) {
	const perPage = Math.floor((PAGE - HEADER) / RECORD);
	const parts = [textPage(["cntfrq=62500000", `cpus=${CPUS}`, "git=test", "vm.0.name=linux", `vm.0.vcpus=${CPUS}`, "vm.0.first=0"])];
	const made = new Array(CPUS).fill(0);

	for (let page = 0, left = exits; left > 0; page++) {
		const cpu = page % CPUS;
		const count = Math.min(perPage, left);
		const bytes = new Uint8Array(HEADER + count * RECORD);
		const view = new DataView(bytes.buffer);
		const base = 1_000_000 + made[cpu] * 20_000 + cpu * 1000;

		header(view, cpu, count * RECORD, Math.floor(page / CPUS), base);
		for (let i = 0; i < count; i++) {
			const number = made[cpu] + i;
			const kind = (number * 7 + cpu) % 11 % kinds.length;
			const [reason, esr, value] = kinds[kind];
			const at = HEADER + i * RECORD;

			view.setUint32(at, EVENT_EXIT | (4 << 8) | (cpu << 16) | (reason << 24), true);
			view.setUint32(at + 4, (i + 1) * 20_000, true);
			view.setUint32(at + 8, durationOf(number, kind), true);
			view.setUint32(at + 12, esr, true);
			view.setBigUint64(at + 16, 0xffff800008010000n + BigInt((number % 997) * 4), true);
			view.setBigUint64(at + 24, value, true);
		}
		made[cpu] += count;
		left -= count;
		parts.push(bytes);
	}
	parts.push(textPage([`total.exits=${exits}`]));
	return Buffer.concat(parts);
}

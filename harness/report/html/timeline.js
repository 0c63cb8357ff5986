/* What happened when, a row a figure, times with a fault hatched. Arrow keys
 * or the pointer move a cursor, and its figures are told. */
const ROWS = [
	{name: "requests a second", zero: true, text: v => digits(v),
		of: (s, i, seen, side) => at(s.count, i) / (seen.pointNs / 1e9) /
			seen[side + "Runs"]},
	{name: "share of errors", zero: true, text: share,
		of: (s, i) => at(s.count, i) ? at(s.errors, i) / at(s.count, i)
			: null},
	{name: "mean latency", zero: true, text: time,
		of: (s, i) => at(s.count, i) ? at(s.meanUs, i) : null},
	{name: "slowest call", zero: true, text: time,
		of: (s, i) => at(s.count, i) ? at(s.worstUs, i) : null},
	{name: "longest queue of a replica", zero: true, text: digits, sparse: true,
		of: (s, i) => at(s.queue, i)},
	{name: "replicas unavailable", zero: true, text: digits, sparse: true,
		of: (s, i) => at(s.unavailable, i)},
	{name: "replicas", zero: true, text: digits, changes: true,
		of: (s, i) => at(s.replicas, i)},
];

function at(row, i) {
	return row ? row[i] : 0;
}

function valuesOf(row, line, seen) {
	const values = {};
	for (const side of SIDES)
		if (line[side])
			values[side] = Array.from({length: seen.points}, (_, i) =>
				row.of(line[side], i, seen, side));
	return values;
}

/* Is there anything to be seen in the row? */
function isDrawn(row, values) {
	const all = SIDES.flatMap(s => values[s] || []);
	if (row.changes)
		return new Set(all).size > 1;
	return !row.sparse || all.some(v => v > 0);
}

function drawFaults(root, seen, x, top, bottom, labelled) {
	const fill = seen.faults.length ? hatch(root) : null;
	let level = 0;
	for (const fault of seen.faults) {
		const from = x(fault.atNs / 1e9);
		const to = x(Math.min(fault.endNs == null ? Infinity : fault.endNs,
			seen.points * seen.pointNs) / 1e9);
		root.append(svg("rect", {x: from, y: top,
			width: Math.max(2, to - from), height: bottom - top,
			fill: fill, class: "fault"},
			svg("title", {}, fault.label)));
		if (labelled)
			root.append(svg("text", {x: from + 3,
				y: 12 + 13 * (level++ % 3), class: "fault-label"},
				"⚡ " + clipped(fault.label.split(" ")[0], 24)));
	}
}

function drawRow(row, values, seen, width, first) {
	const extra = first && seen.faults.length
		? 13 * Math.min(3, seen.faults.length) : 0;
	const box = {left: 56, right: 12, top: 24 + extra, bottom: 22};
	const height = 112 + extra;
	const end = seen.points * seen.pointNs / 1e9;
	const x = d3.scaleLinear().domain([0, end])
		.range([box.left, width - box.right]);
	const top = Math.max(...SIDES.flatMap(s =>
		(values[s] || []).map(v => v || 0))) || 1;
	const y = d3.scaleLinear().domain([0, top * 1.08])
		.range([height - box.bottom, box.top]);
	const worst = SIDES.filter(s => values[s]).map(s => s + " at most " +
		row.text(Math.max(...values[s].map(v => v || 0)))).join(", ");
	const root = drawing(width, height, row.name + " over time: " + worst);
	drawFaults(root, seen, x, box.top, height - box.bottom, first);
	root.append(svg("text", {x: box.left, y: 15 + extra,
		class: "chart-title"}, row.name));
	axis(root, y, "left", 3, row.text, box.left, 0);
	axis(root, x, "bottom", Math.max(3, Math.floor(width / 110)),
		clock(end), 0, height - box.bottom);
	const points = SIDES.filter(s => values[s]).map(s => [s,
		values[s].map((v, i) => ({v: v,
			t: Math.min(end, (i + 0.5) * seen.pointNs / 1e9)}))]);
	for (const [side, list] of points)
		root.append(svg("path", {class: "line " + side, d: d3.line()
			.defined(p => p.v != null).x(p => x(p.t))
			.y(p => y(p.v))(list)}));
	const over = x(seen.durationNs / 1e9);
	if (over < width - box.right - 2)
		root.append(svg("line", {x1: over, x2: over, y1: box.top,
			y2: height - box.bottom, class: "guide"}), svg("text",
			{x: over - 3, y: box.top + 9, class: "guide-label"},
			first ? "end of traffic" : ""));
	const cursor = svg("line", {y1: box.top, y2: height - box.bottom,
		class: "cursor", visibility: "hidden"});
	root.append(cursor);
	return {root: root, x: x, cursor: cursor};
}

function drawTimeline(into, told, scenario, line) {
	const seen = scenario.seen;
	const width = Math.max(280, into.clientWidth);
	const rows = ROWS.map(row => ({row: row,
		values: valuesOf(row, line, seen)}))
		.filter(r => isDrawn(r.row, r.values));
	const drawn = rows.map((r, i) => drawRow(r.row, r.values, seen, width,
		i === 0));
	let now = -1;
	const move = i => {
		now = Math.max(0, Math.min(seen.points - 1, i));
		const t = (now + 0.5) * seen.pointNs;
		for (const d of drawn) {
			d.cursor.setAttribute("x1", d.x(t / 1e9));
			d.cursor.setAttribute("x2", d.x(t / 1e9));
			d.cursor.setAttribute("visibility", "visible");
		}
		told.textContent = "From " + time(now * seen.pointNs / 1e3) + ": " +
			rows.map(r => r.row.name + " " + SIDES
				.filter(s => r.values[s] && r.values[s][now] != null)
				.map(s => s + " " + r.row.text(r.values[s][now]))
				.join(", ")).join("; ");
	};
	into.onkeydown = event => {
		const step = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10,
			PageDown: 10, Home: -Infinity, End: Infinity}[event.key];
		if (!step)
			return;
		event.preventDefault();
		move(now + step);
	};
	into.onpointermove = event => {
		const box = drawn[0].root.getBoundingClientRect();
		const t = drawn[0].x.invert(event.clientX - box.left);
		move(Math.floor(t * 1e9 / seen.pointNs));
	};
	clear(into).append(...drawn.map(d => d.root));
	told.textContent = "Point at the lines, or use the arrow keys on them, " +
		"for figures.";
}

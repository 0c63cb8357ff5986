/* Who calls whom, in layers from the outside on. An edge is as thick as its
 * calls are many; one that got worse is dashed, a blamed one is double and says
 * so. Its figures stand below the graph. */
const NODE = {width: 156, height: 46, gap: 18, between: 66};

/* The longest way from the outside; calls that close a circle do not count. */
function layersOf(names, calls) {
	const layer = new Map(names.map(n => [n, 0]));
	const out = new Map(names.map(n => [n, []]));
	calls.forEach(c => out.get(c.caller).push(c.service));
	const state = new Map(), order = [];
	const visit = name => {
		state.set(name, 1);
		for (const next of out.get(name))
			if (!state.has(next))
				visit(next);
		state.set(name, 2);
		order.unshift(name);
	};
	names.forEach(n => state.has(n) || visit(n));
	const place = new Map(order.map((n, i) => [n, i]));
	for (const name of order)
		for (const next of out.get(name))
			if (place.get(next) > place.get(name))
				layer.set(next, Math.max(layer.get(next),
					layer.get(name) + 1));
	return layer;
}

/* A call over several layers passes each at a place of its own. */
function waysOf(calls, layer) {
	return calls.map((call, i) => {
		const way = [call.caller];
		for (let l = layer.get(call.caller) + 1;
			l < layer.get(call.service); l++)
			way.push("\n" + i + " " + l);
		way.push(call.service);
		return way;
	});
}

/* Places within layers: each near the middle of those it is joined to. */
function columnsOf(names, ways, layer) {
	const columns = [], row = new Map(), near = new Map();
	const join = (a, b) => near.set(a, [...(near.get(a) || []), b]);
	names.forEach(n => (columns[layer.get(n)] =
		columns[layer.get(n)] || []).push(n));
	for (const way of ways)
		way.forEach((name, i) => {
			if (name[0] === "\n")
				columns[layer.get(way[0]) + i].push(name);
			if (i) {
				join(name, way[i - 1]);
				join(way[i - 1], name);
			}
		});
	const number = column => {
		const all = column.reduce((n, c) => n + sizeOf(c), 0);
		let at = -all / 2;
		for (const name of column) {
			row.set(name, at + sizeOf(name) / 2);
			at += sizeOf(name);
		}
	};
	columns.forEach(number);
	for (let sweep = 0; sweep < 24; sweep++)
		for (const column of sweep % 2 ? [...columns].reverse() : columns) {
			const middle = new Map(column.map(name => {
				const all = (near.get(name) || [name])
					.map(n => row.get(n));
				return [name, all.reduce((a, b) => a + b) /
					all.length];
			}));
			column.sort((a, b) => middle.get(a) - middle.get(b) ||
				(a < b ? -1 : 1));
			number(column);
		}
	return {columns: columns, row: row};
}

function sizeOf(name) {
	return name[0] === "\n" ? 16 : NODE.height + NODE.gap;
}

/* Calls that got no longer, more often wrong or more often tried are as they
 * were. */
function gotWorse(call) {
	const a = call.baseline, b = call.candidate;
	if (!a || !b)
		return false;
	const rate = (s, m) => s.calls ? s[m] / s.calls : 0;
	return rate(b, "errors") > rate(a, "errors") + 0.005 ||
		rate(b, "retries") > rate(a, "retries") + 0.02 ||
		(b.calls && a.calls && b.meanNs > a.meanNs * 1.15 + 5e5);
}

function callText(call, blamed) {
	const side = name => call[name] || {calls: 0};
	const a = call.baseline ? side("baseline") : null, b = side("candidate");
	const rate = (s, m) => s && (s.calls ? s[m] / s.calls : 0);
	const parts = [
		"calls a run " + change(a && a.calls / data.now.seen.baselineRuns,
			b.calls / data.now.seen.candidateRuns, digits),
		"errors " + change(rate(a, "errors"), rate(b, "errors"), share),
		"tries a call " + change(a && 1 + rate(a, "retries"),
			1 + rate(b, "retries"), digits),
		"mean time " + change(a && a.meanNs / 1e3, b.meanNs / 1e3, time)];
	return call.caller + " → " + call.service + ": " +
		(blamed ? "blamed, " + blamed.cause + "; " : "") +
		parts.join("; ");
}

/* The line through the places of a way; back or aside: below the two. */
function lineOf(way, at) {
	const from = at.get(way[0]), to = at.get(way[way.length - 1]);
	if (to.x > from.x) {
		const link = d3.linkHorizontal().x(p => p[0]).y(p => p[1]);
		const half = NODE.height / 2;
		const parts = way.slice(1).map((name, i) => link({
			source: [at.get(way[i]).x + NODE.width,
				at.get(way[i]).y + half],
			target: [at.get(name).x, at.get(name).y + half]}));
		const long = way[Math.floor(way.length / 2)];
		return {path: parts.map((p, i) => i ? "L" + p.slice(1) : p).join(""),
			middle: way.length > 2
				? {x: at.get(long).x + NODE.width / 2,
					y: at.get(long).y + half}
				: {x: (from.x + NODE.width + to.x) / 2,
					y: (from.y + to.y) / 2 + half}};
	}
	const bend = Math.max(30, Math.abs(to.y - from.y) / 2);
	const x1 = from.x + NODE.width / 2, x2 = to.x + NODE.width / 2;
	const y1 = from.y + NODE.height, y2 = to.y + NODE.height;
	return {path: "M" + x1 + "," + y1 + "C" + x1 + "," + (y1 + bend) + " " +
		x2 + "," + (y2 + bend) + " " + x2 + "," + y2,
		middle: {x: (x1 + x2) / 2, y: Math.max(y1, y2) + bend * 0.75}};
}

function drawEdge(root, line, style) {
	const g = svg("g", {class: "edge " + style.kind, tabindex: -1,
		role: "listitem", "aria-label": style.text});
	g.append(svg("path", {d: line.path, class: "reach"}));
	if (style.kind === "blamed")
		g.append(svg("path", {d: line.path, class: "halo",
			"stroke-width": style.width + 7}));
	g.append(svg("path", {d: line.path, class: "line",
		"stroke-width": style.width,
		"marker-end": "url(#arrow-" + style.kind + ")"}));
	root.append(g);
	return g;
}

function arrow(kind) {
	return svg("marker", {id: "arrow-" + kind, viewBox: "0 0 8 8", refX: 7,
		refY: 4, markerWidth: 9, markerHeight: 9,
		markerUnits: "userSpaceOnUse", orient: "auto"},
		svg("path", {d: "M0,0L8,4L0,8z", class: "head " + kind}));
}

function clipped(text, length) {
	return text.length <= length ? text : text.slice(0, length - 1) + "…";
}

function drawNode(root, name, at, incoming, short) {
	const sum = (side, member) => incoming.reduce((n, c) =>
		n + (c[side] ? c[side][member] : 0), 0);
	const rate = side => sum(side, "calls")
		? sum(side, "errors") / sum(side, "calls") : 0;
	const two = data.now.seen.baselineRuns > 0;
	const outside = name === "outside";
	const text = outside ? "requests from outside"
		: "errors " + change(two ? rate("baseline") : null,
			rate("candidate"), share).replace(", as before", "");
	const g = svg("g", {class: "node" + (outside ? " outside" : ""),
		transform: "translate(" + at.x + "," + at.y + ")"},
		svg("title", {}, name),
		svg("rect", {width: NODE.width, height: NODE.height,
			rx: outside ? NODE.height / 2 : 7}),
		svg("text", {x: NODE.width / 2, y: 19, class: "name"},
			clipped(short(name), 20)),
		svg("text", {x: NODE.width / 2, y: 36, class: "figure"},
			clipped(text, 24)));
	root.append(g);
}

/* One stop of Tab for all of them: arrow keys go on from there, from the worst
 * to the calls that are as they were. */
function goByKeys(root, edges) {
	const go = to => {
		edges.forEach(e => e.setAttribute("tabindex", e === to ? 0 : -1));
		return to;
	};
	if (edges.length)
		go(edges[0]);
	edges.forEach(e => e.addEventListener("focus", () => go(e)));
	root.addEventListener("keydown", event => {
		const at = edges.indexOf(event.target);
		const to = {ArrowRight: at + 1, ArrowDown: at + 1,
			ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0,
			End: edges.length - 1}[event.key];
		if (at < 0 || to === undefined)
			return;
		event.preventDefault();
		go(edges[(to + edges.length) % edges.length]).focus();
	});
}

function drawGraph(into, told, scenario) {
	const seen = scenario.seen, calls = seen.calls;
	const names = [...new Set(["outside",
		...calls.map(c => c.caller), ...calls.map(c => c.service)])];
	const short = shortener(names.filter(n => n !== "outside"));
	const layer = layersOf(names, calls);
	const ways = waysOf(calls, layer);
	const {columns, row} = columnsOf(names, ways, layer);
	const height = Math.max(...columns.map(c =>
		c.reduce((n, name) => n + sizeOf(name), 0))) + 40;
	const width = columns.length * (NODE.width + NODE.between) -
		NODE.between + 4;
	const at = new Map();
	columns.forEach((column, x) => column.forEach(name => at.set(name, {
		x: x * (NODE.width + NODE.between) + 2,
		y: row.get(name) + height / 2 - NODE.height / 2})));
	const root = svg("svg", {viewBox: "0 0 " + width + " " + height,
		width: width, height: height, role: "list",
		"aria-label": "Calls between services in " + scenario.name +
			"; arrow keys go from call to call"});
	root.append(svg("defs", {}, ...["same", "worse", "blamed"].map(arrow)));
	const most = Math.max(1, ...calls.map(c => (c.candidate || {}).calls || 0));
	const labels = [], edges = [];
	const rank = c => scenario.blamed.some(b => b.caller === c.caller &&
		b.service === c.service) ? 2 : gotWorse(c) ? 1 : 0;
	for (const call of [...calls].sort((a, b) => rank(a) - rank(b))) {
		const blamed = scenario.blamed.find(b =>
			b.caller === call.caller && b.service === call.service);
		const n = (call.candidate || {}).calls || 0;
		const style = {kind: blamed ? "blamed" : gotWorse(call) ? "worse"
			: "same", width: 1 + 3.5 * Math.sqrt(n / most),
			text: callText(call, blamed)};
		const line = lineOf(ways[calls.indexOf(call)], at);
		const edge = drawEdge(root, line, style);
		const tell = () => told.textContent = style.text;
		edges.unshift(edge);
		edge.addEventListener("focus", tell);
		edge.addEventListener("mouseenter", tell);
		if (blamed)
			labels.push({at: line.middle, text: "✗ blamed", tell: style.text});
	}
	for (const name of names)
		drawNode(root, name, at.get(name),
			calls.filter(c => c.service === name), short);
	for (const label of labels)
		root.append(svg("text", {x: label.at.x, y: label.at.y - 7,
			class: "blame-label"}, label.text));
	goByKeys(root, edges);
	clear(into).append(root);
	/* Where not all of it is to be seen, then what matters most. */
	if (labels.length)
		into.scrollLeft = labels[0].at.x - into.clientWidth / 2;
	told.textContent = labels.length ? labels[0].tell
		: "Point at a call, or go to it by Tab and arrow keys, for its " +
		"figures.";
}

/* What the control plane did with one workload, or with the nodes, in the
 * candidate's first run: pods by phase, one on the other, with how many there
 * should be and how many endpoints callers see. */
const PHASES = [["ready", "ready"], ["starting", "running, not ready"],
	["pending", "pending"], ["terminating", "stopping"]];

function podRows(scenario) {
	const t = scenario.timeline;
	if (!t)
		return [];
	const rows = [...t.workloads, ...(t.nodes ? [t.nodes] : [])];
	const moves = row => row.points.length > 1;
	/* Those to which something happens come first. */
	return [...rows.filter(moves), ...rows.filter(r => !moves(r))];
}

/* Of nodes `desired` is how many there are, `ready` how many are well. */
function phaseOf(row, point, phase, nodes) {
	if (!nodes)
		return point[phase];
	return phase === "ready" ? point.ready
		: phase === "starting" ? point.desired - point.ready : 0;
}

function podText(row, point, nodes) {
	const parts = PHASES.map(([key, name]) =>
		[phaseOf(row, point, key, nodes),
			nodes && key === "starting" ? "not ready" : name])
		.filter(([n]) => n).map(([n, name]) => n + " " + name);
	return (parts.join(", ") || "none") + (nodes ? ""
		: "; " + point.desired + " wanted, " + point.endpoints +
			" endpoints" + (point.restarts
			? ", " + point.restarts + " restarts" : ""));
}

function drawStack(root, row, scales, end, nodes) {
	const points = [...row.points, {...row.points[row.points.length - 1],
		atNs: end}];
	const area = d3.area().curve(d3.curveStepAfter)
		.x(p => scales.x(p.atNs / 1e9))
		.y0(p => scales.y(p.from)).y1(p => scales.y(p.to));
	const below = points.map(() => 0);
	for (const [key] of PHASES) {
		const list = points.map((p, i) => {
			const from = below[i];
			below[i] += phaseOf(row, p, key, nodes);
			return {atNs: p.atNs, from: from, to: below[i]};
		});
		root.append(svg("path", {class: "phase " + key, d: area(list)}));
	}
	const line = what => d3.line().curve(d3.curveStepAfter)
		.x(p => scales.x(p.atNs / 1e9)).y(p => scales.y(p[what]))(points);
	root.append(svg("path", {class: "wanted", d: line("desired")}));
	if (!nodes)
		root.append(svg("path", {class: "listed", d: line("endpoints")}));
}

function podLegend(nodes) {
	const phases = nodes ? [["ready", "ready"], ["starting", "not ready"]]
		: PHASES;
	return element("p", {class: "legend"},
		...[...phases.map(([key, name]) => ["phase-key " + key, name]),
			["wanted-key", nodes ? "nodes" : "wanted"],
			...(nodes ? [] : [["listed-key", "endpoints"]])]
			.map(([kind, text]) => element("span", {},
				element("span", {class: "key " + kind}), text)));
}

function drawPods(into, told, scenario, row) {
	const seen = scenario.seen, nodes = row === scenario.timeline.nodes;
	const width = Math.max(280, into.clientWidth), height = 210;
	const box = {left: 56, right: 12, top: 20, bottom: 24};
	const last = row.points[row.points.length - 1].atNs;
	const end = Math.max(seen.points * seen.pointNs, last);
	const most = Math.max(1, ...row.points.map(p => Math.max(p.desired,
		p.endpoints, nodes ? 0 : PHASES.reduce((n, [k]) => n + p[k], 0))));
	const scales = {x: d3.scaleLinear().domain([0, end / 1e9])
		.range([box.left, width - box.right]),
	y: d3.scaleLinear().domain([0, most * 1.08])
		.range([height - box.bottom, box.top])};
	const root = drawing(width, height, row.name + ": at first " +
		podText(row, row.points[0], nodes) + "; at the end " +
		podText(row, row.points[row.points.length - 1], nodes));
	drawFaults(root, seen, scales.x, box.top, height - box.bottom, false);
	drawStack(root, row, scales, end, nodes);
	axis(root, scales.y, "left", Math.min(most, 5), digits, box.left, 0);
	axis(root, scales.x, "bottom", Math.max(3, Math.floor(width / 110)),
		clock(end / 1e9), 0, height - box.bottom);
	const cursor = svg("line", {y1: box.top, y2: height - box.bottom,
		class: "cursor", visibility: "hidden"});
	root.append(cursor);
	let now = -1;
	const move = i => {
		now = Math.max(0, Math.min(row.points.length - 1, i));
		const point = row.points[now], x = scales.x(point.atNs / 1e9);
		cursor.setAttribute("x1", x);
		cursor.setAttribute("x2", x);
		cursor.setAttribute("visibility", "visible");
		told.textContent = "From " + time(point.atNs / 1e3) + ": " +
			podText(row, point, nodes) + ".";
	};
	into.onkeydown = event => {
		const step = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity,
			End: Infinity}[event.key];
		if (!step)
			return;
		event.preventDefault();
		move(now + step);
	};
	into.onpointermove = event => {
		const t = scales.x.invert(event.clientX -
			root.getBoundingClientRect().left) * 1e9;
		move(row.points.filter(p => p.atNs <= t).length - 1);
	};
	clear(into).append(podLegend(nodes), root);
	told.textContent = "Point at the areas, or use the arrow keys on them: " +
		"each step is a change.";
}

/* How long calls took: the distribution, and the share slower than a time,
 * both on a logarithmic axis of time. */
const QUANTILES = [0.5, 0.9, 0.99, 0.999];

/* Steps of one side with their share and the share that is slower. */
function stepsOf(side) {
	const total = side.counts.reduce((a, b) => a + b, 0);
	let below = 0;
	return {total: total, max: side.maxUs,
		steps: side.fromUs.map((from, i) => {
			const step = {from: Math.max(1, from),
				share: side.counts[i] / total,
				above: 1 - below / total};
			below += side.counts[i];
			return step;
		})};
}

/* By nearest rank; the middle of its step, and never beyond the largest. */
function quantile(side, q) {
	let below = 0;
	for (let i = 0; i < side.steps.length; i++) {
		below += side.steps[i].share;
		if (below >= q - 1e-9)
			return Math.min(side.max, side.steps[i].from * 1.022);
	}
	return side.max;
}

function frame(root, width, height, box, x, ticks, label) {
	axis(root, x, "bottom", ticks, time, 0, height - box.bottom);
	root.append(svg("text", {x: box.left, y: 14, class: "chart-title"}, label));
}

function drawShares(sides, width, x, ticks, box) {
	const height = 200;
	const top = Math.max(...SIDES.flatMap(s => sides[s]
		? sides[s].steps.map(p => p.share) : []));
	const y = d3.scaleLinear().domain([0, top * 1.05])
		.range([height - box.bottom, box.top]);
	const root = drawing(width, height, "Distribution of latency: " +
		quantileText(sides));
	frame(root, width, height, box, x, ticks, "share of calls by time taken");
	axis(root, y, "left", 4, share, box.left, 0);
	for (const name of SIDES) {
		if (!sides[name])
			continue;
		const points = [];
		let last = null;
		for (const p of sides[name].steps) {
			if (last && p.from > last * 1.1)
				points.push({x: last * 1.044, y: 0},
					{x: p.from, y: 0});
			points.push({x: p.from, y: p.share});
			last = p.from;
		}
		if (points.length)
			points.push({x: last * 1.044, y: 0});
		const area = d3.area().x(p => x(p.x)).y0(y(0)).y1(p => y(p.y))
			.curve(d3.curveStepAfter);
		const line = d3.line().x(p => x(p.x)).y(p => y(p.y))
			.curve(d3.curveStepAfter);
		root.append(svg("path", {d: area(points), class: "area " + name}),
			svg("path", {d: line(points), class: "line " + name}));
	}
	return root;
}

function drawTail(sides, width, x, ticks, box) {
	const height = 220;
	const least = 1 / Math.max(...SIDES.map(s => sides[s] ? sides[s].total : 1));
	const floor = Math.pow(10, Math.floor(Math.log10(Math.min(least, 0.01))));
	const y = d3.scaleLog().domain([1, floor])
		.range([box.top, height - box.bottom]);
	const root = drawing(width, height,
		"Share of calls slower than a time: " + quantileText(sides));
	frame(root, width, height, box, x, ticks, "share of calls slower than");
	const marks = [];
	for (let v = 1; v >= floor * 0.99; v /= 10)
		marks.push(v);
	axis(root, y, "left", marks, share, box.left, 0);
	for (const q of QUANTILES)
		if (1 - q >= floor) {
			root.append(svg("line", {x1: box.left, x2: width - box.right,
				y1: y(1 - q), y2: y(1 - q), class: "guide"}),
				svg("text", {x: width - box.right, y: y(1 - q) - 3,
					class: "guide-label"},
					"p" + digits(q * 100)));
		}
	for (const name of SIDES) {
		if (!sides[name])
			continue;
		const points = sides[name].steps.map(p => ({x: p.from, y: p.above}));
		points.push({x: Math.max(1, sides[name].max), y: floor});
		const line = d3.line().defined(p => p.y >= floor * 0.999)
			.x(p => x(p.x)).y(p => y(p.y)).curve(d3.curveStepBefore);
		root.append(svg("path", {d: line(points), class: "line " + name}));
	}
	return root;
}

function quantileText(sides) {
	return SIDES.filter(s => sides[s]).map(s => s + " " + QUANTILES.map(q =>
		"p" + digits(q * 100) + " " + time(quantile(sides[s], q))).join(", "))
		.join("; ");
}

function quantileTable(sides) {
	const head = ["side", "calls", ...QUANTILES.map(q => "p" + digits(q * 100)),
		"max"];
	return element("table", {class: "figures"},
		element("thead", {}, element("tr", {}, ...head.map(h =>
			element("th", {scope: "col"}, h)))),
		element("tbody", {}, ...SIDES.filter(s => sides[s]).map(s =>
			element("tr", {}, element("th", {scope: "row"},
				element("span", {class: "key " + s}), s),
				...[String(sides[s].total),
					...QUANTILES.map(q => time(quantile(sides[s], q))),
					time(sides[s].max)].map(v =>
					element("td", {}, v))))));
}

function drawLatency(into, latency) {
	const sides = {};
	for (const name of SIDES)
		if (latency && latency[name])
			sides[name] = stepsOf(latency[name]);
	clear(into);
	if (!Object.keys(sides).length) {
		into.append(element("p", {}, "No such call ended."));
		return;
	}
	const width = Math.max(280, into.clientWidth);
	const box = {left: 52, right: 14, top: 26, bottom: 26};
	const froms = SIDES.flatMap(s => sides[s] ? sides[s].steps.map(p => p.from)
		: []);
	const low = Math.min(...froms), high = Math.max(low * 2,
		...SIDES.map(s => sides[s] ? sides[s].max * 1.1 : 0));
	const x = d3.scaleLog().domain([low * 0.95, high])
		.range([box.left, width - box.right]);
	const ticks = logTicks(low, high, (width - box.left) / 62);
	into.append(element("div", {class: "scroll", tabindex: 0, role: "group",
		"aria-label": "Quantiles"}, quantileTable(sides)),
		drawShares(sides, width, x, ticks, box),
		drawTail(sides, width, x, ticks, box));
}

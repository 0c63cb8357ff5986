/* What the charts share: elements, numbers as people read them, and the look
 * of an axis. Names come from files: they are only ever set as text. */
const SVG = "http://www.w3.org/2000/svg";
const SIDES = ["baseline", "candidate"];

const data = JSON.parse(document.getElementById("seen").textContent);

/* element("p", {class: "note"}, "text", child ...); svg("g", ...) */
function made(node, attributes, children) {
	for (const name of Object.keys(attributes || {}))
		if (attributes[name] != null)
			node.setAttribute(name, attributes[name]);
	for (const child of children)
		if (child != null)
			node.append(child);
	return node;
}

function element(name, attributes, ...children) {
	return made(document.createElement(name), attributes, children);
}

function svg(name, attributes, ...children) {
	return made(document.createElementNS(SVG, name), attributes, children);
}

function digits(value) {
	if (value === 0)
		return "0";
	const size = Math.floor(Math.log10(Math.abs(value)));
	return String(Number(value.toFixed(Math.max(0, Math.min(6, 2 - size)))));
}

function time(us) {
	if (us >= 60e6 && us % 60e6 === 0)
		return digits(us / 60e6) + "min";
	if (us >= 1e6)
		return digits(us / 1e6) + "s";
	if (us >= 1e3)
		return digits(us / 1e3) + "ms";
	return digits(us) + "us";
}

/* Of an axis of time from 0: one unit throughout. */
function clock(end) {
	return end <= 600 ? s => digits(s) + "s"
		: end <= 36000 ? s => digits(s / 60) + "min"
		: s => digits(s / 3600) + "h";
}

function share(ratio) {
	return digits(ratio * 100) + "%";
}

function change(before, after, text) {
	if (before == null)
		return text(after);
	return text(before) === text(after) ? text(after) + ", as before"
		: text(before) + " → " + text(after);
}

/* The namespace that all names share says nothing. */
function shortener(names) {
	const spaces = new Set(names.filter(n => n.includes("/"))
		.map(n => n.slice(0, n.indexOf("/"))));
	return name => spaces.size === 1 && name.includes("/")
		? name.slice(name.indexOf("/") + 1) : name;
}

function clear(node) {
	node.replaceChildren();
	return node;
}

/* A drawing that says what it shows to those who do not see it. */
function drawing(width, height, label) {
	return svg("svg", {viewBox: "0 0 " + width + " " + height, width: width,
		height: height, role: "img", "aria-label": label});
}

function axis(root, scale, place, ticks, format, x, y) {
	const g = d3.select(root).append("g").attr("class", "axis")
		.attr("transform", "translate(" + x + "," + y + ")")
		.attr("aria-hidden", "true");
	const make = place === "bottom" ? d3.axisBottom(scale)
		: d3.axisLeft(scale);
	if (Array.isArray(ticks))
		make.tickValues(ticks);
	else
		make.ticks(ticks);
	make.tickFormat(format).tickSize(4).tickPadding(4);
	g.call(make);
	return g;
}

/* Round times between two, for a logarithmic axis. */
function logTicks(low, high, room) {
	const all = [];
	for (let decade = 1; decade <= high * 10; decade *= 10)
		for (const step of [1, 2, 5])
			if (decade * step >= low && decade * step <= high)
				all.push(decade * step);
	const few = all.filter(v => /^1/.test(String(v)));
	return all.length <= room ? all
		: few.length <= room && few.length > 1 ? few
		: few.filter((v, i) => i % 2 === 0);
}

/* Equal labels may not stand one over the other: a hatched pattern for times
 * with a fault on, a dash for the baseline. */
let patterns = 0;

function hatch(root) {
	const id = "hatch" + patterns++;
	root.append(svg("defs", {}, svg("pattern", {id: id, width: 7, height: 7,
		patternUnits: "userSpaceOnUse",
		patternTransform: "rotate(45)"},
		svg("rect", {width: 7, height: 7, class: "fault-ground"}),
		svg("line", {x1: 0, y1: 0, x2: 0, y2: 7, class: "fault-line"}))));
	return "url(#" + id + ")";
}

/* Puts the charts where the page has room for them, and keeps them in step
 * with what is chosen. Without this script the page is whole but for them. */
function choice(id, label, options, chosen, changed) {
	const select = element("select", {id: id}, ...options.map((o, i) =>
		element("option", {value: i, selected: i === chosen ? "" : null}, o)));
	select.addEventListener("change", () => changed(Number(select.value)));
	return element("div", {class: "choice"},
		element("label", {for: id}, label), select);
}

function legend(faults) {
	return element("p", {class: "legend"},
		...[["baseline", "baseline (dashed)"],
			["candidate", "candidate (solid)"],
			...(faults ? [["fault-key", "a fault is on"]] : [])]
			.map(([kind, text]) => element("span", {},
				element("span", {class: "key " + kind}), text)));
}

function latencyName(l) {
	return l.caller === "outside"
		? "users → " + l.service + ", " + (l.endpoint || "all endpoints")
		: l.caller + " → " + l.service + " " + l.endpoint;
}

/* Where the failure is seen: the blamed call, else all that users see. */
function firstLatency(scenario) {
	const list = scenario.seen.latencies;
	const blamed = scenario.blamed[0];
	const found = blamed ? list.findIndex(l => l.caller === blamed.caller &&
		l.service === blamed.service && l.endpoint === blamed.endpoint) : -1;
	return scenario.users || found < 0 ? 0 : found;
}

const VERDICTS = {pass: "✓ pass", fail: "✗ fail",
	inconclusive: "? inconclusive"};

function eventRows(scenario) {
	const seen = scenario.seen, rows = [];
	for (const fault of seen.faults) {
		rows.push({at: fault.atNs, who: "both", text: "begins: " + fault.label});
		if (fault.endNs != null)
			rows.push({at: fault.endNs, who: "both",
				text: "ends: " + fault.label});
	}
	for (const since of scenario.since || [])
		rows.push({at: since.atNs, who: "candidate",
			text: "parts from the baseline: " + since.what});
	for (const e of seen.events)
		rows.push({at: e.atNs, who: e.side + ", run " + (e.run + 1),
			text: e.where + ": " + e.what + (e.backAfterNs
				? "; ready again after " + time(e.backAfterNs / 1e3)
				: "")});
	for (const e of (scenario.timeline || {events: []}).events)
		rows.push({at: e.atNs, who: "candidate, run 1",
			text: e.kind + " " + e.object + ": " + e.reason + ": " +
				e.message + (e.count > 1 ? " (" + e.count +
				" times until " + time(e.lastNs / 1e3) + ")"
				: "")});
	return rows.sort((a, b) => a.at - b.at);
}

function drawEvents(into, scenario) {
	const rows = eventRows(scenario), shown = rows.slice(0, 200);
	clear(into);
	if (!rows.length) {
		into.append(element("p", {}, "Nothing but requests."));
		return;
	}
	into.append(element("div", {class: "scroll", tabindex: 0, role: "group",
		"aria-label": "Event log"}, element("table", {},
		element("thead", {}, element("tr", {}, ...["time", "side", "event"]
			.map(h => element("th", {scope: "col"}, h)))),
		element("tbody", {}, ...shown.map(r => element("tr", {},
			element("td", {class: "number"}, time(r.at / 1e3)),
			element("td", {}, r.who), element("td", {}, r.text)))))));
	if (rows.length > shown.length)
		into.append(element("p", {}, rows.length - shown.length +
			" more events are not shown."));
}

function places() {
	const found = {};
	for (const id of ["choose", "graph", "graph-told", "latency",
		"latency-choose", "timeline", "timeline-choose", "timeline-told",
		"pods-card", "pods", "pods-choose", "pods-told", "events"])
		found[id] = document.getElementById(id);
	return found;
}

function start() {
	const place = places();
	const all = data.scenarios;
	let latency = 0, line = 0, pods = 0;

	if (!all.length || typeof d3 === "undefined")
		return;
	const drawSized = () => {
		drawLatency(place.latency, data.now.seen.latencies[latency]);
		drawTimeline(place.timeline, place["timeline-told"], data.now,
			data.now.seen.lines[line]);
		const rows = podRows(data.now);
		if (rows.length)
			drawPods(place.pods, place["pods-told"], data.now,
				rows[pods]);
	};
	const show = scenario => {
		data.now = scenario;
		latency = firstLatency(scenario);
		line = 0;
		clear(place["latency-choose"]).append(choice("which-latency",
			"Calls", scenario.seen.latencies.map(latencyName), latency,
			i => { latency = i; drawSized(); }));
		clear(place["timeline-choose"]).append(choice("which-line",
			"Seen by", scenario.seen.lines.map(l => l.service
				? "callers of " + l.service : "users"), 0,
			i => { line = i; drawSized(); }));
		pods = 0;
		place["pods-card"].hidden = !podRows(scenario).length;
		clear(place["pods-choose"]).append(choice("which-pods", "Of",
			podRows(scenario).map(r => r.name +
				(r.points.length > 1 ? "" : " (no change)")), 0,
			i => { pods = i; drawSized(); }));
		drawGraph(place.graph, place["graph-told"], scenario);
		drawSized();
		drawEvents(place.events, scenario);
	};
	clear(place.choose).append(choice("which-scenario", "Scenario",
		all.map(s => s.name + " (" + VERDICTS[s.verdict] + ")"), 0,
		i => show(all[i])));
	if (data.leftOut)
		place.choose.append(element("p", {class: "soft"}, data.leftOut +
			" more scenarios are left out here: this page stays " +
			"small. Gate one of them with --scenario to see it."));
	document.querySelectorAll(".legend-here").forEach(p =>
		p.replaceWith(legend(p.dataset.faults != null)));
	document.body.classList.add("drawn");
	show(all[0]);
	let width = window.innerWidth;
	window.addEventListener("resize", () => {
		if (window.innerWidth !== width) {
			width = window.innerWidth;
			drawSized();
		}
	});
	document.querySelectorAll("a[data-scenario]").forEach(a =>
		a.addEventListener("click", () => {
			const i = all.findIndex(s => s.name === a.dataset.scenario);
			if (i >= 0) {
				document.getElementById("which-scenario").value = i;
				show(all[i]);
			}
		}));
}

function theme() {
	const button = document.getElementById("theme");
	const names = ["auto", "light", "dark"];
	let now = 0;

	button.hidden = false;
	button.addEventListener("click", () => {
		now = (now + 1) % names.length;
		document.documentElement.dataset.theme = names[now];
		button.textContent = "Theme: " + names[now];
	});
}

theme();
start();

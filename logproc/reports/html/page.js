"use strict";
// The page can be read without this. It adds: switches, tooltips and a brush to the chart; sorting, searching and copying to tables.
(() => {
  const root = document.documentElement;
  const make = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("said").textContent = text; };
  const data = (id) => { const found = document.getElementById(id); return found && JSON.parse(found.textContent); };
  root.classList.add("on");

  // A page that reloads itself keeps open what was opened; the browser keeps the place.
  if (document.querySelector("meta[http-equiv=refresh]")) {
    try {
      const opened = JSON.parse(sessionStorage.getItem("opened") ?? "[]");
      all("details").forEach((one, at) => { one.open = opened.includes(at); });
      addEventListener("pagehide", () => {
        sessionStorage.setItem("opened", JSON.stringify(all("details").flatMap((one, at) => one.open ? [at] : [])));
      });
    } catch { /* no storage for this page */ }
  }

  // What could hide in a copied text or end a command in a terminal is written as its number.
  const visible = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say("Copied");
  };

  let report;
  const wholeKey = (cell) => {
    if (!cell.dataset.place) return cell.title || cell.firstText;
    report ??= data("logproc-report");
    const name = cell.closest("table").dataset.panel;
    const [row, column] = cell.dataset.place.split(" ").map(Number);
    const panels = [report.overview?.panels ?? {}, report.panels].find((one) => Object.hasOwn(one, name));
    if (!panels) return cell.title;
    const values = panels[name].rows[row];
    const field = panels[name].by[column];
    return visible(values[Object.hasOwn(values, `by:${field}`) ? `by:${field}` : field]);
  };

  const copyButton = (text, label) => {
    const button = make("button", { type: "button", className: "copy", textContent: "copy" });
    button.setAttribute("aria-label", label);
    button.addEventListener("click", async () => {
      const from = document.activeElement;
      await copy(text());
      from?.focus();
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1200);
    });
    return button;
  };

  // Tables
  const sortable = (cell) => {
    const number = Number.parseFloat((cell.title || cell.textContent).replaceAll(",", "").replace("<", ""));
    return Number.isNaN(number) ? -Infinity : number;
  };

  const table = (element) => {
    const body = element.tBodies[0];
    const rows = [...body.rows];
    const heads = [...element.tHead.rows[0].cells];
    const first = Number(element.dataset.first);
    let shown = first;
    let words = "";
    const texts = rows.map((row) => all("th", row).map((cell) => cell.title || cell.textContent).join(" ").toLowerCase());
    const index = new Map(rows.map((row, at) => [row, at]));
    let order = rows;
    const more = make("button", { type: "button", className: "more" });
    const count = element.closest("section").querySelector("h2 small");
    const title = element.closest("section").querySelector("h2").firstChild.textContent.trim();
    const total = count.textContent;

    const show = () => {
      let found = 0;
      for (const row of order) {
        const fits = !words || texts[index.get(row)].includes(words);
        found += fits;
        row.hidden = !fits || (!words && found > shown);
      }
      more.hidden = Boolean(words) || rows.length <= first;
      more.textContent = shown > first ? `Show ${first}` : `Show all ${rows.length.toLocaleString("en")}`;
      count.textContent = words ? `${found.toLocaleString("en")} of ${total.split(" of ")[0]} found` : total;
    };

    const sort = (at, head) => {
      const now = head.getAttribute("aria-sort");
      const key = head.classList.contains("k");
      const rising = now ? now === "descending" : key;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const values = new Map(rows.map((row) => [row, key ? row.cells[at].firstText : sortable(row.cells[at])]));
      const compare = key
        ? (a, b) => values.get(a).localeCompare(values.get(b), "en", { numeric: true })
        : (a, b) => values.get(a) - values.get(b) || 0;
      order = [...rows].sort((a, b) => (rising ? compare(a, b) : compare(b, a)) || index.get(a) - index.get(b));
      body.append(...order);
      show();
    };

    heads.forEach((head, at) => {
      if (head.tagName !== "TH" || rows.length < 2) return;
      const button = make("button", { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => sort(at, head));
      head.replaceChildren(button);
      if (String(at) === element.dataset.sorted) head.setAttribute("aria-sort", "descending");
    });
    for (const cell of all("tbody th", element)) {
      cell.firstText = cell.textContent;
      cell.append(copyButton(() => wholeKey(cell), `Copy ${cell.firstText.slice(0, 80)}`));
    }
    if (rows.length > 5) {
      const input = make("input", { type: "search", placeholder: "Search" });
      input.setAttribute("aria-label", `Search ${title}`);
      input.addEventListener("input", () => { words = input.value.trim().toLowerCase(); show(); });
      element.closest("section").querySelector(".head").append(input);
    }
    more.addEventListener("click", () => { shown = shown > first ? first : rows.length; show(); });
    element.closest("section").append(more);
    show();
  };
  all("table.panel").forEach(table);

  const command = document.getElementById("command");
  if (command) command.after(copyButton(() => command.textContent, "Copy the command"));

  // The chart over time
  const given = data("logproc-chart");
  if (!given) return;
  report ??= data("logproc-report");
  const timeline = given.timeline ?? report.overview.timeline;
  const seconds = timeline.step_s % 60 ? 19 : 16;
  const chart = {
    step: timeline.step_s,
    outcomes: timeline.outcomes.map((name) => [name, given.classes[name]]),
    rows: timeline.intervals.map((one) => [
      one.begin_s, one.begin.includes("T") ? one.begin.slice(0, seconds).replace("T", " ") : one.begin,
      one.count, one.bytes, one.errors, one.outcomes, one.quantiles,
    ]),
  };
  const HEIGHT = 200;
  const WIDE = 10000;
  const LAST = chart.rows.length - 1;
  const [BEGIN, LABEL, COUNT, BYTES, ERRORS, OUTCOMES, QUANTILES] = [0, 1, 2, 3, 4, 5, 6];
  const NAMES = ["p50", "p95", "p99"];
  const figures = new Map(all("#time figure").map((figure) => [figure.dataset.mode, figure]));
  const reset = document.getElementById("reset");
  const whole = [0, LAST];
  let mode = "count";
  let [from, to] = whole;
  let at = null;
  let anchor = null;

  const svg = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const short = (number) => Number(number.toFixed(1));
  const comma = (number) => number.toLocaleString("en");
  const compact = (number) => {
    for (const [unit, name] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      if (number >= 10 * unit || (unit > 1e3 && number >= unit)) return `${Number((number / unit).toPrecision(6))}${name}`;
    }
    return comma(number);
  };
  const size = (number) => {
    if (number < 1000) return `${number} B`;
    const power = Math.min(Math.floor(Math.log10(number) / 3 + 1e-12), 6);
    return `${(number / 1000 ** power).toFixed(1).replace(".0", "")} ${["", "kB", "MB", "GB", "TB", "PB", "EB"][power]}`;
  };
  const share = (number) => `${Number((100 * number).toPrecision(3))} %`;
  const latency = (seconds) => {
    if (!seconds) return "0 s";
    const [unit, name] = [[1e-9, "ns"], [1e-6, "µs"], [1e-3, "ms"], [1, "s"]].find(([unit]) => seconds / unit < 999.5) ?? [1, "s"];
    return `${Number((seconds / unit).toPrecision(3))} ${name}`;
  };
  const kinds = {
    count: { text: compact, whole: true, most: (row) => row[COUNT] },
    bytes: { text: size, most: (row) => row[BYTES] ?? 0, name: "by" },
    errors: { text: share, most: (row) => (row[COUNT] ? row[ERRORS] / row[COUNT] : 0), name: "f5" },
    latency: { text: latency },
  };

  const marks = (most, isWhole) => {
    if (most <= 0) return [0, 1];
    const power = 10 ** Math.floor(Math.log10(most / 3));
    let step = power * [1, 2, 5, 10].find((factor) => most / (power * factor) <= 4);
    if (isWhole) step = Math.max(Math.round(step), 1);
    return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => Number((n * step).toPrecision(12)));
  };
  const decades = (numbers) => {
    const found = numbers.filter((number) => number > 0);
    if (!found.length) return [0.001, 0.01];
    const first = Math.floor(Math.log10(Math.min(...found)) + 1e-9);
    const last = Math.max(Math.ceil(Math.log10(Math.max(...found)) - 1e-9), first + 1);
    return Array.from({ length: last - first + 1 }, (_, n) => Number(`1e${first + n}`));
  };
  const DAY = 86400;
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
  const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 6000, 12000];
  const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const times = (begin, end) => {
    const found = [];
    const step = STEPS.find((seconds) => (end - begin) / seconds <= 8 && seconds >= chart.step);
    if (step) {
      const offset = step % (7 * DAY) ? 0 : 4 * DAY;
      for (let time = Math.ceil((begin - offset) / step) * step + offset; time < end; time += step) {
        const date = new Date(1000 * time);
        const day = time % DAY === 0;
        found.push([time, day ? `${date.getUTCDate()} ${MONTH_NAMES[date.getUTCMonth()]}` : date.toISOString().slice(11, step < 60 ? 19 : 16), day]);
      }
      return found;
    }
    const months = MONTHS.find((number) => (end - begin) / (30.4 * DAY * number) <= 8) ?? MONTHS.at(-1);
    const first = new Date(1000 * begin);
    for (let at = Math.ceil((12 * first.getUTCFullYear() + first.getUTCMonth()) / months) * months; ; at += months) {
      const time = new Date(0).setUTCFullYear(Math.floor(at / 12), at % 12, 1) / 1000;
      if (time >= end || Number.isNaN(time)) return found;
      const year = at % 12 === 0 || months >= 12;
      if (time >= begin) found.push([time, year ? String(Math.floor(at / 12)) : MONTH_NAMES[at % 12], year]);
    }
  };
  const span = () => [chart.rows[from][BEGIN], chart.rows[to][BEGIN] + chart.step];

  const draw = () => {
    const figure = figures.get(mode);
    const kind = kinds[mode];
    const rows = chart.rows.slice(from, to + 1);
    const [begin, end] = span();
    const scale = mode === "latency" ? decades(rows.flatMap((row) => row[QUANTILES])) : marks(Math.max(...rows.map(kind.most)), kind.whole);
    const [least, top] = [scale[0], scale.at(-1)];
    const y = (number) => HEIGHT * (1 - (least ? Math.log(Math.max(number, least) / least) / Math.log(top / least) : number / top));
    const x = (time) => (time - begin) / (end - begin);
    const percent = (part) => `${(100 * part).toFixed(3)}%`;
    const width = chart.step / (end - begin);
    const gap = 1 / width <= 200 ? 0.12 * width : 0;
    const box = (row, under, number) => {
      const left = Math.round(WIDE * (x(row[BEGIN]) + gap / 2));
      const right = Math.max(Math.round(WIDE * (x(row[BEGIN]) + width - gap / 2)), left + 10);
      const [high, low] = [y(under + number), y(under)];
      return `M${left} ${short(high)}h${right - left}v${short(low - high)}h${left - right}z`;
    };
    const paths = [];
    if (mode === "count") {
      const groups = [["", chart.outcomes.length ? "o0" : "by"], ...chart.outcomes].map(([, name]) => [name, ""]);
      for (const row of rows) {
        let under = 0;
        [row[COUNT] - row[OUTCOMES].reduce((a, b) => a + b, 0), ...row[OUTCOMES]].forEach((number, n) => {
          if (number) groups[n][1] += box(row, under, number);
          under += number;
        });
      }
      paths.push(...groups);
    } else if (mode === "latency") {
      NAMES.forEach((name, n) => {
        let path = "";
        let last = null;
        for (const row of rows) {
          const value = row[QUANTILES][n] ?? null;
          if (value !== null) {
            const next = last !== null && row[BEGIN] - last <= 1.04 * chart.step;
            path += `${next ? "L" : "M"}${(WIDE * (x(row[BEGIN]) + width / 2)).toFixed(0)} ${short(y(value))}${next ? "" : "h0"}`;
          }
          last = value === null ? null : row[BEGIN];
        }
        paths.push([name, path]);
      });
    } else {
      paths.push([kind.name, rows.filter(kind.most).map((row) => box(row, 0, kind.most(row))).join("")]);
    }
    const content = scale.map((mark) => svg("line", { x1: 0, x2: "100%", y1: y(mark), y2: y(mark), class: mark > least ? "grid" : "base" }));
    content.push(svg(
      "svg", { viewBox: `0 0 ${WIDE} ${HEIGHT}`, preserveAspectRatio: "none", width: "100%", height: HEIGHT, class: "marks" },
      ...paths.filter(([, path]) => path).map(([name, path]) => svg("path", { d: path, class: name })),
    ));
    times(begin, end).forEach(([time, text, day], n) => {
      if (x(time) >= 0.97) return;
      content.push(svg("text", { x: percent(x(time)), y: HEIGHT + 17, class: `t${day ? " b" : ""}${n % 2 ? " h" : ""}` }, text));
    });
    figure.querySelector(".area").replaceChildren(...content);
    figure.querySelector(".gutter").replaceChildren(...scale.map((mark) => svg("text", { x: 46, y: y(mark) + 4 }, kind.text(mark))));
    reset.hidden = from === 0 && to === LAST;
  };

  const tip = make("div", { className: "tip", hidden: true });
  const cursor = make("div", { className: "cursor", hidden: true });
  const brush = make("div", { className: "brush", hidden: true });

  const edges = (index) => {
    const area = figures.get(mode).querySelector(".area").getBoundingClientRect();
    const plot = figures.get(mode).querySelector(".plot").getBoundingClientRect();
    const [begin, end] = span();
    const left = area.left - plot.left;
    const place = (time) => left + area.width * (time - begin) / (end - begin);
    return [place(chart.rows[index][BEGIN]), place(chart.rows[index][BEGIN] + chart.step), plot.width];
  };
  const nearest = (event) => {
    const area = figures.get(mode).querySelector(".area").getBoundingClientRect();
    const [begin, end] = span();
    const time = begin + (end - begin) * (event.clientX - area.left) / area.width - chart.step / 2;
    let best = from;
    for (let index = from; index <= to; index += 1) {
      if (Math.abs(chart.rows[index][BEGIN] - time) < Math.abs(chart.rows[best][BEGIN] - time)) best = index;
    }
    return best;
  };
  const line = (name, value, swatch) => {
    const made = make("div", {}, make("span", { textContent: name }), make("span", { textContent: value }));
    if (swatch) {
      const square = svg("svg", { class: "swatch", width: 12, height: 12 }, svg("rect", { width: 12, height: 12, class: swatch }));
      made.prepend(square);
    }
    return made;
  };
  const words = (row) => {
    const found = [line(mode === "count" ? "all" : "count", comma(row[COUNT]))];
    if (mode === "count") chart.outcomes.forEach(([name, swatch], n) => { if (row[OUTCOMES][n]) found.push(line(name, comma(row[OUTCOMES][n]), swatch)); });
    if (mode === "bytes") found.push(line("bytes", size(row[BYTES] ?? 0)));
    if (mode === "errors") found.push(line("errors", `${comma(row[ERRORS])} (${share(row[COUNT] ? row[ERRORS] / row[COUNT] : 0)})`));
    if (mode === "latency") NAMES.forEach((name, n) => { if ((row[QUANTILES][n] ?? null) !== null) found.push(line(name, latency(row[QUANTILES][n]))); });
    return found;
  };
  const point = (index, spoken) => {
    at = index;
    for (const element of [tip, cursor, brush]) element.hidden = at === null;
    if (at === null) return;
    const row = chart.rows[at];
    const [left, right, room] = edges(at);
    const middle = (left + right) / 2;
    tip.replaceChildren(make("b", { textContent: row[LABEL] }), ...words(row));
    cursor.style.left = `${middle}px`;
    const width = tip.offsetWidth;
    tip.style.left = `${Math.max(0, middle + 12 + width > room ? middle - 12 - width : middle + 12)}px`;
    brush.hidden = anchor === null;
    if (anchor !== null) {
      const [a, b] = [Math.min(anchor, at), Math.max(anchor, at)];
      brush.style.left = `${edges(a)[0]}px`;
      brush.style.width = `${edges(b)[1] - edges(a)[0]}px`;
    }
    if (spoken) say(`${row[LABEL]}: ${words(row).map((one) => [...one.querySelectorAll("span")].map((part) => part.textContent).join(" ")).join(", ")}`);
  };
  const zoom = (first, last) => {
    [from, to] = [Math.min(first, last), Math.max(first, last)];
    anchor = null;
    draw();
    point(null);
    say(`${chart.rows[from][LABEL]} to ${chart.rows[to][LABEL]}`);
  };
  const show = (name) => {
    mode = name;
    for (const [key, figure] of figures) figure.classList.toggle("shown", key === mode);
    for (const button of all("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === mode));
    draw();
    figures.get(mode).querySelector(".plot").append(cursor, brush, tip);
    point(null);
  };

  for (const figure of figures.values()) {
    const area = figure.querySelector(".area");
    area.setAttribute("tabindex", "0");
    area.setAttribute("aria-describedby", "hint");
    area.addEventListener("pointermove", (event) => point(nearest(event)));
    area.addEventListener("pointerleave", () => { if (anchor === null) point(null); });
    area.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      area.setPointerCapture(event.pointerId);
      anchor = nearest(event);
      point(anchor);
      if (event.pointerType === "mouse") event.preventDefault();
    });
    area.addEventListener("pointerup", (event) => {
      if (anchor === null) return;
      const [first, last] = [anchor, nearest(event)];
      anchor = null;
      if (first === last) point(last); else zoom(first, last);
    });
    area.addEventListener("pointercancel", () => { anchor = null; point(null); });
    area.addEventListener("blur", () => { anchor = null; point(null); });
    area.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -LAST, End: LAST }[event.key];
      if (steps) {
        const here = at ?? (steps > 0 ? from - 1 : to + 1);
        const next = Math.min(to, Math.max(from, here + steps));
        anchor = event.shiftKey ? anchor ?? Math.min(to, Math.max(from, here)) : null;
        point(next, true);
      } else if (event.key === "Enter" && anchor !== null && at !== null && anchor !== at) {
        zoom(anchor, at);
      } else if (event.key === "Escape") {
        zoom(...whole);
      } else {
        return;
      }
      event.preventDefault();
    });
  }
  for (const button of all("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
  reset.addEventListener("click", () => { zoom(...whole); figures.get(mode).querySelector(".area").focus(); });
  show(mode);
})();

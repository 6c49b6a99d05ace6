// Draws a board from the JSON in its page: filters, tiles, tables, grids, and charts by Vega-Lite.
// Nothing is fetched. What is chosen stands in the address, so a link shows the same again.
(() => {
  "use strict";
  const board = JSON.parse(document.getElementById("board").textContent);
  const language = () => document.documentElement.dataset.lang;
  const say = (text) => (text && typeof text === "object" ? text[language()] : text);
  const words = (en, zh) => ({ en, zh });
  const WORDS = {
    unripe: words(
      "Lighter, dashed or hatched: not ripe yet; these figures still move.",
      "较浅、虚线或斜纹：尚未成熟，数字还会变化。",
    ),
    figures: words("Figures", "数据"),
    rows: words("rows", "行"),
    first: words("the last 500 rows of", "最后 500 行，共"),
    sameDay: words("7 days before", "7 天前"),
    monthBefore: words("the month before", "上月"),
    points: words("points", "个百分点"),
    from: words("From", "从"),
    to: words("To", "到"),
    presets: [
      [28, words("28 days", "28 天")],
      [90, words("90 days", "90 天")],
      [180, words("180 days", "180 天")],
      [365, words("A year", "一年")],
      [null, words("All", "全部")],
    ],
  };
  const RIPE = "is_mature";
  const FIGURES_SHOWN = 500;
  const DAY = 86400000;
  const DATE = /^\d{4}-\d\d-\d\d/;

  // ---- rows -----------------------------------------------------------------------------

  const items = board.items.map((item) => {
    const names = item.data.columns;
    const rows = item.data.rows.map((values) =>
      Object.fromEntries(names.map((name, index) => [name, values[index]])));
    const dates = new Set(names.filter((name) => rows.some((row) => DATE.test(row[name]))));
    const spoken = names.filter((n) => n.endsWith("_en") && names.includes(`${n.slice(0, -3)}_zh`));
    return { ...item, names, rows, dates, spoken: spoken.map((name) => name.slice(0, -3)) };
  });

  const inLanguage = (item, row) => {
    const shown = { ...row };
    for (const name of item.spoken) shown[name] = row[`${name}_${language()}`];
    const series = item.series;
    if (series && series.labels) {
      const place = series.labels.findIndex(([value]) => value === row[series.column]);
      if (place >= 0) shown[series.label] = say(series.labels[place][1]);
      shown.series_order = place;
    }
    return shown;
  };

  // ---- filters --------------------------------------------------------------------------

  const state = {};
  const given = new Set(); // filters that the reader, or the address, has set
  const asText = (value) => (value === null ? "" : String(value));
  // A value in an address. No value (the total) is not the text of length 0 (a missing value).
  const asKey = (value) => (value === "" ? "∅" : asText(value));
  const NONE = "\u0000all";

  const optionsOf = (filter) =>
    filter.options.filter((option) =>
      Object.entries(option.bound).every(([name, value]) =>
        !(name in state) || state[name] === NONE || state[name] === asKey(value)));

  const days = items.flatMap((item) => (item.day ? item.rows.map((row) => row[item.day]) : []))
    .filter(Boolean).sort();
  const firstDay = days[0];
  const lastDay = days[days.length - 1];
  const shift = (day, by) => new Date(Date.parse(day) + by * DAY).toISOString().slice(0, 10);

  const begin = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const filter of board.filters) {
      if (filter.kind === "period") {
        const known = (day) => (/^\d{4}-\d\d-\d\d$/.test(day || "") ? day : null);
        const from = filter.days && lastDay ? shift(lastDay, 1 - filter.days) : firstDay;
        state.from = known(asked.get("from")) || (from < firstDay ? firstDay : from);
        state.to = known(asked.get("to")) || lastDay;
      } else if (asked.has(filter.column)) {
        state[filter.column] = asked.get(filter.column);
        given.add(filter.column);
      }
    }
    settle();
  };

  // A choice that its options no longer hold becomes the first of them; so does one that
  // nobody made, as another filter may have changed which is first.
  const settle = () => {
    for (const filter of board.filters) {
      if (filter.kind !== "choice") continue;
      const values = optionsOf(filter).map((option) => asKey(option.value));
      if (filter.everything) values.unshift(NONE);
      if (!given.has(filter.column) || !values.includes(state[filter.column])) {
        state[filter.column] = values[0];
      }
    }
  };

  const remember = () => {
    const address = new URLSearchParams({ lang: language() });
    for (const [name, value] of Object.entries(state)) {
      if (value !== undefined && value !== NONE) address.set(name, value);
    }
    history.replaceState(null, "", `#${address}`);
  };

  const isChosen = (item, row, isPassedOver = () => false) =>
    board.filters.every((filter) => {
      if (isPassedOver(filter)) return true;
      if (filter.kind === "period") {
        const day = item.day && row[item.day];
        return !day || (day >= state.from && day <= state.to);
      }
      const chosen = state[filter.column];
      return !(filter.column in row) || chosen === NONE || chosen === undefined
        || asKey(row[filter.column]) === chosen;
    });

  const chosenRows = (item) => item.rows.filter((row) => isChosen(item, row));
  const explained = window.explained({ board, state, say, words, isChosen });

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) {
        made.setAttribute(name, value);
      }
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  const drawFilters = () => {
    const place = document.getElementById("filters");
    place.replaceChildren(...board.filters.flatMap((filter) =>
      filter.kind === "period" ? periodFilter(filter) : choiceFilter(filter)));
  };

  const choiceFilter = (filter) => {
    const options = optionsOf(filter);
    if (options.length < 2 && !filter.everything) return [];
    const select = element("select", { "data-filter": filter.column });
    if (filter.everything) select.append(new Option(say(filter.everything), NONE));
    for (const option of options) select.append(new Option(say(option.label), asKey(option.value)));
    select.value = state[filter.column];
    select.addEventListener("change", () => {
      state[filter.column] = select.value;
      given.add(filter.column);
      settle();
      redraw();
    });
    return [element("label", {}, element("span", {}, say(filter.label)), select)];
  };

  const periodFilter = (filter) => {
    if (!lastDay) return [];
    const input = (name) => {
      const made = element("input", { type: "date", value: state[name], min: firstDay,
                                      max: lastDay, "data-filter": name,
                                      "aria-label": say(WORDS[name]) });
      made.addEventListener("change", () => {
        state[name] = made.value || (name === "from" ? firstDay : lastDay);
        redraw();
      });
      return made;
    };
    const presets = element("select", { "data-filter": "preset", "aria-label": say(filter.label) });
    const starts = WORDS.presets.map(([length, label]) => {
      const from = length === null ? firstDay : shift(lastDay, 1 - length);
      return [from < firstDay ? firstDay : from, label, length];
    }).filter(([from, , length]) => length === null || from > firstDay);
    for (const [from, label] of starts) presets.append(new Option(say(label), from));
    const current = state.to === lastDay && starts.find(([from]) => from === state.from);
    if (!current) presets.prepend(new Option("…", ""));
    presets.value = current ? state.from : "";
    presets.addEventListener("change", () => {
      if (!presets.value) return;
      state.from = presets.value;
      state.to = lastDay;
      redraw();
    });
    return [element("label", { class: "period" }, element("span", {}, say(filter.label)),
                    element("span", { class: "dates" }, presets, input("from"), "–", input("to")))];
  };

  // ---- figures in words -----------------------------------------------------------------

  const numbers = (options) => new Intl.NumberFormat("en-US", options);
  const COUNT = numbers({ maximumFractionDigits: 0 });
  const DECIMAL = numbers({ maximumFractionDigits: 1 });
  const RATE = numbers({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const AMOUNT = numbers({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const UNITS = [[86400, "d", "天"], [3600, "h", "小时"], [60, "min", "分钟"], [1, "s", "秒"]];
  const duration = (seconds) => {
    const unit = UNITS.find(([length]) => seconds >= 2 * length) || UNITS[3];
    return `${DECIMAL.format(seconds / unit[0])} ${language() === "zh" ? unit[2] : unit[1]}`;
  };
  const FORMATS = {
    count: COUNT.format,
    decimal: DECIMAL.format,
    rate: RATE.format,
    amount: AMOUNT.format,
    duration,
    text: String,
  };
  const NO_BREAK = "\u2011"; // a hyphen that dates do not break at
  const shown = (value, format) => {
    if (value === null || value === undefined) return "–";
    const text = FORMATS[format](value);
    return DATE.test(text) ? text.replaceAll("-", NO_BREAK) : text;
  };

  const linked = (row, column) => {
    const text = shown(row[column.column], column.format);
    return column.link ? element("a", { href: row[column.link] }, text) : text;
  };

  // ---- kinds of items -------------------------------------------------------------------

  const draw = {
    tiles(item, rows, place) {
      const ripe = item.day ? rows.filter((row) => row[RIPE] !== false) : rows;
      const last = ripe[ripe.length - 1];
      const before = item.day && earlier(item, last);
      place.replaceChildren(
        ...(item.day ? [element("p", { class: "of-day" }, ofPeriod(last, item.day))] : []),
        element("div", { class: "tiles" }, ...item.tiles.map((tile) => element(
          "div", { class: "tile", "data-column": tile.column },
          element("span", { class: "name" }, say(tile.label)),
          element("b", {}, shown(last[tile.column], tile.format)),
          before ? change(last[tile.column], before.row[tile.column], tile.format, before.name)
            : null,
          tile.note ? element("span", { class: "change" }, asText(last[tile.note])) : null,
        ))));
      return item.day ? [last] : rows;
    },

    table(item, rows, place) {
      const isLong = (column) => rows.some((row) => asText(row[column.column]).length > 40);
      const kinds = new Map(item.columns.map((column) =>
        [column, column.format !== "text" ? "number" : isLong(column) ? "long" : "short"]));
      place.replaceChildren(element("div", { class: "scroll" }, element("table",
        { class: item.columns.length > 3 ? "records" : null },
        element("thead", {}, element("tr", {}, ...item.columns.map((column) =>
          element("th", { class: kinds.get(column) }, say(column.label))))),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...item.columns.map((column) =>
          element("td", { class: kinds.get(column), "data-column": column.column,
                          "data-label": say(column.label) },
                  linked(row, column)))))))));
      return rows;
    },

    grid(item, rows, place) {
      const { row: head, column: across, value } = item;
      const distinct = (name, order) => [...new Map(
        [...rows].sort((a, b) => (a[order] > b[order]) - (a[order] < b[order]))
          .map((row) => [row[name], row])).entries()];
      const lines = distinct(head.column, item.row_order);
      const crossings = distinct(across.column, item.column_order);
      const cells = new Map(rows.map((row) =>
        [`${row[head.column]}\u0000${row[across.column]}`, row]));
      const [least, most] = spread(rows.filter((row) => row[RIPE] !== false
        && !(item.is_first_apart && row[across.column] === crossings[0][0])), value.column);
      const cell = (line, crossing) => {
        const row = cells.get(`${line}\u0000${crossing}`);
        if (!row) return element("td", {});
        const figure = row[value.column];
        const unripe = row[RIPE] === false;
        const made = element("td", { class: unripe ? "cell unripe" : "cell",
                                     title: hint(item, row, unripe) },
                             figure === null ? "·" : brief(figure, value.format));
        if (figure !== null) {
          paint(made, most > least ? Math.min(1, Math.max(0, (figure - least) / (most - least)))
            : 0.5);
        }
        return made;
      };
      place.replaceChildren(element("div", { class: "scroll" }, element("table", { class: "grid" },
        element("thead", {}, element("tr", {},
          element("th", {}, say(head.label)),
          ...item.heads.map((column) => element("th", { class: "number" }, say(column.label))),
          ...crossings.map(([name]) => element("th", { class: "number" }, asText(name))))),
        element("tbody", {}, ...lines.map(([line, row]) => element("tr", {},
          element("th", {}, asText(line)),
          ...item.heads.map((column) =>
            element("td", { class: "number" }, shown(row[column.column], column.format))),
          ...crossings.map(([crossing]) => cell(line, crossing))))))));
      return rows;
    },

    chart(item, rows, place) {
      chartRows(item, rows);
      latest.set(item.id, rows);
      if (!place.firstChild) place.append(element("div", { class: "vega" }));
      const height = heightOf(item, rows, place.clientWidth);
      place.firstChild.style.minHeight = `${height}px`;
      const { room, line, ...spec } = resolved(item.spec, item, rows, place.clientWidth);
      if (spec.layer) spec.layer = layersOf(spec, rows, figureOf(item));
      vegaEmbed(place.firstChild, {
        ...explained.marked(spec, item, rows, place.clientWidth),
        data: { values: rows },
        width: "container",
        height,
        autosize: { type: "fit", contains: "padding" },
        background: null,
        description: say(item.title),
        config: config(place.clientWidth, explained.isMarked(item, rows), room,
          legendColumns(item, place.clientWidth)),
      }, { actions: false, renderer: "svg",
           tooltip: { theme: "custom", formatTooltip: told(
             [...tooltips(item.spec), ...explained.fields], item) } })
        .then((result) => {
          if (views.get(item.id)) views.get(item.id).finalize();
          views.set(item.id, result.view);
          const needed = room && latest.get(item.id) === rows ? widest(place) : 0;
          if (needed > room) {
            draw.chart({ ...item, spec: { ...item.spec, room: needed } }, rows, place);
          }
        })
        .catch((error) => console.error(item.id, error));
      return rows;
    },
  };

  const views = new Map();
  const latest = new Map(); // the rows that an item was last drawn from

  // Bars that lie, and points on lines, need a line each.
  const heightOf = (item, rows, width) => {
    if (!item.spec.line) return item.height;
    const { field } = (item.spec.encoding || item.spec.layer[0].encoding).y;
    const names = item.series ? seriesScale(item, rows).domain.length : 0;
    const legend = 18 * Math.ceil(names / legendColumns(item, width)) + (names ? 10 : 0);
    return Math.max(80, new Set(rows.map((row) => row[field])).size * item.spec.line + 44 + legend);
  };

  const ofPeriod = ({ grain, ...row }, day) =>
    (grain === "month" ? row[day].slice(0, 7)
      : grain === "week" ? `${row[day]} – ${shift(row[day], 6)}` : row[day]);

  // The same weekday a week before, so also the week before; of a month, the month before.
  const earlier = (item, last) => {
    const ofItem = item.rows.filter((row) => isChosen(item, row, ({ kind }) => kind === "period"));
    const find = (day) => ofItem.find((row) => row[item.day] === day);
    const isMonth = last.grain === "month";
    const row = find(isMonth ? monthBefore(last[item.day]) : shift(last[item.day], -7));
    return row && { row, name: isMonth ? WORDS.monthBefore : WORDS.sameDay };
  };

  const monthBefore = (day) => `${shift(`${day.slice(0, 8)}01`, -1).slice(0, 8)}01`;

  // A rate differs by points, another figure by a share.
  const change = (now, then, format, name) => {
    if (now === null || then === null || then === undefined) return null;
    const difference = now - then;
    const sign = difference > 0 ? "▲" : difference < 0 ? "▼" : "=";
    const by = format === "rate"
      ? ` (${DECIMAL.format(100 * Math.abs(difference))} ${say(WORDS.points)})`
      : then ? ` (${RATE.format(Math.abs(difference / then))})` : "";
    return element("span", { class: "change" },
      `${sign} ${say(name)}: ${shown(then, format)}${difference ? by : ""}`);
  };

  const hint = (item, row, unripe) =>
    [...item.heads, item.value, ...item.hint]
      .map((column) => `${say(column.label)}: ${shown(row[column.column], column.format)}`)
      .concat(unripe ? [say(WORDS.unripe)] : []).join("\n");

  const brief = (figure, format) =>
    (format === "rate" ? (100 * figure).toFixed(1) : shown(figure, format));

  // Between which figures the colours of a grid lie: 90 in 100 of those that there are, so that
  // one that is far off leaves the others apart.
  const spread = (rows, column) => {
    const figures = rows.map((row) => row[column]).filter((one) => one !== null)
      .sort((a, b) => a - b);
    const at = (share) => figures[Math.round(share * (figures.length - 1))];
    return [at(0.05), at(0.95)];
  };

  // From nearly white to blue; white figures from where they read better.
  const paint = (cell, share) => {
    const depth = 0.08 + 0.92 * share;
    const [red, green, blue] = [0, 114, 178].map((end) => Math.round(255 + (end - 255) * depth));
    cell.style.backgroundColor = `rgb(${red}, ${green}, ${blue})`;
    if (depth > 0.8) cell.classList.add("dark");
  };

  // The column that the lines of a chart are of; undefined where layers have their own.
  const figureOf = ({ spec: { encoding } }) => encoding && encoding.y && encoding.y.field;

  // `is_tail`: not ripe, or the last ripe one before: what a dashed line goes through.
  // `is_sparse`: to be seen as a point: there are few, or no line leads there; `is_alone`: there
  // is no other.
  const chartRows = (item, rows) => {
    const series = item.series && item.series.column;
    const figure = figureOf(item);
    const lines = new Map();
    for (const row of rows) {
      const name = series ? row[series] : "";
      if (!lines.has(name)) lines.set(name, []);
      lines.get(name).push(row);
    }
    for (const line of lines.values()) {
      line.forEach((row, index) => {
        const [before, after] = [line[index - 1], line[index + 1]];
        const isThere = (other) => other !== undefined && other[figure] !== null;
        row.is_tail = row[RIPE] === false || (after !== undefined && after[RIPE] === false);
        row.is_alone = line.length === 1;
        row.is_sparse = line.length <= 40 || (!isThere(before) && !isThere(after));
      });
    }
  };

  // Without layers that no row is in: Vega warns of them.
  const layersOf = (spec, rows, figure) =>
    spec.layer
      .filter(({ only }) => !only || rows.some((row) =>
        (only === "tail" ? row.is_tail : row[RIPE] !== false)
        && (figure === undefined || row[figure] !== null)))
      .map(({ only, ...layer }) => layer);

  // What marks tell when pointed at: every field that some layer of the chart names, once.
  const tooltips = (part) => {
    if (part === null || typeof part !== "object") return [];
    const own = Array.isArray(part.tooltip) ? part.tooltip : [];
    const found = [...own, ...Object.values(part).filter((one) => one !== own).flatMap(tooltips)];
    return [...new Map(found.map((one) => [one.field, one])).values()];
  };

  // A row's own fields in words. What it does not have is left out; a date is a date, though
  // Vega reads it as milliseconds.
  const told = (fields, item) => (row, escape) => {
    const lines = fields.flatMap(({ field, title, format }) => {
      const value = row[field];
      if (value === null || value === undefined || value === "") return [];
      const isDate = item.dates.has(field) && typeof value !== "string";
      const text = isDate ? new Date(value).toISOString().slice(0, 10)
        : formatted(item, value, format);
      return [`<tr><td class="key">${escape(say(title))}</td>`
        + `<td class="value">${escape(text)}</td></tr>`];
    });
    return lines.length ? `<table>${lines.join("")}</table>` : "";
  };

  const formatted = (item, value, format) => {
    if (!format) return String(value);
    if (format in FORMATS) return FORMATS[format](value);
    return views.get(item.id).locale().format(format)(value);
  };

  // The days of an axis that have a label: as many as there is room for, on days that the rows
  // have; of daily figures those that start a week, or a month.
  const labelledDays = (rows, field, width) => {
    const days = [...new Set(rows.map((row) => row[field]).filter(Boolean))].sort();
    const numbers = days.map((day) => Date.parse(day.slice(0, 10)) / DAY);
    const start = board.week_start === "sunday" ? 3 : 4; // day 0 was a Thursday
    const week = (place) => (numbers[place] - start) / 7;
    const month = (place) => (days[place].slice(8, 10) === "01"
      ? 12 * days[place].slice(0, 4) + Number(days[place].slice(5, 7)) - 1 : NaN);
    const isMonthly = days.length > 1 && days.every((day, place) => !Number.isNaN(month(place)));
    const isWeekly = days.every((day, place) => Number.isInteger(week(place)));
    const room = Math.max(2, Math.floor((width - 70) / (isMonthly ? 66 : 86)));
    const ways = [
      [(place) => place, 1],
      ...(isMonthly ? [] : [1, 2, ...(isWeekly ? [4, 8, 13, 26, 52, 104] : [])]
        .map((each) => [week, each])),
      ...(isWeekly && !isMonthly ? [] : [1, 2, 3, 6, 12, 24, 60].map((each) => [month, each])),
      [(place) => place, Math.ceil(days.length / room)],
    ];
    const chosen = ways.map(([number, each]) =>
      days.filter((day, place) => number(place) % each === 0));
    const fits = chosen.find((some) => some.length <= room && some.length > 1);
    return { days: fits || chosen[chosen.length - 1], isMonthly };
  };

  const dayAxis = (encoding, rows, width) => {
    const { days, isMonthly } = labelledDays(rows, encoding.field, width);
    const isText = encoding.type === "ordinal";
    const label = isText ? "datum.label" : "utcFormat(datum.value, '%Y-%m-%d')";
    const shown = isMonthly ? `slice(${label}, 0, 7)` : label;
    const { beneath, ...axis } = encoding.axis;
    const many = new Map(rows.map((row) => [row[encoding.field], row[beneath]]));
    const below = beneath && JSON.stringify(Object.fromEntries(days.map((day) =>
      [day.slice(0, 10), `n ${COUNT.format(many.get(day))}`])));
    return {
      ...axis,
      values: isText ? days : days.map((day) => ({
        year: +day.slice(0, 4), month: +day.slice(5, 7), date: +day.slice(8, 10), utc: true })),
      labelExpr: beneath ? `[${shown}, (${below})[${label}]]` : shown,
    };
  };

  // An axis of seconds, in steps that people count in.
  const LENGTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600,
                   43200, ...[1, 2, 5, 7, 10, 14, 30, 60, 90, 180, 365].map((many) => many * 86400)];
  const durationAxis = ({ seconds, ...axis }, rows, width) => {
    const edges = seconds.flatMap((column) => rows.map((row) => row[column]));
    const [least, most] = [Math.min(...edges), Math.max(...edges)];
    const room = Math.max(2, Math.floor((width - 70) / 80));
    const step = LENGTHS.find((length) => (most - least) / length <= room)
      || Math.ceil((most - least) / room / 31536000) * 31536000;
    const labels = {};
    for (let at = Math.ceil(least / step) * step; at <= most; at += step) labels[at] = whole(at);
    return { ...axis, values: Object.keys(labels).map(Number),
             labelExpr: `(${JSON.stringify(labels)})[datum.value]` };
  };

  // 90000 seconds are 1 d 1 h.
  const whole = (seconds) => {
    const parts = [];
    let left = seconds;
    for (const [length, en, zh] of UNITS) {
      if (left >= length) parts.push(`${COUNT.format(Math.floor(left / length))} ${say(words(en, zh))}`);
      left %= length;
    }
    return parts.join(" ") || "0";
  };

  // The spec in the reader's language, with the series' names and colours.
  const resolved = (part, item, rows, width) => {
    if (Array.isArray(part)) return part.map((one) => resolved(one, item, rows, width));
    if (part === null || typeof part !== "object") return part;
    const names = Object.keys(part);
    if (names.length === 2 && "en" in part && "zh" in part) return say(part);
    if (part.series === true) return seriesScale(item, rows);
    const made = {};
    for (const name of names) {
      if (name !== "tooltip" || !Array.isArray(part.tooltip)) {
        made[name] = resolved(part[name], item, rows, width);
      }
    }
    if (made.axis && ["temporal", "ordinal"].includes(made.type) && item.dates.has(made.field)) {
      made.axis = dayAxis(made, rows, width);
    }
    if (made.axis && made.axis.seconds) made.axis = durationAxis(made.axis, rows, width);
    if (item.spec.room && made.type === "quantitative" && made.field && made.axis) {
      made.scale = { domain: reach(item, rows, roomFor(item, rows, width)) };
    }
    return made;
  };

  // How much longer the scale is than the longest bar, so that the figure beside it has room.
  const roomFor = (item, rows, width) => {
    const { field } = item.spec.layer[0].encoding.y;
    const wide = (text) => [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 12 : 6.5), 0);
    const limit = labelLimit(width, item.spec.room);
    const names = Math.min(limit, Math.max(...rows.map((row) => wide(asText(row[field])))));
    const plot = width - names - 20;
    return plot / Math.max(plot - item.spec.room, 10);
  };

  const labelLimit = (width, room) =>
    Math.min(width > 900 ? 300 : 150, Math.max(80, width - room - 40));

  // Beside names, a legend has the width of the plot.
  const legendColumns = ({ spec }, width) => (spec.line
    ? Math.max(1, Math.floor((width - labelLimit(width, 0)) / 130))
    : Math.max(2, Math.floor(width / 130)));

  // How wide the figures beside the bars have become, with the air before and after them.
  const widest = (place) => Math.ceil(12 + Math.max(0,
    ...[...place.querySelectorAll(".mark-text.role-mark text")].map((one) => one.getBBox().width)));

  // From where to where bars go, with the room behind the longest.
  const reach = (item, rows, times) => {
    const fields = item.spec.layer.flatMap(({ encoding: { x } }) => (x ? [x.field] : []));
    const ends = fields.flatMap((field) => rows.map((row) => row[field] || 0));
    const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
    return [least, least + (most - least || 1) * times];
  };

  const seriesScale = (item, rows) => {
    const { series } = item;
    const all = series.labels
      ? series.labels.map(([, label], place) => [say(label), place])
      : [...new Map([...rows].sort((a, b) => a[series.order] - b[series.order])
        .map((row) => [row[series.label], row[series.order]])).entries()];
    // What is shown alone, or without the first, keeps its colour.
    const first = series.labels ? 0 : 1;
    return {
      domain: all.map(([name]) => name),
      range: all.map(([, place]) => series.colours[(place - first) % series.colours.length]),
    };
  };

  const FONT = 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", '
    + '"Microsoft YaHei", sans-serif';
  const config = (width, isMarked, room = 0, columns = 2) => ({
    font: FONT,
    view: { stroke: null },
    mark: { tooltip: { content: "data" } },
    axis: { labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", titleColor: "#545d6a",
            labelColor: "#3a424d", gridColor: "#e8ebf0", domainColor: "#c3cad4",
            tickColor: "#c3cad4" },
    axisX: { labelFlush: false, labelPadding: 8 },
    axisY: { domain: false, ticks: false, labelPadding: 7, labelLimit: labelLimit(width, room) },
    legend: { orient: "top", labelFontSize: 12, labelColor: "#3a424d", symbolSize: 110,
              symbolStrokeWidth: 3, labelLimit: 200, columnPadding: 14, offset: isMarked ? 22 : 6,
              columns },
  });

  // ---- the page -------------------------------------------------------------------------

  const figures = (item, rows) => {
    const last = rows.slice(-FIGURES_SHOWN);
    const names = item.names;
    const text = (value) => (value === null ? "" : String(value));
    return element("div", { class: "scroll" }, element("table", {},
      element("thead", {}, element("tr", {}, ...names.map((name) => element("th", {}, name)))),
      element("tbody", {}, ...last.map((row) => element("tr", {}, ...names.map((name) =>
        element("td", {}, text(row[name]))))))));
  };

  const drawItem = (item) => {
    const card = document.getElementById(item.id);
    const place = card.querySelector(".drawing");
    const rows = chosenRows(item).map((row) => inLanguage(item, row));
    const because = explained.emptyBecause(item, rows);
    card.hidden = rows.length === 0 && item.hides_when_empty;
    const said = [];
    if (because !== null) {
      if (views.get(item.id)) views.get(item.id).finalize();
      views.delete(item.id);
      place.replaceChildren(element("p", { class: "empty" }, because));
    } else {
      if (item.kind === "chart" && !place.querySelector(".vega")) place.replaceChildren();
      const seen = draw[item.kind](item, rows, place);
      if (seen.some((row) => row[RIPE] === false)) said.push(`◌ ${say(WORDS.unripe)}`);
      said.push(explained.unsentNote(item));
    }
    card.querySelector(".note").textContent = said.join(" ");
    const details = card.querySelector("details.figures");
    const count = rows.length > FIGURES_SHOWN
      ? `${say(WORDS.first)} ${COUNT.format(rows.length)}`
      : `${COUNT.format(rows.length)} ${say(WORDS.rows)}`;
    details.querySelector("summary").textContent = `${say(WORDS.figures)} (${count})`;
    const fill = () => {
      const old = details.querySelector(".scroll");
      if (old) old.remove();
      if (details.open) details.append(figures(item, rows));
    };
    details.ontoggle = fill;
    fill();
  };

  const redraw = () => {
    remember();
    drawFilters();
    items.forEach(drawItem);
    const isMarked = items.some((item) => explained.isMarked(item, chosenRows(item)));
    document.getElementById("marks").textContent = isMarked ? explained.legend() : "";
    document.documentElement.dataset.drawn = language();
  };

  begin();
  redraw();
  document.addEventListener("language", redraw);
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return; // a phone's bars come and go
    width = innerWidth;
    items.filter((item) => item.kind === "chart").forEach(drawItem);
  });
})();

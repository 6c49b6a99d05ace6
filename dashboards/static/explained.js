// Why there is nothing to see, and what explains a change. boards.js draws, and asks here.
"use strict";
window.explained = ({ board, state, say, words, isChosen }) => {
  const WORDS = {
    nobody: (names) => words(`Nobody sends ${names} yet.`, `还没有人发送${names}。`),
    and: words(" and ", "和"),
    noneRipe: words("Nothing is ripe yet.", "还没有成熟的数字。"),
    otherGrain: (grains) => words(
      `No figures at this grain; there are by: ${grains}.`,
      `这个粒度没有数字；有数字的粒度：${grains}。`,
    ),
    otherPeriod: (from, to) => words(
      `No figures from ${from} to ${to}; there are in another period.`,
      `${from} 到 ${to} 没有数字；其他时间有。`,
    ),
    happened: words("Note", "说明"),
    marks: words(
      "Above charts: ∅ a day without data, ▲ ▼ more or fewer events than usual, ▸ a campaign "
        + "starts, ◂ ends. Point at one to read it.",
      "图上方：∅ 当天无数据，▲ ▼ 事件多于或少于往常，▸ 活动开始，◂ 活动结束。"
        + "指向标记可看说明。",
    ),
  };
  // In the order in which one sign stands for several notes.
  const SIGNS = {
    no_data: ["∅", "#545d6a"],
    more: ["▲", "#b04a00"],
    fewer: ["▼", "#b04a00"],
    starts: ["▸", "#8a3d6d"],
    ends: ["◂", "#8a3d6d"],
  };
  const KINDS = Object.keys(SIGNS);
  const DAY = 86400000;
  const SIGN_WIDTH = 11;

  // ---- nothing to see -------------------------------------------------------------------

  // What an item is made of: by its marts, and by the definition that is chosen.
  const madeOf = (item) => [
    item.made_of,
    ...Object.entries(board.definitions)
      .filter(([column]) => item.names.includes(column))
      .map(([column, made]) => made[state[column]])
      .filter(Boolean),
  ];

  const unsent = (item) => {
    const all = madeOf(item).flatMap((made) => made.unsent);
    return [...new Set(all.map(say))];
  };

  // The columns whose values an item shows as figures; none: it is its rows.
  const figuresOf = (item) => {
    if (item.kind === "tiles") return item.tiles.map((tile) => tile.column);
    if (item.kind === "grid") return [item.value.column];
    if (item.kind !== "chart") return [];
    const { encoding, layer, room } = item.spec;
    const across = room ? "x" : "y";
    const found = [encoding, ...(layer || []).map((one) => one.encoding)]
      .find((one) => one && one[across] && item.names.includes(one[across].field));
    return found ? [found[across].field] : [];
  };

  const isOf = (...columns) => (filter) =>
    (filter.kind === "period" ? columns.includes("period") : columns.includes(filter.column));

  // Why an item has nothing to show, in words; null: it has something.
  const emptyBecause = (item, rows) => {
    const figures = figuresOf(item);
    const isHollow = rows.every((row) => figures.length && figures.every((name) => !row[name]));
    const names = isHollow ? unsent(item) : [];
    if (names.length) return say(WORDS.nobody(names.join(say(WORDS.and))));
    const isUnripe = item.kind === "tiles" && item.day
      ? rows.every((row) => row.is_mature === false)
      : figures.length > 0 && rows.every((row) => figures.every((name) => row[name] === null));
    if (rows.length) return isUnripe ? say(WORDS.noneRipe) : null;
    const grain = board.filters.find((filter) => filter.column === "grain");
    const elsewhere = grain && item.names.includes("grain")
      ? new Set(item.rows.filter((row) => isChosen(item, row, isOf("grain", "period")))
        .map((row) => row.grain)) : new Set();
    if (elsewhere.size && !elsewhere.has(state.grain)) {
      return say(WORDS.otherGrain(grain.options.filter(({ value }) => elsewhere.has(value))
        .map(({ label }) => say(label)).join(", ")));
    }
    if (item.day && item.rows.some((row) => isChosen(item, row, isOf("period")))) {
      return say(WORDS.otherPeriod(state.from, state.to));
    }
    return say(item.empty);
  };

  // What is said beside figures that are there: events of theirs that nobody sends.
  const unsentNote = (item) => {
    const names = unsent(item);
    return names.length ? say(WORDS.nobody(names.join(say(WORDS.and)))) : "";
  };

  // ---- what explains a change -----------------------------------------------------------

  const dayOf = (item) => {
    if (item.kind !== "chart" || !item.day) return null;
    const { encoding, layer } = item.spec;
    const x = (encoding && encoding.x) || (layer && layer[0].encoding.x);
    return x && x.field === item.day && ["temporal", "ordinal"].includes(x.type) ? x : null;
  };

  // The notes of an item by the day or week of its rows that they fall into. A longer period
  // has too many to explain anything.
  const notesOf = (item, rows) => {
    const days = [...new Set(rows.map((row) => row[item.day]))].sort();
    const events = new Set(madeOf(item).flatMap((made) => made.events));
    const found = new Map();
    const lengths = days.slice(1).map((day, index) => Date.parse(day) - Date.parse(days[index]));
    if (Math.min(...lengths) > 7 * DAY) return { days, found };
    for (const note of board.notes) {
      if (note.day < days[0] || note.day > state.to) continue;
      if (note.event_name !== null && !events.has(note.event_name)) continue;
      const at = days.findLast((day) => day <= note.day);
      found.set(at, [...(found.get(at) || []), note]);
    }
    return { days, found };
  };

  // The lines at days with notes, and the signs above them, in words where there is room.
  const marksOf = (item, rows, width) => {
    const { days, found } = notesOf(item, rows);
    const isText = dayOf(item).type === "ordinal";
    const number = isText ? (day) => days.indexOf(day) + 0.5 : (day) => Date.parse(day) / DAY;
    const [start, length] = isText ? [0, days.length]
      : [number(days[0]), Math.max(number(days[days.length - 1]) - number(days[0]), 1)];
    const wide = (text) => [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 12 : 6.5), 0);
    const lines = [...found.entries()].sort().map(([at, notes]) => (
      { at, notes, place: (number(at) - start) / length * (width - 80) }));
    // Signs that would stand on one another are one.
    const signs = [];
    for (const line of lines) {
      const last = signs[signs.length - 1];
      if (last && line.place - last[0].place < SIGN_WIDTH) last.push(line);
      else signs.push([line]);
    }
    return {
      lines: lines.map(({ at, notes }) => ({ at, ...leading(notes) })),
      signs: signs.map((sign, index) => {
        const notes = sign.flatMap((line) => line.notes);
        const first = leading(notes);
        const { at, place } = sign.find((line) => line.notes.includes(first.of));
        const label = `${first.sign} ${say(words(first.of.label_en, first.of.label_zh))}`
          + (notes.length > 1 ? ` +${notes.length - 1}` : "");
        const end = index + 1 < signs.length ? signs[index + 1][0].place : width - 70;
        return { at, ...first, note: inWords(notes),
                 shown: place + wide(label) + 8 <= end ? label : first.sign };
      }),
    };
  };

  // The note that one sign stands for, with the sign and its colour.
  const leading = (notes) => {
    const [of] = [...notes].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
    const [sign, colour] = SIGNS[of.kind];
    return { of, sign, colour };
  };

  const inWords = (notes) => notes.map((note) =>
    `${note.day}: ${say(words(note.text_en, note.text_zh))}`).join("\n");

  // The spec with its notes in front: a thin line at each, its sign and words above the plot.
  const marked = (spec, item, rows, width) => {
    const x = dayOf(item);
    if (!x || !item.is_explained) return spec;
    const { lines, signs } = marksOf(item, rows, width);
    if (!lines.length) return spec;
    const { layer, mark, encoding, params, transform, ...rest } = spec;
    const own = (encoding && encoding.x) || layer[0].encoding.x;
    const at = { ...own, field: "at" };
    const colour = { field: "colour", type: "nominal", scale: null, legend: null };
    const inner = Object.fromEntries(Object.entries({ layer, mark, encoding, params, transform })
      .filter(([, part]) => part !== undefined));
    return {
      ...rest,
      layer: [
        inner,
        { name: "notes", data: { values: lines }, mark: { type: "rule", strokeDash: [2, 3], opacity: 0.6 },
          encoding: { x: at, stroke: colour } },
        {
          data: { values: signs },
          mark: { type: "text", baseline: "bottom", align: "left", dx: -4, fontSize: 11.5,
                  cursor: "help", tooltip: { content: "data" } },
          encoding: { x: at, y: { value: -3 }, text: { field: "shown" }, fill: colour },
        },
      ],
    };
  };

  const isMarked = (item, rows) =>
    !!dayOf(item) && item.is_explained && rows.length > 0 && notesOf(item, rows).found.size > 0;

  return {
    emptyBecause,
    unsentNote,
    marked,
    isMarked,
    legend: () => say(WORDS.marks),
    fields: [{ field: "note", title: WORDS.happened }],
  };
};

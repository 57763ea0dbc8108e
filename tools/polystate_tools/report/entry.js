// The view of a deposition's page: states switched, draws played, residues linked to the profile.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("model").textContent);
  const $ = (id) => document.getElementById(id);
  const SYMBOLS = ("X H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr " +
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re " +
    "Os Ir Pt Au Hg Tl Pb Bi").split(" ");
  const CHAINS = ["#2f7fb8", "#e08a3c", "#4fae7f", "#c85a8a", "#8e6bc0", "#b5a03c", "#4aa7b5", "#b06a5a"];
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const WATER = new Set(["HOH", "DOD", "WAT"]);
  const count = data.name.length;
  const chosen = data.switches.map((s) => Math.max(0, s.options.findIndex((o) => o.label === s.chosen)));
  const sorted = [...data.b].sort((a, b) => a - b);
  const low = sorted.length ? sorted[Math.floor(0.02 * (count - 1))] : 0;
  const high = sorted.length ? Math.max(sorted[Math.floor(0.98 * (count - 1))], low + 0.1) : 1;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = () => getComputedStyle(document.documentElement).getPropertyValue("--view").trim();
  const viewer = $3Dmol.createViewer("view", { backgroundColor: paper(), antialias: true });
  dark.addEventListener("change", () => { viewer.setBackgroundColor(paper()); viewer.render(); });
  let draw = -1, timer = null, marked = -1, shown = [], first = true;

  // The atoms of the chosen states: coordinates, and which are there.
  function state() {
    const xyz = Float32Array.from(data.xyz), present = Uint8Array.from(data.present);
    data.switches.forEach((s, k) => {
      const option = s.options[chosen[k]];
      option.rows.forEach((row, i) => {
        for (let a = 0; a < 3; a++) xyz[3 * row + a] = option.xyz[3 * i + a];
        present[row] = option.present[i];
      });
    });
    if (draw >= 0) data.draws[draw].forEach((d, i) => { xyz[i] += d; });
    return { xyz, present };
  }

  const pad = (text, width) => String(text).padStart(width).slice(-width);
  const fixed = (x) => pad(x.toFixed(3), 8);

  // PDB lines, which 3Dmol.js turns into bonds and secondary structure; the serial says which atom it is.
  function pdb(rows, xyz, at) {
    const lines = [];
    rows.forEach((row, i) => {
      const r = data.residue[row], c = data.chain[r], name = data.name[row].slice(0, 4);
      const symbol = SYMBOLS[data.element[row]] || "X";
      const spelt = name.length < 4 && symbol.length === 1 ? (" " + name).padEnd(4) : name.padEnd(4);
      const j = 3 * (at ? i : row);
      lines.push((data.polymer[c] ? "ATOM  " : "HETATM") + pad((row + 1) % 100000, 5) + " " + spelt + " " +
        data.comp[r].slice(0, 3).padStart(3) + " " + LETTERS[c % LETTERS.length] + pad(data.number[r], 4) +
        (data.insertion[r] || " ")[0] + "   " + fixed(xyz[j]) + fixed(xyz[j + 1]) + fixed(xyz[j + 2]) +
        "  1.00" + pad(Math.min(data.b[row] || 0, 999).toFixed(2), 6) + "          " + pad(symbol, 2));
    });
    return lines.join("\n") + "\nEND\n";
  }

  function ramp(b) {
    const t = Math.min(1, Math.max(0, (b - low) / (high - low)));
    const mix = (p, q, f) => Math.round(p + (q - p) * f);
    const [p, q, f] = t < 0.5 ? [[33, 102, 172], [244, 244, 244], 2 * t] : [[244, 244, 244], [178, 24, 43], 2 * t - 1];
    return "rgb(" + p.map((v, i) => mix(v, q[i], f)).join(",") + ")";
  }

  function colours() {
    const by = $("colour").value;
    if (by === "element") return { colorscheme: "default" };
    return { colorfunc: (atom) => {
      const row = atom.row;
      if (row === undefined) return "#888888";
      if (by === "b") return ramp(data.b[row] || 0);
      if (by === "site") return data.varied[row] ? "#d6604d" : "#9fb0bd";
      return CHAINS[data.chain[data.residue[row]] % CHAINS.length];
    } };
  }

  function styled() {
    const style = $("style").value, paint = colours();
    const polymer = { predicate: (a) => a.polymer }, rest = { predicate: (a) => !a.polymer && !a.water };
    viewer.setStyle({}, {});
    const few = count < 400 && !shown.some((row) => data.name[row] === "O" && data.polymer[data.chain[data.residue[row]]]);
    if (few) {
      viewer.setStyle({}, { stick: { radius: 0.12, ...paint }, sphere: { scale: 0.28, ...paint } });
      viewer.addStyle(polymer, { cartoon: { style: "trace", thickness: 0.15, ...paint } });
    } else if (style === "cartoon" || style === "sides") {
      viewer.setStyle(polymer, { cartoon: { ...paint } });
      if (style === "sides") viewer.addStyle(polymer, { stick: { radius: 0.1, ...paint } });
      viewer.setStyle(rest, { stick: { radius: 0.14, ...paint } });
      viewer.setStyle({ predicate: (a) => a.varied && !a.water }, { cartoon: { ...paint }, stick: { radius: 0.14, ...paint } });
      viewer.setStyle({ predicate: (a) => a.water }, { sphere: { radius: 0.25, ...paint } });
    } else if (style === "sticks") {
      viewer.setStyle({}, { stick: { radius: 0.12, ...paint }, sphere: { scale: 0.12, ...paint } });
    } else {
      viewer.setStyle({}, { stick: { radius: 0.07, ...paint } });
      shown.forEach((row) => viewer.addStyle({ serial: (row + 1) % 100000 },
        { sphere: { radius: Math.max(0.08, 1.54 * Math.sqrt((data.b[row] || 0) / 78.957)), ...paint } }));
    }
    if (marked >= 0) viewer.addStyle({ predicate: (a) => data.residue[a.row] === marked },
      { stick: { radius: 0.22, color: "#f0b429" } });
  }

  function ghosts() {
    if (!$("ghosts").checked || draw >= 0) return;
    data.switches.forEach((s, k) => s.options.forEach((option, o) => {
      const there = option.rows.filter((_, i) => option.present[i]);
      if (o === chosen[k] || !there.length || option.rows.length > 3000) return;
      const xyz = [];
      option.rows.forEach((_, i) => { if (option.present[i]) xyz.push(...option.xyz.slice(3 * i, 3 * i + 3)); });
      const ghost = viewer.addModel(pdb(there, xyz, true), "pdb", { keepH: true });
      ghost.setStyle({}, there.length > 150
        ? { line: { color: "#8fa0ae", opacity: 0.5 } }
        : { stick: { radius: 0.07, color: "#a9b6c2", opacity: 0.75 }, sphere: { radius: 0.1, color: "#a9b6c2" } });
    }));
  }

  function show() {
    const { xyz, present } = state();
    shown = [];
    for (let row = 0; row < count; row++) if (present[row]) shown.push(row);
    viewer.removeAllModels();
    const model = viewer.addModel(pdb(shown, xyz, false), "pdb", { keepH: true });
    model.selectedAtoms({}).forEach((atom, i) => {
      const row = shown[i], r = data.residue[row];
      atom.row = row;
      atom.polymer = Boolean(data.polymer[data.chain[r]]);
      atom.water = WATER.has(data.comp[r]);
      atom.varied = Boolean(data.varied[row]);
    });
    styled();
    ghosts();
    viewer.setHoverable({}, true, (atom) => {
      if (atom.row === undefined) return;
      const r = data.residue[atom.row];
      $("info").textContent = named(atom.row);
      mark(r, false);
    }, () => {});
    viewer.setClickable({}, true, (atom) => { if (atom.row !== undefined) mark(data.residue[atom.row], true); });
    if (first) { viewer.zoomTo(); viewer.zoom(count > 2000 ? 1.4 : 1.1); first = false; }
    viewer.render();
    document.body.dataset.shown = shown.length;
  }

  function named(row) {
    const r = data.residue[row];
    const b = data.b.length ? `, B ${data.b[row].toFixed(1)} Å²` : "";
    return `${data.chains[data.chain[r]]}/${data.number[r]}${data.insertion[r]}/${data.name[row]} of ${data.comp[r]}${b}`;
  }

  // One residue in profile and view.
  function mark(residue, draw) {
    document.querySelectorAll("rect.r.on").forEach((e) => e.classList.remove("on"));
    document.querySelectorAll(`rect.r[data-r="${residue}"]`).forEach((e) => e.classList.add("on"));
    if (!draw) return;
    marked = marked === residue ? -1 : residue;
    styled();
    viewer.render();
  }

  document.querySelectorAll("rect.r").forEach((e) => e.addEventListener("click", () => {
    const residue = Number(e.dataset.r);
    marked = -1;
    mark(residue, true);
    $("info").textContent = e.textContent;
    viewer.zoomTo({ predicate: (a) => a.row !== undefined && data.residue[a.row] === residue }, 400);
    viewer.zoom(0.35, 400);
  }));

  data.switches.forEach((s, k) => {
    const label = document.createElement("label"), select = document.createElement("select");
    label.append(s.name, select);
    s.options.forEach((o, i) => select.add(new Option(o.label, i, false, i === chosen[k])));
    select.addEventListener("change", () => { chosen[k] = Number(select.value); agree(k); show(); });
    $("switches").append(label);
  });

  // What is chosen takes along the states that it needs, and the others the first of theirs that still holds.
  function agree(k) {
    const place = Object.fromEntries(data.switches.map((s, i) => [s.name, i]));
    const label = (i) => data.switches[i].options[chosen[i]].label;
    const holds = (option) => !option.needs.length || option.needs.some((need) =>
      Object.entries(need).every(([name, labels]) => !(name in place) || labels.includes(label(place[name]))));
    const choose = (name, to) => {
      if (name in place) chosen[place[name]] = Math.max(0, data.switches[place[name]].options.findIndex((o) => o.label === to));
    };
    if (k >= 0 && !holds(data.switches[k].options[chosen[k]])) {
      Object.entries(data.switches[k].options[chosen[k]].needs[0]).forEach(([name, labels]) => choose(name, labels[0]));
    }
    data.switches.forEach((s, i) => {
      if (!holds(s.options[chosen[i]])) chosen[i] = Math.max(0, s.options.findIndex(holds));
    });
    document.querySelectorAll("#switches select").forEach((select, i) => { select.value = chosen[i]; });
  }

  const draws = $("draw");
  draws.add(new Option("mean", -1));
  data.draws.forEach((_, i) => draws.add(new Option(`draw 7:${i}`, i)));
  if (!data.draws.length) $("draw-box").hidden = true;
  draws.addEventListener("change", () => { draw = Number(draws.value); show(); });
  $("play").addEventListener("click", () => {
    if (timer) { clearInterval(timer); timer = null; draw = -1; }
    else timer = setInterval(() => { draw = (draw + 1) % data.draws.length; draws.value = draw; show(); }, count > 8000 ? 1200 : 350);
    $("play").textContent = timer ? "stop" : "play draws";
    draws.value = draw;
    show();
  });
  function scale() {
    $("scale").innerHTML = $("colour").value === "b" && data.b.length ? `B ${low.toFixed(1)} <i></i> ${high.toFixed(1)} Å²` : "";
  }
  $("style").addEventListener("change", () => { styled(); viewer.render(); });
  $("colour").addEventListener("change", () => { styled(); scale(); viewer.render(); });
  $("ghosts").addEventListener("change", show);
  $("reset").addEventListener("click", () => {
    data.switches.forEach((s, k) => { chosen[k] = Math.max(0, s.options.findIndex((o) => o.label === s.chosen)); });
    document.querySelectorAll("#switches select").forEach((select, k) => { select.value = chosen[k]; });
    draw = -1; draws.value = -1; marked = -1; first = true;
    show();
  });

  function save(name, address) {
    const link = document.createElement("a");
    link.href = address; link.download = name; link.click();
  }
  $("png").addEventListener("click", () => save(document.title + ".png", viewer.pngURI()));
  document.querySelectorAll("[data-svg]").forEach((button) => button.addEventListener("click", () => {
    const css = "text{font:11px sans-serif;fill:#566573}.t{font-size:12px;fill:#1b2733}.grid{stroke:#d9e0e6;fill:none}rect.r{fill:none}";
    document.querySelectorAll("svg.profile").forEach((svg, i) => {
      const copy = svg.cloneNode(true), style = document.createElementNS("http://www.w3.org/2000/svg", "style");
      style.textContent = css;
      copy.prepend(style);
      save(`${document.title}-${i + 1}.svg`, URL.createObjectURL(new Blob([copy.outerHTML], { type: "image/svg+xml" })));
    });
  }));
  if (!data.b.length) $("colour").querySelector('[value="b"]').remove();
  if (!data.varied.includes(1)) $("colour").querySelector('[value="site"]').remove();
  if (!data.switches.length) $("ghosts").parentElement.hidden = true;
  show();
})();

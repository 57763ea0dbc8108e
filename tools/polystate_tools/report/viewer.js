// A canvas view of the trace: colour by a level's B, ellipsoids at a chosen probability, libration axes.
"use strict";
(function () {
  const data = JSON.parse(document.getElementById("model").textContent);
  const canvas = document.getElementById("view"), ctx = canvas.getContext("2d");
  const levelBox = document.getElementById("level"), prob = document.getElementById("prob");
  const probText = document.getElementById("prob-text"), ellipses = document.getElementById("ellipsoids");
  const axesBox = document.getElementById("axes"), info = document.getElementById("info"), scaleBox = document.getElementById("scale");
  const n = data.xyz.length, levels = data.levels;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const paper = dark ? [18, 24, 30] : [250, 250, 250], ink = dark ? "#e5e9ef" : "#10161c";
  let rot = [1, 0, 0, 0, 1, 0, 0, 0, 1], zoom = 1.04, pan = [0, 0], drawn = [];
  const centre = [0, 1, 2].map(k => data.xyz.reduce((s, p) => s + p[k], 0) / n);
  const reach = Math.max(...data.xyz.map(p => Math.hypot(p[0] - centre[0], p[1] - centre[1], p[2] - centre[2])))
    + 1.6 * Math.sqrt(Math.max(...data.xyz.map((_, i) => data.u.reduce((sum, u) => sum + Math.max(u[i][0], u[i][1], u[i][2]), 0)))); // ellipsoids at 50 %
  const stops = [dark ? [84, 110, 200] : [37, 52, 118], [33, 122, 161], [84, 179, 153], [224, 190, 80], [214, 96, 77], [140, 20, 60]];
  function colour(t, fog) {
    const x = Math.min(Math.max(t, 0), 1) * (stops.length - 1), i = Math.min(Math.floor(x), stops.length - 2), f = x - i;
    const c = [0, 1, 2].map(k => stops[i][k] + f * (stops[i + 1][k] - stops[i][k])).map((v, k) => Math.round(v + (paper[k] - v) * fog));
    return "rgb(" + c.join(",") + ")";
  }
  function uOf(i) {
    const pick = levelBox.value === "all" ? levels.map((_, k) => k) : [Number(levelBox.value)];
    const u = [0, 0, 0, 0, 0, 0];
    for (const k of pick) for (let j = 0; j < 6; j++) u[j] += data.u[k][i][j];
    return u;
  }
  // radius of the sphere that holds probability p of a 3D normal: chi with three degrees of freedom
  function chi3(p) {
    let lo = 0, hi = 6;
    const erf = x => { const t = 1 / (1 + 0.3275911 * x); return 1 - (((((1.061405429 * t - 1.453152027) * t) + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-x * x); };
    for (let k = 0; k < 50; k++) { const m = (lo + hi) / 2, c = erf(m / Math.SQRT2) - Math.sqrt(2 / Math.PI) * m * Math.exp(-m * m / 2); if (c < p) lo = m; else hi = m; }
    return lo;
  }
  function range() {
    const b = []; for (let i = 0; i < n; i++) { const u = uOf(i); b.push(26.3189 * (u[0] + u[1] + u[2])); }
    const s = b.slice().sort((x, y) => x - y);
    return [b, s[Math.floor(0.01 * n)], Math.max(s[Math.min(Math.floor(0.99 * n), n - 1)], s[0] + 1e-6)];
  }
  let b = [], lo = 0, hi = 1;
  function relevel() { [b, lo, hi] = range(); scale(); draw(); }
  function scale() {
    const g = []; for (let k = 0; k <= 10; k++) g.push(colour(k / 10, 0));
    scaleBox.innerHTML = "<span>" + lo.toFixed(1) + "</span><i style='background:linear-gradient(90deg," + g.join(",") + ")'></i><span>" + hi.toFixed(1) + " Å²</span>";
  }
  function draw() {
    const ratio = window.devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    if (canvas.width !== w * ratio) { canvas.width = w * ratio; canvas.height = h * ratio; }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, w, h);
    const s = 0.46 * Math.min(w, h) / reach * zoom, p = new Array(n);
    for (let i = 0; i < n; i++) {
      const x = data.xyz[i][0] - centre[0], y = data.xyz[i][1] - centre[1], z = data.xyz[i][2] - centre[2];
      p[i] = [w / 2 + pan[0] + s * (rot[0] * x + rot[1] * y + rot[2] * z), h / 2 + pan[1] - s * (rot[3] * x + rot[4] * y + rot[5] * z), rot[6] * x + rot[7] * y + rot[8] * z];
    }
    drawn = p;
    const order = Array.from({length: n}, (_, i) => i).sort((i, j) => p[i][2] - p[j][2]);
    const k3 = chi3(Number(prob.value) / 100), span = hi - lo;
    ctx.lineCap = "round";
    for (const i of order) {
      const fog = 0.62 * (0.5 - p[i][2] / (2 * reach)), c = colour((b[i] - lo) / span, Math.max(0, fog));
      ctx.strokeStyle = c;
      ctx.lineWidth = ellipses.checked ? 1.2 : Math.max(1.4, 0.9 * s * (0.75 + 0.5 * p[i][2] / reach));
      for (const j of [i - 1, i + 1]) {
        if (j < 0 || j >= n || data.segment[i] !== data.segment[j]) continue;
        ctx.beginPath(); ctx.moveTo(p[i][0], p[i][1]); ctx.lineTo((p[i][0] + p[j][0]) / 2, (p[i][1] + p[j][1]) / 2); ctx.stroke();
      }
      if (ellipses.checked) {
        const u = uOf(i), m = [[u[0], u[3], u[4]], [u[3], u[1], u[5]], [u[4], u[5], u[2]]], r = [rot.slice(0, 3), rot.slice(3, 6)];
        const q = (a, c2) => { let t = 0; for (let x = 0; x < 3; x++) for (let y = 0; y < 3; y++) t += a[x] * m[x][y] * c2[y]; return t; };
        const a = q(r[0], r[0]), d = q(r[1], r[1]), o = -q(r[0], r[1]);
        const mid = (a + d) / 2, root = Math.sqrt(Math.max((a - d) * (a - d) / 4 + o * o, 0));
        const e1 = Math.sqrt(Math.max(mid + root, 0)) * k3 * s, e2 = Math.sqrt(Math.max(mid - root, 0)) * k3 * s;
        ctx.beginPath(); ctx.ellipse(p[i][0], p[i][1], Math.max(e1, 0.3), Math.max(e2, 0.3), 0.5 * Math.atan2(2 * o, a - d), 0, 7);
        ctx.fillStyle = c; ctx.fill(); ctx.lineWidth = 0.5; ctx.strokeStyle = "rgba(20,30,40,.45)"; ctx.stroke();
      }
    }
    if (axesBox.checked) {
      for (const a of data.axes) {
        if (levelBox.value !== "all" && Number(levelBox.value) !== a.level) continue;
        const d = a.direction, o = a.origin.map((v, k) => v - centre[k]), len = Math.max(4, 4 * a.degrees);
        const end = [-1, 1].map(f => o.map((v, k) => v + f * len * d[k])).map(v => [w / 2 + pan[0] + s * (rot[0] * v[0] + rot[1] * v[1] + rot[2] * v[2]), h / 2 + pan[1] - s * (rot[3] * v[0] + rot[4] * v[1] + rot[5] * v[2])]);
        ctx.strokeStyle = ink; ctx.lineWidth = 2; ctx.beginPath(); ctx.moveTo(...end[0]); ctx.lineTo(...end[1]); ctx.stroke();
        ctx.fillStyle = ink; ctx.beginPath(); ctx.arc((end[0][0] + end[1][0]) / 2, (end[0][1] + end[1][1]) / 2, 3, 0, 7); ctx.fill();
      }
    }
  }
  function turn(dx, dy) {
    const cy = Math.cos(dx), sy = Math.sin(dx), cx = Math.cos(dy), sx = Math.sin(dy);
    const m = [cy, 0, sy, sx * sy, cx, -sx * cy, -cx * sy, sx, cx * cy], out = [];
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out.push(m[3 * i] * rot[j] + m[3 * i + 1] * rot[3 + j] + m[3 * i + 2] * rot[6 + j]);
    rot = out;
  }
  let from = null;
  canvas.addEventListener("pointerdown", e => { from = [e.clientX, e.clientY, e.shiftKey || e.button === 2]; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener("pointerup", () => { from = null; });
  canvas.addEventListener("contextmenu", e => e.preventDefault());
  canvas.addEventListener("pointermove", e => {
    if (from) {
      const dx = e.clientX - from[0], dy = e.clientY - from[1];
      if (from[2]) { pan[0] += dx; pan[1] += dy; } else turn(dx * 0.008, dy * 0.008);
      from[0] = e.clientX; from[1] = e.clientY; draw(); return;
    }
    const box = canvas.getBoundingClientRect(), x = e.clientX - box.left, y = e.clientY - box.top;
    let best = -1, near = 144;
    for (let i = 0; i < n; i++) { const d = (drawn[i][0] - x) ** 2 + (drawn[i][1] - y) ** 2; if (d < near || (d < near + 16 && best >= 0 && drawn[i][2] > drawn[best][2])) { near = Math.min(near, d); best = i; } }
    info.textContent = best < 0 ? "drag to turn, shift-drag to move, wheel to zoom" : data.names[best] + "  " + b[best].toFixed(2) + " Å²   " + levels.map((l, k) => l + " " + (26.3189 * (data.u[k][best][0] + data.u[k][best][1] + data.u[k][best][2])).toFixed(1)).join("  ");
  });
  canvas.addEventListener("wheel", e => { e.preventDefault(); zoom *= Math.exp(-e.deltaY * 0.001); draw(); }, {passive: false});
  for (const x of [levelBox]) x.addEventListener("change", relevel);
  for (const x of [ellipses, axesBox]) x.addEventListener("change", draw);
  prob.addEventListener("input", () => { probText.textContent = prob.value + " %"; draw(); });
  window.addEventListener("resize", draw);
  if (data.rotation) rot = data.rotation;
  relevel();
})();

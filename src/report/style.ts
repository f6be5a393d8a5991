/**
 * The page's looks. Colours are Okabe and Ito's, which colour-blind readers can tell apart, a little
 * lighter on dark ground. Nothing is fetched: fonts are the reader's own.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #f6f7f8; --card: #ffffff; --ink: #1d2429; --faint: #5f6b73; --rule: #e1e5e8; --track: #eef1f3;
  --fetch: #0072b2; --process: #009e73; --commit: #c77700; --queue: #8a949b; --failed: #d1352b;
  --memory: #7b5ea7; --files: #a6497d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181b; --card: #1d2327; --ink: #e6eaed; --faint: #9aa6ae; --rule: #323a40; --track: #262d32;
    --fetch: #4aa8e0; --process: #2fbf95; --commit: #e6a23c; --queue: #7d878e; --failed: #f2685f;
    --memory: #a88bd6; --files: #d47bab;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1160px; margin: 0 auto; padding: 28px 20px 40px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 0 0 10px; }
header { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin-bottom: 6px; }
header + p, .about { color: var(--faint); margin: 0 0 4px; overflow-wrap: anywhere; }
.ending { border-radius: 99px; padding: 2px 12px; font-weight: 600; font-size: 13px; color: #fff; }
.ending.complete { background: #00795a; }
.ending.partial, .ending.limited, .ending.interrupted { background: #9a5c00; }
.ending.failed { background: #b3261e; }
.error { border-left: 4px solid var(--failed); padding: 6px 12px; margin: 12px 0 0; background: var(--card); overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 16px 18px; margin-top: 16px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; margin: 18px 0 0; padding: 0; }
.facts div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 10px 14px; }
.facts dt { color: var(--faint); font-size: 13px; }
.facts dd { margin: 0; }
.facts dd.value { font-size: 22px; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.facts dd.more { color: var(--faint); font-size: 12.5px; line-height: 1.35; }
.note { color: var(--faint); font-size: 13px; margin: 8px 0 0; max-width: 80em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { color: var(--faint); font-weight: 500; font-size: 13px; white-space: nowrap; }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
th[scope=row] { font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.stages thead th:nth-child(n+3):nth-child(-n+7), .failures thead th:nth-child(n+5), .retries thead th:last-child { text-align: right; }
.shards thead th:nth-child(n+3):nth-child(-n+9), .causes thead th:nth-child(2), .shard-failures thead th:nth-child(2), .shard-failures thead th:last-child { text-align: right; }
.what { color: var(--faint); }
.message { overflow-wrap: anywhere; min-width: 20em; }
.retries { width: auto; min-width: 22em; }
.bars { width: 22%; min-width: 110px; padding-left: 8px; padding-right: 0; }
.spark { display: block; width: 100%; height: 12px; margin-top: 5px; }
.spark .faint { opacity: 0.35; }
.charts { display: grid; gap: 16px; }
.charts .note { margin: -14px 0 4px; position: sticky; left: 0; width: fit-content; max-width: min(80em, calc(100vw - 80px)); }
.chart { display: block; width: 100%; min-width: 720px; height: auto; overflow: visible; }
.chart text { fill: var(--faint); font-size: 12px; font-variant-numeric: tabular-nums; }
.chart text.label { fill: var(--ink); font-size: 13px; font-weight: 600; }
.grid { fill: none; stroke: var(--rule); stroke-width: 1; }
.track { fill: var(--track); }
.hover { fill: transparent; }
.hover:hover { fill: var(--ink); fill-opacity: 0.08; }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.area { stroke: none; opacity: 0.18; }
.fetch { fill: var(--fetch); } .process { fill: var(--process); } .commit { fill: var(--commit); }
.queue { fill: var(--queue); } .failed { fill: var(--failed); } .memory { fill: var(--memory); } .files { fill: var(--files); }
.cut-off { opacity: 0.45; }
.mark { fill: none; stroke: var(--failed); stroke-width: 1.4; }
.lost { fill: none; stroke: var(--failed); stroke-width: 1.4; stroke-dasharray: 2 6; }
.line.fetch { stroke: var(--fetch); } .line.process { stroke: var(--process); } .line.commit { stroke: var(--commit); }
.line.memory { stroke: var(--memory); } .line.files { stroke: var(--files); }
.line.fetch, .line.process, .line.commit, .line.memory, .line.files { fill: none; }
.key { display: inline-flex; gap: 14px; flex-wrap: wrap; font-weight: 400; font-size: 13px; color: var(--faint); margin-left: 12px; }
.key i { display: inline-block; width: 12px; height: 12px; border-radius: 2px; margin-right: 5px; vertical-align: -1px; }
.map { background: #fff; border-radius: 4px; overflow: hidden; }
.map > svg { display: block; width: 100%; height: auto; }
footer { color: var(--faint); font-size: 13px; margin-top: 18px; }
@media print { body { background: #fff; } section, .facts div { break-inside: avoid; } }
`;

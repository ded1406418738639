// Line icons and the state marks, drawn as SVG: each state has its own shape, so colour never says it alone.
import { svg } from "../dom.js";

/** @type {Record<string, string>} */
const paths = {
  home: "M3.5 9 10 3.5 16.5 9v7.5h-4.5v-4.5h-4v4.5H3.5z",
  team: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5M13 3.8a3 3 0 0 1 0 5.4M15 12.3c1.7.6 2.7 2 3 4.2",
  account: "M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17c.5-3.2 3.1-4.7 6.5-4.7s6 1.5 6.5 4.7",
  api: "M7 5.5 2.5 10 7 14.5M13 5.5l4.5 4.5-4.5 4.5",
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5 5 15",
  help: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM7.8 7.7a2.2 2.2 0 1 1 3.3 1.9c-.7.4-1.1.9-1.1 1.7M10 13.9v.1",
  alert: "M10 3 18 16.5H2zM10 8v4M10 14.2v.1",
  arrow: "M4 10h12M11.5 5.5 16 10l-4.5 4.5",
  copy: "M7 7V3.5h9.5V13H13M3.5 7H13v9.5H3.5z",
  key: "M12.5 11.5a4 4 0 1 0-4-4c0 .5.1.9.2 1.3L3 14.5V17h2.5v-2H8v-2.5h1.5l1.2-1.2c.6.1 1.2.2 1.8.2zM13.5 6.5v.1",
  qr: "M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h2v2h-2zM14.5 14.5h2v2h-2z",
  check: "M4 10.5 8 14.5 16 5.5",
};

/** What stands inside a state's ring. @type {Record<string, string>} */
const marks = {
  draft: "",
  offered: "M6.5 10h6M10 7.2l2.8 2.8-2.8 2.8",
  accepted: "M10 5.5v4.5h4.5",
  in_progress: "M10 10V5.5a4.5 4.5 0 1 1-4.5 4.5z",
  done: "M6.5 10.3 9 12.8l4.5-5.3",
  confirmed: "M6.2 10.3 8.8 12.8l5-5.6",
  declined: "M7.3 7.3l5.4 5.4M12.7 7.3l-5.4 5.4",
  cancelled: "M6.5 10h7",
};

/** A decorative icon; the words beside it carry the meaning. @param {string} name */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: paths[name] }));
}

/** The mark of a delegation's state. @param {string} state */
export function stateMark(state) {
  return svg("svg", { class: `mark mark-${state}`, viewBox: "0 0 20 20", "aria-hidden": "true" },
    svg("circle", { cx: 10, cy: 10, r: 7.5 }), svg("path", { d: marks[state] ?? "" }));
}

/** Milton's own mark: one arch hands over to the other. */
export function logo() {
  return svg("svg", { class: "logo", viewBox: "4 7 24 18", "aria-hidden": "true" },
    svg("path", { class: "logo-from", d: "M6.5 23.5V14.5a5 5 0 0 1 10 0v9" }),
    svg("path", { class: "logo-to", d: "M15.5 8.5v9a5 5 0 0 0 10 0v-9" }));
}

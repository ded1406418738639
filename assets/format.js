// Times as people read them: local in the text, UTC on hover.
import { h } from "./dom.js";
import { language } from "./i18n.js";

const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });
const distantDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/**
 * How far `iso` is from now, in the largest whole unit.
 * @param {string} iso
 */
export function fromNow(iso) {
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  return relative.format(Math.trunc(seconds / size), unit);
}

/**
 * A `<time>` that shows local time and tells UTC on hover.
 * @param {string} iso
 * @param {"full" | "day"} [style]
 */
export function time(iso, style = "full") {
  const at = new Date(iso);
  const form = style === "full" ? full : at.getFullYear() === new Date().getFullYear() ? day : distantDay;
  return h("time", { datetime: iso, title: at.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC") }, form.format(at));
}

// Picks the language and turns a key of the message catalogue into text.
import de from "./messages/de.js";
import en from "./messages/en.js";

/** @typedef {keyof typeof en} Key */
/** @typedef {string | {one: string, other: string}} Message */

/** @type {Record<string, Record<Key, Message>>} */
const catalogues = { en, de };
const STORED = "milton.language";

/** The languages there are, each by its own name. */
export const languages = { en: "English", de: "Deutsch" };

/** The language in use: the one chosen here, else the first of the browser's that we speak, else English. */
export const language = [localStorage.getItem(STORED), ...navigator.languages.map((name) => name.slice(0, 2))]
  .find((name) => name !== null && name in catalogues) ?? "en";

const plural = new Intl.PluralRules(language);

/**
 * The text for `key`, with `{name}` replaced from `params`; `n` chooses between singular and plural.
 * @param {Key} key
 * @param {Record<string, string | number>} [params]
 */
export function t(key, params = {}) {
  const message = catalogues[language][key];
  const form = typeof message === "string" ? message : message[plural.select(Number(params.n)) === "one" ? "one" : "other"];
  return form.replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? ""));
}

/**
 * Like `t`, for keys made at run time: null when the catalogue has no such key.
 * @param {string} key
 * @param {Record<string, string | number>} [params]
 */
export function maybe(key, params) {
  return key in en ? t(/** @type {Key} */ (key), params) : null;
}

/** Remembers the language and draws everything anew. @param {string} name */
export function chooseLanguage(name) {
  localStorage.setItem(STORED, name);
  location.reload();
}

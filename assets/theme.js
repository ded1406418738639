// Light, dark, or as the system has it.
const STORED = "milton.appearance";

/** The choices, the first being the default. */
export const appearances = ["system", "light", "dark"];

export const appearance = () => localStorage.getItem(STORED) ?? appearances[0];

/** Puts the remembered choice on the document, where the tokens look for it. */
export function applyAppearance() {
  document.documentElement.dataset.appearance = appearance();
}

/** @param {string} name */
export function chooseAppearance(name) {
  localStorage.setItem(STORED, name);
  applyAppearance();
}

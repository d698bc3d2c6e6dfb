// Texts and numbers in the language of the page, which the server has chosen. English sentences are the ids of messages.

const TRANSLATED = JSON.parse(document.getElementById("messages")?.textContent || "{}");
const PAGE = document.documentElement.lang || "en";
const PLURALS = new Intl.PluralRules(PAGE);

/** The page's language, in the region that the browser prefers: its dates and times follow it. */
export const LANGUAGE = (navigator.languages || []).find((each) => each.split("-")[0] === PAGE.split("-")[0]) || PAGE;

/** A message with its {placeholders} filled. */
export function t(message, values = {}) {
  return filled(TRANSLATED[message] || message, values);
}

/** A message in the plural form that a number takes; {number} in it is the number. */
export function nt(one, many, number, values = {}) {
  const forms = TRANSLATED[one];
  const other = PLURALS.select(number) === "one" ? 0 : 1;
  const words = forms ? forms[Math.min(other, forms.length - 1)] : number === 1 ? one : many;
  return filled(words, { number: decimal(number), ...values });
}

/** A number with exactly so many decimal places. */
export function decimal(value, places = 0, useGrouping = true) {
  return new Intl.NumberFormat(PAGE, { minimumFractionDigits: places, maximumFractionDigits: places, useGrouping }).format(value);
}

/** Marks of decimals and of thousands, as the chart library takes them: ".,". */
export const SEPARATORS = ["decimal", "group"].map((type) => new Intl.NumberFormat(PAGE).formatToParts(1234567.5).find((part) => part.type === type).value).join("");

function filled(words, values) {
  return words.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

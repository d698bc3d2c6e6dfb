// The name of a run or a data set, changed by typing over it. Asks one route and knows nothing else of what it names.

import { api, el, toast } from "./studio.js";

/**
 * A text field that looks like a heading; Enter or leaving it saves, and a refusal brings the old name back.
 * @param id of the element
 * @param label what it names, for those who hear the page
 * @param address where the new name is posted to
 * @param changed called with the answer, which holds the `name` as it was saved
 */
export function nameField(id, label, address, changed = () => {}) {
  const field = el("textarea", { id, class: "name-input", "aria-label": label, maxlength: "200", rows: "1", spellcheck: "false" });
  let saved = "";
  const show = (name) => {
    saved = name;
    if (document.activeElement !== field) field.value = name;
  };
  field.addEventListener("change", async () => {
    try {
      const answer = await api(address, { method: "POST", body: { name: field.value.trim() } });
      field.value = saved = answer.name;
      toast("Name saved.");
      changed(answer);
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
      field.value = saved;
    }
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      field.blur();
    } else if (event.key === "Escape") {
      field.value = saved;
      field.blur();
    }
  });
  return { field, show };
}

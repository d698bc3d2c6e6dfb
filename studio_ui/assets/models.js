// Models: the base models there are and the tuning methods, from the catalog.

import { settingsOf } from "./forms.js";
import { Fetches } from "./model_fetches.js";
import { estimateAccuracy } from "./run_costs.js";
import { api, confirmed, count, counted, el, errorBanner, ready, toast } from "./studio.js";

function facts(pairs) {
  return el("dl", { class: "summary" }, ...pairs.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
}

function modelCard(model, tasks) {
  return el("article", { class: "card", id: `model-${model.name}` }, el("div", { class: "card-head" }, el("h3", { text: model.title }), el("code", { class: "muted", text: model.name })),
    el("p", { text: model.summary }),
    facts([["Parameters", count(model.parameters)], ["Reads at most", `${count(model.context_length)} tokens`], ["Layers", `${model.layers}, each ${count(model.hidden_size)} wide`],
      ["Serves", titles(model.task_types, tasks)], ["Licence", model.licence], ["Source", model.source], ["State", "installed, its weights are checked before use"]]));
}

function methodCard(method, tasks) {
  const settings = settingsOf(method.schema);
  return el("article", { class: "card", id: `method-${method.kind}` }, el("div", { class: "card-head" }, el("h3", { text: method.title }), el("code", { class: "muted", text: method.kind })),
    el("p", { text: method.summary }),
    facts([["Choose it when", method.when], ["Against it", method.against], ["Serves", titles(method.task_types, tasks)],
      ["Settings", settings.length ? settings.map((each) => `${each.title} (${each.default})`).join(", ") : "none of its own"], ["Source", method.source]]));
}

function titles(kinds, tasks) {
  return kinds.map((kind) => tasks.find((each) => each.kind === kind)?.title || kind).join(", ");
}

async function remove(model, redraw) {
  const sure = await confirmed({ title: `Remove ${model.title}?`, text: "Its files are deleted from this machine. It can be fetched again.", action: "Remove", look: "stop" });
  if (!sure) return;
  try {
    await api(`/api/v1/models?name=${encodeURIComponent(model.name)}`, { method: "DELETE" });
    redraw();
  } catch (error) {
    toast(`${error.message} ${error.hint || ""}`, "error");
  }
}

ready("#models-page", async (root) => {
  const models = el("section", { class: "section" });
  const methods = el("section", { class: "section" });
  const draw = async () => {
    const catalog = await api("/api/v1/catalog");
    const cards = catalog.base_models.map((each) => {
      const card = modelCard(each, catalog.task_types);
      if (each.fetched) card.append(el("button", { type: "button", class: "link", text: "Remove from this machine", onclick: () => remove(each, draw) }));
      return card;
    });
    models.replaceChildren(el("h2", { text: counted(cards.length, "base model") }), el("p", { class: "muted", text: "These are on this machine already." }), el("div", { class: "columns" }, ...cards));
    const columns = (all) => el("div", { class: "columns" }, ...all.map((each) => methodCard(each, catalog.task_types)));
    methods.replaceChildren(el("h2", { text: counted(catalog.methods.length, "tuning method") }), el("p", { class: "muted", text: "Each trains another part of a model; the wizard recommends one." }),
      columns(catalog.methods.filter((each) => each.level === "plain")),
      el("details", { class: "more" }, el("summary", { text: "Show specialist methods" }), columns(catalog.methods.filter((each) => each.level !== "plain"))));
  };
  try {
    await draw();
    root.replaceChildren(models, new Fetches(draw).place, methods, await estimateAccuracy(), el("p", { class: "section" }, el("a", { class: "button primary large", href: "/new", text: "Tune a model" })));
  } catch (error) {
    root.replaceChildren(errorBanner(error));
  }
});

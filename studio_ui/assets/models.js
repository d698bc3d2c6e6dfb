// Models: the base models there are and the tuning methods, from the catalog.

import { settingsOf } from "./forms.js";
import { api, count, counted, el, errorBanner, ready } from "./studio.js";

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

ready("#models-page", async (root) => {
  try {
    const { base_models: models, methods, task_types: tasks } = await api("/api/v1/catalog");
    root.replaceChildren(
      el("section", { class: "section" }, el("h2", { text: `${counted(models.length, "base model")}` }), el("p", { class: "muted", text: "These are on this machine already; nothing is fetched from the network." }), el("div", { class: "columns" }, ...models.map((each) => modelCard(each, tasks)))),
      el("section", { class: "section" }, el("h2", { text: counted(methods.length, "tuning method") }), el("p", { class: "muted", text: "Each trains another part of a model; the wizard recommends one." }), el("div", { class: "columns" }, ...methods.map((each) => methodCard(each, tasks)))),
      el("p", { class: "section" }, el("a", { class: "button primary large", href: "/new", text: "Tune a model" })));
  } catch (error) {
    root.replaceChildren(errorBanner(error));
  }
});

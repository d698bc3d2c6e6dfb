// The experiments page: the list, a new experiment (`?dataset=` or `?run=`), or one experiment with its live table (`?id=`).

import { newExperiment } from "./experiment_form.js";
import { ExperimentTable } from "./experiment_table.js";
import { loadTitles } from "./run_words.js";
import { api, count, counted, el, emptyState, errorBanner, percent, poll, ready, when } from "./studio.js";

const EVERY = 2000;

async function list(root) {
  const [{ experiments }, { datasets }] = await Promise.all([api("/api/v1/experiments"), api("/api/v1/datasets")]);
  if (!experiments.length) {
    const start = datasets.length ? { href: `/experiments?dataset=${encodeURIComponent(datasets[0].id)}`, text: "Compare methods" } : { href: "/datasets", text: "Upload data" };
    root.replaceChildren(emptyState("No experiments yet.", "One click queues several tuning methods on the same rows; the table tells which one is worth it.", start));
    return;
  }
  const rows = experiments.map((each) => el("tr", {},
    el("th", { scope: "row" }, el("a", { href: `/experiments?id=${encodeURIComponent(each.id)}`, text: each.name })),
    el("td", { text: `${each.dataset.name} @ ${each.dataset.version}` }),
    el("td", { text: each.active ? `${count(each.runs - each.active)} of ${counted(each.runs, "run")} ended` : counted(each.runs, "run") }),
    el("td", { class: "number", text: each.best == null ? "–" : percent(each.best) }),
    el("td", { class: "muted", text: when(each.created_at) })));
  const heads = ["Experiment", "Data set", "Runs", "Best", "Started"].map((text, at) => el("th", { scope: "col", class: at === 3 ? "number" : "", text }));
  const picker = el("select", { id: "experiment-data", "aria-label": "Data set of a new experiment" }, ...datasets.map((each) => el("option", { value: each.id, text: each.name })));
  root.replaceChildren(
    datasets.length ? el("div", { class: "toolbar" }, el("label", { for: "experiment-data", text: "New experiment on" }), picker,
      el("button", { type: "button", id: "experiment-new", class: "button primary", text: "Compare methods", onclick: () => location.assign(`/experiments?dataset=${encodeURIComponent(picker.value)}`) })) : "",
    el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Experiments" },
      el("table", { id: "experiments-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows))));
}

async function one(root, id) {
  const path = `/api/v1/experiments/${encodeURIComponent(id)}`;
  const table = new ExperimentTable(root, path);
  table.show(await api(path));
  poll(async () => {
    try {
      table.show(await api(path));
      table.silence("");
    } catch (error) {
      // The studio may be restarting; the runs go on without this page.
      table.silence(`${error.message} Trying again.`);
      return true;
    }
    return table.working;
  }, EVERY);
}

ready("#experiments-page", async (root) => {
  const query = new URLSearchParams(location.search);
  try {
    await loadTitles();
    if (query.get("id")) await one(root, query.get("id"));
    else if (query.get("dataset") || query.get("run")) await newExperiment(root, { dataset: query.get("dataset"), run: query.get("run") });
    else await list(root);
  } catch (error) {
    root.replaceChildren(errorBanner(error), el("p", {}, el("a", { class: "button", href: "/experiments", text: "All experiments" })));
  }
});

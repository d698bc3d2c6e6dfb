// What each column means, chosen over a look at the rows. Knows no data set and asks nobody.

import { field, select } from "./forms.js";
import { el } from "./studio.js";

const SHOWN_ROWS = 5;

/**
 * A goal, and a table whose heads say what each column is for that goal.
 * @param {{columns: string[], rows: object[], tasks: object[], taskType: string, mapping: object, changed: () => void, name: string}} about
 *   rows are objects by column name; `mapping` is role to column
 */
export class ColumnRoles {
  constructor(about) {
    Object.assign(this, about);
    this.task = select(`${this.name}-task`, this.tasks.map((each) => [each.kind, each.title]), this.taskType);
    this.help = el("p", { class: "muted small" });
    this.table = el("div", { class: "table-box preview-box", tabindex: "0", role: "region", "aria-label": "What the columns mean" });
    this.roles = el("ul", { class: "role-help muted small" });
    this.node = el("div", { class: "column-roles" }, field(`${this.name}-task`, "Goal", "", this.task), this.help, this.table, this.roles);
    this.task.addEventListener("change", () => {
      this.draw(this.task.value === this.taskType ? this.mapping : {});
      this.changed();
    });
    this.draw(this.mapping);
  }

  /** What is chosen: `{task_type, columns}`. */
  get chosen() {
    const columns = Object.fromEntries(this.boxes.filter((each) => each.value).map((each) => [each.value, each.dataset.column]));
    return { task_type: this.task.value, columns };
  }

  /** Whether something differs from what was given. */
  get touched() {
    const { task_type: kind, columns } = this.chosen;
    const same = Object.keys({ ...columns, ...this.mapping }).every((role) => columns[role] === this.mapping[role]);
    return kind !== this.taskType || !same;
  }

  draw(mapping) {
    const task = this.tasks.find((each) => each.kind === this.task.value) || this.tasks[0];
    const roleOf = Object.fromEntries(Object.entries(mapping).map(([role, column]) => [column, role]));
    this.help.textContent = task.summary;
    this.boxes = this.columns.map((column) => this.box(task, column, roleOf[column]));
    const heads = this.columns.map((column, at) => el("th", { scope: "col" }, el("label", { for: this.boxes[at].id, class: "role-column", text: column }), this.boxes[at]));
    const body = this.rows.slice(0, SHOWN_ROWS).map((row) => el("tr", {}, ...this.columns.map((column) => cell(row[column]))));
    this.table.replaceChildren(el("table", { class: "data-table role-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...body)));
    this.roles.replaceChildren(...task.roles.map((role) => el("li", {}, el("strong", { text: role.title }), `: ${role.help}`)));
  }

  box(task, column, role) {
    const box = select(`${this.name}-column-${this.columns.indexOf(column)}`, [["", "not used"], ...task.roles.map((each) => [each.name, each.title])], role || "");
    box.dataset.column = column;
    box.classList.add("role-box");
    box.classList.toggle("role-set", Boolean(role));
    box.addEventListener("change", () => this.settle(box));
    return box;
  }

  // A role belongs to one column: its former column gets the other's role instead.
  settle(box) {
    for (const other of this.boxes) if (other !== box && box.value && other.value === box.value) other.value = "";
    for (const each of this.boxes) each.classList.toggle("role-set", Boolean(each.value));
    this.changed();
  }
}

function cell(value) {
  return el("td", { class: "cell-text" }, value == null || value === "" ? el("span", { class: "muted", text: "empty" }) : String(value));
}

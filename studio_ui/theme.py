"""The look of native components: Gradio's theme variables point at the tokens of `studio.css`, which know light and dark."""

import inspect

import gradio as gr

TOKENS = {
    "body_background_fill": "var(--page)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--muted)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--soft)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "block_background_fill": "var(--panel)",
    "block_border_color": "var(--line)",
    "block_label_background_fill": "var(--panel)",
    "block_label_text_color": "var(--muted)",
    "block_title_text_color": "var(--ink)",
    "block_info_text_color": "var(--muted)",
    "input_background_fill": "var(--panel)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--accent)",
    "input_placeholder_color": "var(--muted)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--accent-soft)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-strong)",
    "button_primary_text_color": "var(--on-accent)",
    "button_secondary_background_fill": "var(--panel)",
    "button_secondary_background_fill_hover": "var(--soft)",
    "button_secondary_text_color": "var(--ink)",
    "button_secondary_border_color": "var(--line)",
    "button_cancel_background_fill": "var(--panel)",
    "button_cancel_text_color": "var(--bad)",
    "button_cancel_border_color": "var(--line)",
    "slider_color": "var(--accent)",
    "table_even_background_fill": "var(--panel)",
    "table_odd_background_fill": "var(--panel)",
    "table_border_color": "var(--line)",
    "table_text_color": "var(--ink)",
    "panel_background_fill": "var(--panel)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--accent-strong)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_border_color_selected": "var(--accent)",
    "checkbox_label_background_fill_selected": "var(--accent-soft)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "error_text_color": "var(--bad)",
    "error_border_color": "var(--bad)",
    "error_background_fill": "var(--bad-soft)",
}
SIZES = {
    "block_radius": "12px",
    "input_radius": "8px",
    "button_large_radius": "8px",
    "button_small_radius": "8px",
    "block_border_width": "1px",
    "input_border_width": "1px",
    "block_title_text_weight": "600",
    "block_label_text_weight": "600",
    "button_large_padding": "9px 18px",
    "button_large_text_weight": "580",
    "layout_gap": "24px",
}
SYSTEM_FONT = ("system-ui", "sans-serif")


def make_theme() -> gr.themes.Base:
    """The theme. Cells of `gr.Dataframe` are set in ``font_mono``, so it is the system's font, too."""
    base = gr.themes.Base(font=list(SYSTEM_FONT), font_mono=list(SYSTEM_FONT))
    known = inspect.signature(base.set).parameters
    dark = {f"{name}_dark": value for name, value in TOKENS.items() if f"{name}_dark" in known}
    theme: gr.themes.Base = base.set(**TOKENS, **dark, **SIZES)
    return theme

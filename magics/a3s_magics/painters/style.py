"""The look of the live view. Colours come from the front end's theme, so dark stays dark."""

from __future__ import annotations

STYLE = """\
<style>
.a3s-view { --a3s-line: var(--jp-border-color2, #bdbdbd); }
.a3s-view .widget-html-content, .a3s-view .widget-htmlmath-content { flex: 1 1 auto; width: 100%; }
.a3s-view .widget-html:has(> .widget-html-content:empty) { display: none; }
.a3s-text { padding: 0; overflow-wrap: anywhere; }
.a3s-text table { display: block; width: max-content; max-width: 100%; overflow-x: auto;
  margin-left: 0; }
.a3s-text td, .a3s-text th { overflow-wrap: normal; word-break: normal; }
.a3s-text p:last-child { margin-bottom: 0.4em; }
.a3s-card { border: 1px solid var(--jp-border-color2, #bdbdbd); border-left-width: 4px;
  border-radius: 3px; padding: 2px 8px; margin: 3px 0; line-height: 1.5;
  color: var(--jp-ui-font-color1, inherit); background: var(--jp-layout-color1, transparent); }
.a3s-card summary { cursor: pointer; overflow-wrap: anywhere; }
.a3s-card summary:focus-visible { outline: 2px solid var(--jp-brand-color1, #1976d2); }
.a3s-card pre { max-height: 24em; overflow: auto; margin: 4px 0; padding: 4px 8px;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.35;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px);
  color: var(--jp-content-font-color1, inherit); background: var(--jp-layout-color2, transparent); }
.a3s-image { display: block; max-width: min(100%, 32em); max-height: 24em; margin: 6px 0; }
.a3s-card code { color: inherit; background: none; }
.a3s-card[open] > summary > .a3s-topic { display: none; }
.a3s-command::before { content: "$ "; opacity: 0.6; }
.a3s-done { border-left-color: var(--jp-success-color1, #388e3c); }
.a3s-running, .a3s-preparing { border-left-color: var(--jp-brand-color1, #1976d2); }
.a3s-asking { border-left-color: var(--jp-warn-color1, #f57c00); }
.a3s-failed, .a3s-refused, .a3s-error { border-left-color: var(--jp-error-color1, #d32f2f); }
.a3s-error { color: var(--jp-error-color1, #d32f2f); }
.a3s-quiet { color: var(--jp-ui-font-color2, #757575); }
.a3s-added { background: rgba(76, 175, 80, 0.22); }
.a3s-removed { background: rgba(244, 67, 54, 0.22); }
.a3s-status { color: var(--jp-ui-font-color2, #757575);
  font-size: var(--jp-ui-font-size1, 13px); line-height: 1.5; padding: 4px 0; }
.a3s-question { color: var(--jp-ui-font-color0, inherit); font-weight: 600; line-height: 28px;
  font-size: var(--jp-ui-font-size1, 13px); }
.a3s-heading { color: var(--jp-content-font-color1, inherit); font-weight: 600; line-height: 1.5;
  margin: 6px 0 2px; }
.a3s-plan ol { margin: 2px 0; padding-left: 2em; }
.a3s-view .a3s-child { margin: 3px 2px; padding: 0 8px; width: auto; }
.a3s-plan, .a3s-child { border-left-color: var(--jp-brand-color1, #1976d2); }
.a3s-plan progress { vertical-align: middle; width: 10em; }
.a3s-step-in_progress { font-weight: 600; }
.a3s-step-pending { color: var(--jp-ui-font-color2, #757575); }
.a3s-step-completed > .a3s-sign { color: var(--jp-success-color1, #388e3c); }
.a3s-step-failed > .a3s-sign { color: var(--jp-error-color1, #d32f2f); }
.a3s-view .jupyter-button { flex-shrink: 0; }
.a3s-view .a3s-head .widget-html { margin: 0 8px 0 0; }
.a3s-view .a3s-head .widget-html:last-child { flex: 0 0 auto; }
.a3s-head summary { cursor: pointer; overflow-wrap: anywhere; line-height: 1.5; }
@supports selector(:has(*)) {
  .a3s-child > .a3s-inside { display: none; }
  .a3s-child:has(> .a3s-head details[open]) > .a3s-inside { display: flex; }
}
.a3s-text pre code .k, .a3s-text pre code .ow { color: var(--jp-mirror-editor-keyword-color, #008000); font-weight: 600; }
.a3s-text pre code [class^="s"] { color: var(--jp-mirror-editor-string-color, #ba2121); }
.a3s-text pre code [class^="c"] { color: var(--jp-mirror-editor-comment-color, #408080); font-style: italic; }
.a3s-text pre code [class^="m"] { color: var(--jp-mirror-editor-number-color, #008000); }
.a3s-text pre code .nf, .a3s-text pre code .nc { color: var(--jp-mirror-editor-def-color, #0000ff); }
.a3s-text pre code .nb { color: var(--jp-mirror-editor-builtin-color, #008000); }
</style>"""

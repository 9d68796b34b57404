import { html, type TemplateResult } from 'lit';

/**
 * The button of a form. One that is disabled loses the focus, and whoever uses the keyboard their place; this one stays, and what it
 * would do is refused by the form.
 * @param does what it does, or what is being done
 */
export function renderSubmit(does: string, isAble: boolean): TemplateResult {
  return html`<button type="submit" class="primary" aria-disabled=${!isAble}>${does}</button>`;
}

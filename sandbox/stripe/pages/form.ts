import { html } from 'hono/html'
import type { Markup } from '../../page.ts'

/** What stands in the form: what the buyer typed last, and what is wrong with it by the field's name. */
export type FormState = { values: Record<string, string>; problems: Record<string, string>; alert: string | null }

type FieldOptions = { type?: string; autocomplete?: string; required?: boolean; hint?: string }

/** A text field with its label, and what is wrong with it. */
export function field(name: string, label: string, form: FormState, options: FieldOptions): Markup {
  const { type = 'text', autocomplete = 'off', required = false, hint } = options
  return html`<div>
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${form.values[name] ?? ''}"
      ${required ? 'required' : ''} ${described(name, form)}>
    ${hint ? html`<div class="soft">${hint}</div>` : ''}${problem(name, form)}
  </div>`
}

/** A choice from a list, with its label, and what is wrong with it. */
export function select(
  name: string,
  label: string,
  options: { value: string; label: string }[],
  form: FormState,
  autocomplete = 'off',
): Markup {
  return html`<div>
    <label for="${name}">${label}</label>
    <select id="${name}" name="${name}" autocomplete="${autocomplete}" ${described(name, form)}>${options.map(
      (option) =>
        html`<option value="${option.value}" ${option.value === form.values[name] ? 'selected' : ''}>${option.label}</option>`,
    )}</select>${problem(name, form)}
  </div>`
}

/** Attributes that tie a field to what is wrong with it. */
export function described(name: string, form: FormState): Markup | '' {
  return form.problems[name] ? html`aria-invalid="true" aria-describedby="${name}-problem"` : ''
}

/** What is wrong with a field, if anything. */
export function problem(name: string, form: FormState): Markup | '' {
  const text = form.problems[name]
  return text ? html`<p class="problem" id="${name}-problem">${text}</p>` : ''
}

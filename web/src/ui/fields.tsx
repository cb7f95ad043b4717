// SPDX-License-Identifier: GPL-3.0-or-later
// Fields that forms made from the schema need beside those of parts.tsx.
import '../css/settings.css'
import { useEffect, useState } from 'preact/hooks'
import { list } from '../core/format'
import { t, T } from '../core/words'
import { Icon } from './icon'
import { Field, described, type FieldBase } from './parts'

interface Named extends FieldBase {
	name: string
}

/** Many values, one a line; what is pasted with blanks or commas between is taken apart. */
export function LinesField({ label, hint, error, name, value, onValue, placeholder, blanks }: Named & { value: unknown; placeholder?: string; blanks?: boolean
		onValue: (value: string[]) => void }) {
	const id = 'field-' + name
	const given = list(value as string[] | undefined)
	const split = (text: string) => text.split(blanks ? /[\s,;]+/ : /\s*[\n,]\s*/).map(one => one.trim()).filter(Boolean)
	const [text, set_text] = useState(given.join('\n'))
	useEffect(() => {		// another value came from outside, not from this keyboard
		if (split(text).join('\n') !== given.join('\n'))
			set_text(given.join('\n'))
	}, [given.join('\n')])
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			<textarea id={id} name={name} class="input lines mono" rows={Math.min(8, Math.max(2, text.split('\n').length))} value={text} spellcheck={false}
				placeholder={placeholder} aria-invalid={error ? true : undefined} aria-describedby={described(id, { error, hint })}
				onInput={event => {
					set_text(event.currentTarget.value)
					onValue(split(event.currentTarget.value))
				}} />
			{given.length > 8 && <p class="field-hint">{t('settings-entries', { count: given.length })}</p>}
		</Field>
	)
}

/** One of names that exist; they are offered, the appliance judges. */
export function OfferField({ label, hint, error, name, value, options, placeholder, onValue }: Named & { value: string; options: string[]; placeholder?: string
		onValue: (value: string) => void }) {
	const id = 'field-' + name
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			<input id={id} name={name} class="input mono" list={id + '-list'} value={value} spellcheck={false} autoComplete="off" placeholder={placeholder}
				aria-invalid={error ? true : undefined} aria-describedby={described(id, { error, hint })} onInput={event => onValue(event.currentTarget.value)} />
			<datalist id={id + '-list'}>{options.map(one => <option key={one} value={one} />)}</datalist>
		</Field>
	)
}

/** A secret is written and never read back: what one sees is whether there is one. */
export function SecretField({ label, hint, error, name, value, multiline, onValue }: Named & { value: unknown; multiline?: boolean; onValue: (value: unknown) => void }) {
	const id = 'field-' + name
	const kept = typeof value === 'object' && value !== null ? value as { set?: boolean; fingerprint?: string } : null
	const [was] = useState(kept)
	const common = { id, name, class: 'input mono', spellcheck: false, autoComplete: 'off', 'aria-invalid': error ? true : undefined,
		placeholder: was?.set ? t('settings-secret-set') : t('settings-secret-not-set'), 'aria-describedby': described(id, { error, hint }) } as const
	const text = typeof value === 'string' ? value : ''
	const take = (next: string) => onValue(next || was || undefined)
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			{multiline ? <textarea {...common} rows={4} value={text} onInput={event => take(event.currentTarget.value)} />
				: <input {...common} type="password" autoComplete="new-password" value={text} onInput={event => take(event.currentTarget.value)} />}
			{was?.set && <p class="field-hint"><Icon name="lock" size={14} />{' '}{was.fingerprint ? <T id="settings-set-fingerprint" parts={{ fingerprint: <code>{was.fingerprint.slice(0, 12)}</code> }} /> : t('settings-set')}</p>}
		</Field>
	)
}

/** Text of several lines, such as a key. */
export function LongField({ label, hint, error, name, value, placeholder, onValue }: Named & { value: string; placeholder?: string; onValue: (value: string) => void }) {
	const id = 'field-' + name
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			<textarea id={id} name={name} class="input mono" rows={4} value={value} spellcheck={false} placeholder={placeholder} aria-invalid={error ? true : undefined}
				aria-describedby={described(id, { error, hint })} onInput={event => onValue(event.currentTarget.value)} />
		</Field>
	)
}

// SPDX-License-Identifier: GPL-3.0-or-later
// The small parts that every page is made of.
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import { Icon, type IconName } from './icon'
import type { FieldError } from '../core/types'
import { t } from '../core/words'

type Tone = 'good' | 'warn' | 'bad' | 'note' | 'plain' | 'accent'

interface ButtonProps {
	kind?: 'primary' | 'plain' | 'quiet' | 'danger'
	icon?: IconName
	busy?: boolean
	small?: boolean
	children?: ComponentChildren
}

export function Button({ kind = 'plain', icon, busy, small, children, ...rest }:
		ButtonProps & Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'size'>) {
	return (
		<button type="button" {...rest} class={`button button-${kind}${small ? ' button-small' : ''} ${rest.class ?? ''}`}
			disabled={rest.disabled || busy} aria-busy={busy || undefined}>
			{icon && <Icon name={icon} size={small ? 16 : 18} />}
			{children}
		</button>
	)
}

export function IconButton({ label, icon, ...rest }:
		{ label: string; icon: IconName } & Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'label'>) {
	return (
		<button type="button" title={label} {...rest} class={`icon-button ${rest.class ?? ''}`} aria-label={label}>
			<Icon name={icon} />
		</button>
	)
}

export function Badge({ tone = 'plain', icon, children, title }:
		{ tone?: Tone; icon?: IconName; children?: ComponentChildren; title?: string }) {
	return <span class={`badge tone-${tone}`} title={title}>{icon && <Icon name={icon} size={14} />}{children}</span>
}

/** accept, drop, reject: colour, shape and word together. */
export function ActionBadge({ action }: { action?: string }) {
	const known: Record<string, [Tone, IconName]> = { accept: ['good', 'accept'], drop: ['bad', 'drop'], reject: ['warn', 'reject'] }
	const [tone, icon] = known[action ?? ''] ?? ['plain', 'info']
	return <Badge tone={tone} icon={icon}>{action || t('shell-unknown')}</Badge>
}

export function Card({ title, icon, actions, children, class: extra = '', flush, level = 2 }: { title?: string; icon?: IconName
		actions?: ComponentChildren; children?: ComponentChildren; class?: string; flush?: boolean; level?: 2 | 3 }) {
	const id = useId()
	const Heading = `h${level}` as 'h2'
	return (
		<div class={`card ${extra}`} role={title ? 'group' : undefined} aria-labelledby={title ? id : undefined}>
			{title && <header class="card-head">
				{icon && <Icon name={icon} />}<Heading id={id}>{title}</Heading><div class="card-actions">{actions}</div>
			</header>}
			<div class={flush ? 'card-flush' : 'card-body'}>{children}</div>
		</div>
	)
}

export function PageHead({ title, lead, children }: { title: string; lead?: ComponentChildren; children?: ComponentChildren }) {
	return (
		<header class="page-head">
			<div><h1>{title}</h1>{lead && <p>{lead}</p>}</div>
			<div class="page-actions">{children}</div>
		</header>
	)
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
	return (
		<div class="empty">
			<span class="empty-icon"><Icon name={icon} size={26} /></span>
			<p class="empty-title">{title}</p>
			{children && <div class="empty-text">{children}</div>}
		</div>
	)
}

/** Grey lines where words will be; seen only when the answer takes longer than 300 ms. */
export function Skeleton({ lines = 4 }: { lines?: number }) {
	return (
		<div class="skeleton" role="status">
			<span class="unseen">{t('shell-loading')}</span>
			{Array.from({ length: lines }, (_, at) => <span key={at} class="skeleton-line" aria-hidden="true" />)}
		</div>
	)
}

export function Notice({ tone, icon, title, children, actions, alert }: { tone: Tone; icon: IconName; title: string
		children?: ComponentChildren; actions?: ComponentChildren; alert?: boolean }) {
	return (
		<div class={`notice tone-${tone}`} role={alert ? 'alert' : undefined}>
			<Icon name={icon} size={20} />
			<div class="notice-text"><p class="notice-title">{title}</p>{children}</div>
			{actions && <div class="notice-actions">{actions}</div>}
		</div>
	)
}

/* ---- form fields ---- */

export interface FieldBase {
	label: string
	hint?: ComponentChildren
	error?: string
}

export function Field({ label, hint, error, children, id }: FieldBase & { id: string; children: ComponentChildren }) {
	return (
		<div class={`field${error ? ' field-wrong' : ''}`}>
			<label for={id}>{label}</label>
			{children}
			{error && <p class="field-error" id={id + '-error'}><Icon name="alert" size={15} />{error}</p>}
			{hint && <p class="field-hint" id={id + '-hint'}>{hint}</p>}
		</div>
	)
}

export const described = (id: string, { error, hint }: { error?: unknown; hint?: unknown }) =>
	[error ? id + '-error' : '', hint ? id + '-hint' : ''].filter(Boolean).join(' ') || undefined

export function TextField({ label, hint, error, value, onValue, name, mono, ...rest }: FieldBase & { name: string; value: string
		mono?: boolean; onValue: (value: string) => void } & Omit<JSX.InputHTMLAttributes<HTMLInputElement>, 'value' | 'name' | 'label'>) {
	const id = 'field-' + name
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			<input type="text" {...rest} id={id} name={name} class={`input${mono ? ' mono' : ''}`} value={value} aria-invalid={error ? true : undefined}
				aria-describedby={described(id, { error, hint })} onInput={event => onValue(event.currentTarget.value)} />
		</Field>
	)
}

export function SelectField({ label, hint, error, value, onValue, name, options }: FieldBase & { name: string; value: string
		options: [string, string][]; onValue: (value: string) => void }) {
	const id = 'field-' + name
	return (
		<Field label={label} hint={hint} error={error} id={id}>
			<span class="select">
				<select id={id} name={name} value={value} aria-invalid={error ? true : undefined}
					aria-describedby={described(id, { error, hint })} onChange={event => onValue(event.currentTarget.value)}>
					{options.map(([key, text]) => <option key={key} value={key}>{text}</option>)}
				</select>
				<Icon name="chevron" size={16} />
			</span>
		</Field>
	)
}

export function Switch({ label, on, onChange, hint, disabled, bare, tabIndex }: { label: string; on: boolean; hint?: string; disabled?: boolean
		bare?: boolean; tabIndex?: number; onChange: (on: boolean) => void }) {
	return (
		<label class={`switch${bare ? ' switch-bare' : ''}`}>
			<input type="checkbox" role="switch" checked={on} disabled={disabled} tabIndex={tabIndex} aria-label={bare ? label : undefined}
				onChange={event => onChange(event.currentTarget.checked)} />
			<span class="switch-track" aria-hidden="true" />
			{!bare && <span class="switch-text">{label}{hint && <span class="field-hint">{hint}</span>}</span>}
		</label>
	)
}

/** One of few: radio buttons that look like one control. */
export function Segments({ label, name, value, options, onValue }: { label: string; name: string; value: string
		options: { key: string; text: string; icon?: IconName; tone?: Tone }[]; onValue: (value: string) => void }) {
	return (
		<fieldset class="segments-field">
			<legend>{label}</legend>
			<div class="segments">
				{options.map(option => (
					<label key={option.key} class={`segment tone-${option.tone ?? 'accent'}`}>
						<input type="radio" name={name} value={option.key} checked={value === option.key}
							onChange={() => onValue(option.key)} />
						<span>{option.icon && <Icon name={option.icon} size={16} />}{option.text}</span>
					</label>
				))}
			</div>
		</fieldset>
	)
}

/** Some of many: chips that are check boxes. */
export function Chips({ label, name, options, chosen, onChosen, error, hint }: FieldBase & { name: string; options: string[]; chosen: string[]
		onChosen: (chosen: string[]) => void }) {
	const id = 'field-' + name
	const all = [...options, ...chosen.filter(one => !options.includes(one))]
	return (
		<fieldset class={`chips-field${error ? ' field-wrong' : ''}`} id={id} tabIndex={-1} aria-describedby={described(id, { error, hint })}>
			<legend>{label}</legend>
			<div class="chips">
				{all.map(one => (
					<label key={one} class="chip">
						<input type="checkbox" name={name} value={one} checked={chosen.includes(one)}
							onChange={event => onChosen(event.currentTarget.checked ? [...chosen, one] : chosen.filter(other => other !== one))} />
						<span>{chosen.includes(one) && <Icon name="check" size={14} />}{one}</span>
					</label>
				))}
				{all.length === 0 && <span class="field-hint">{t('word-none')}</span>}
			</div>
			{error && <p class="field-error" id={id + '-error'}><Icon name="alert" size={15} />{error}</p>}
			{hint && <p class="field-hint" id={id + '-hint'}>{hint}</p>}
		</fieldset>
	)
}

/** All that is wrong, in one list with links to the fields. */
export function ErrorSummary({ title, errors, linkOf, onJump }: { title: string; errors: FieldError[]; linkOf?: (error: FieldError) => string | null
		onJump?: (error: FieldError) => void }) {
	return (
		<div class="notice tone-bad" role="alert">
			<Icon name="alert" size={20} />
			<div class="notice-text">
				<p class="notice-title">{title}</p>
				<ul class="error-list">
					{errors.map((error, at) => {
						const link = linkOf?.(error)
						const where = error.path ?? error.pointer
						return (
							<li key={at}>
								{link ? <a href={link}>{error.text}</a>
									: onJump ? <button type="button" class="link-button" onClick={() => onJump(error)}>{error.text}</button> : error.text}
								{error.remedy && <span> {error.remedy}</span>}
								{where && <code class="error-path">{where}</code>}
							</li>
						)
					})}
				</ul>
			</div>
		</div>
	)
}

/** A small line without axes: the shape of the last seconds. */
export function Spark({ values, width = 64, height = 18, label }: { values: number[]; width?: number; height?: number; label?: string }) {
	const top = Math.max(...values, 1e-9)
	const step = width / Math.max(values.length - 1, 1)
	const points = values.map((value, at) => `${(at * step).toFixed(1)},${(height - 1 - value / top * (height - 3)).toFixed(1)}`).join(' ')
	return (
		<svg class="spark" width={width} height={height} viewBox={`0 0 ${width} ${height}`} role={label ? 'img' : undefined} aria-label={label}
			aria-hidden={label ? undefined : true}>
			{values.length > 1 && <polyline points={points} />}
		</svg>
	)
}

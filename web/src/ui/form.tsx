// SPDX-License-Identifier: GPL-3.0-or-later
// A form drawn from the schema: one component for each kind of node. Labels are names, help is the description, what is rarely needed stands
// below "More". Nothing is judged here: the appliance says what is wrong, and it stands beside the field it is about.
import '../css/settings.css'
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { field_of, type Value } from '../core/draft'
import { list } from '../core/format'
import { reference_values } from '../core/objects'
import { noun_of, title_of, type FormNode } from '../core/schema'
import { workspace_edits } from '../core/store'
import type { FieldError } from '../core/types'
import { t } from '../core/words'
import { LinesField, LongField, OfferField, SecretField } from './fields'
import { Icon } from './icon'
import { Button, Chips, IconButton, Segments, SelectField, Switch, TextField } from './parts'

const FEW = 4		// choices that are shown side by side
const MANY = 60		// more than these are typed, not clicked

export interface FormState {
	base: string			// the path of the object: "/firewall/groups/admins"
	errors: FieldError[]
	fresh: boolean			// a new entry: its key can be chosen
	closed?: Set<string>		// fields that this role may not edit, by the ends of their names
}

interface NodeProps {
	node: FormNode
	value: unknown
	onValue: (value: unknown) => void
	at: string			// of the fields: "source-addresses"
	form: FormState
}

const words = (node: FormNode) => node.description
const example = (node: FormNode) => node.default !== undefined ? String(node.default) : node.example !== undefined ? t('settings-such-as', { example: String(node.example) }) : undefined

const wrong_at = (form: FormState, at: string) => form.errors.find(error => field_of(error, form.base) === at)?.text
const wrong_below = (form: FormState, at: string) => form.errors.some(error => field_of(error, form.base).startsWith(at))

/** Values of other objects that this node may name, with those that are always there. */
function useOptions(node: FormNode) {
	const [options, set_options] = useState<string[] | null>(null)
	const edits = workspace_edits.value
	useEffect(() => {
		let wanted = true
		const fixed = (node.choices ?? []).map(choice => choice.value)
		if (!node.references)
			set_options(fixed)
		else
			void reference_values(node.references).then(names => wanted && set_options([...names, ...fixed]))
		return () => { wanted = false }
	}, [node, edits])
	return options
}

function Choice({ node, value, onValue, at, form }: NodeProps) {
	const choices = node.choices ?? []
	const chosen = String(value ?? node.default ?? '')
	const needs_none = !node.mandatory && node.default === undefined
	const hint = <>{words(node)}{choices.find(one => one.value === chosen)?.description && <> <b>{chosen}</b>: {choices.find(one => one.value === chosen)?.description}</>}</>
	const set = (next: string) => onValue(next || undefined)
	if (choices.length <= FEW) {
		return (
			<div class="field" id={'field-' + at} tabIndex={-1}>
				<Segments label={title_of(node.name)} name={at} value={chosen} onValue={set}
					options={[...needs_none ? [{ key: '', text: t('settings-as-usual') }] : [], ...choices.map(one => ({ key: one.value, text: one.value }))]} />
				{wrong_at(form, at) && <p class="field-error"><Icon name="alert" size={15} />{wrong_at(form, at)}</p>}
				<p class="field-hint">{hint}</p>
			</div>
		)
	}
	return <SelectField label={title_of(node.name)} name={at} value={chosen} hint={hint} error={wrong_at(form, at)} onValue={set}
		options={[...(needs_none || !chosen ? [['', t(needs_none ? 'settings-as-usual' : 'settings-choose-one')]] : []), ...choices.map(one => [one.value, one.value])] as [string, string][]} />
}

function Reference({ node, value, onValue, at, form }: NodeProps) {
	const options = useOptions(node)
	const chosen = String(value ?? '')
	const common = { label: title_of(node.name), name: at, hint: words(node), error: wrong_at(form, at), value: chosen, onValue: (next: string) => onValue(next || undefined) }
	if (!options || options.length > MANY)
		return <OfferField {...common} options={options ?? []} placeholder={example(node)} />
	const all = chosen && !options.includes(chosen) ? [...options, chosen] : options
	return <SelectField {...common} options={[['', node.mandatory ? t('settings-choose-one') : t('word-none')], ...all.map(one => [one, one] as [string, string])]} />
}

function Several({ node, value, onValue, at, form }: NodeProps) {
	const options = useOptions(node)
	const chosen = list(value as string[] | undefined)
	const common = { label: title_of(node.name), name: at, hint: words(node), error: wrong_at(form, at) }
	const is_open = !node.references && !node.choices
	if (is_open || !options || options.length > MANY)
		return <LinesField {...common} value={chosen} placeholder={example(node)} blanks={node.ui === 'addresses'} onValue={onValue} />
	return <Chips {...common} options={options} chosen={chosen} onChosen={onValue} />
}

function Leaf(props: NodeProps) {
	const { node, value, onValue, at, form } = props
	if (node.kind === 'leaf-list')
		return <Several {...props} />
	if (node.secret)
		return <SecretField label={title_of(node.name)} name={at} hint={words(node)} error={wrong_at(form, at)} value={value} multiline={node.ui === 'multiline'} onValue={onValue} />
	if (node.type === 'boolean')
		return <Switch label={title_of(node.name)} hint={words(node)} on={Boolean(value ?? node.default)} onChange={onValue} />
	if (node.type === 'choice')
		return <Choice {...props} />
	if (node.type === 'reference')
		return <Reference {...props} />
	const text = value === undefined || value === null ? '' : String(value)
	const common = { label: title_of(node.name), name: at, hint: words(node), error: wrong_at(form, at), value: text, placeholder: example(node) }
	if (node.ui === 'multiline')
		return <LongField {...common} onValue={next => onValue(next || undefined)} />
	if (node.type === 'number') {
		return <TextField {...common} inputMode="numeric" label={node.units ? `${common.label} (${node.units})` : common.label}
			onValue={next => onValue(next === '' ? undefined : /^-?\d{1,15}$/.test(next) ? Number(next) : next)} />
	}
	return <TextField {...common} mono={node.type !== 'description'} spellcheck={node.type === 'description'} autoCapitalize="none"
		readOnly={Boolean(node.key) && !form.fresh} placeholder={node.key && form.fresh ? common.placeholder : node.key ? undefined : common.placeholder}
		onValue={next => onValue(next || undefined)} />
}

/** One of several nodes: which one, then its field. */
function OneOf({ nodes, value, onValue, at, form }: Omit<NodeProps, 'node' | 'value' | 'onValue'> & { nodes: FormNode[]; value: Value; onValue: (value: Value) => void }) {
	const given = nodes.find(node => value[node.name] !== undefined)
	const [which, set_which] = useState(given?.name ?? nodes[0].name)
	const node = nodes.find(one => one.name === which) ?? nodes[0]
	const name = nodes[0].choice?.name ?? ''
	return (
		<div class="one-of">
			<Segments label={title_of(name)} name={`${at}${name}`} value={node.name} options={nodes.map(one => ({ key: one.name, text: title_of(one.name) }))}
				onValue={next => {
					set_which(next)
					onValue({ ...value, ...Object.fromEntries(nodes.map(one => [one.name, undefined])) })
				}} />
			{node.choice?.description && <p class="field-hint">{node.choice.description}</p>}
			<AnyNode node={node} value={value[node.name]} at={at + node.name} form={form} onValue={next => onValue({ ...value, [node.name]: next })} />
		</div>
	)
}

function Inner({ node, value, onValue, at, form }: NodeProps) {
	const on = typeof value === 'object' && value !== null
	const numbers = (node.children?.length ?? 0) > 2 && node.children?.every(one => one.type === 'number' && !one.choice && one.ui !== 'advanced')
	return (
		<fieldset class={`ends${numbers ? ' ends-numbers' : ''}`}>
			<legend>{title_of(node.name)}</legend>
			{node.presence ? <Switch label={words(node) ?? title_of(node.name)} on={on} onChange={next => onValue(next ? {} : undefined)} />
				: <p class="field-hint">{words(node)}</p>}
			{(on || !node.presence) && <Members node={node} value={(value ?? {}) as Value} at={at + '-'} form={form} onValue={onValue} />}
		</fieldset>
	)
}

/** A list inside an entry: its entries one below the other. */
function Entries({ node, value, onValue, at, form }: NodeProps) {
	const items = (Array.isArray(value) ? value : []) as Value[]
	const key = node['key-name'] ?? ''
	const set = (index: number, next: Value | null) => onValue(next ? items.map((one, i) => i === index ? next : one) : items.filter((_, i) => i !== index))
	return (
		<fieldset class="ends">
			<legend>{title_of(node.name)}</legend>
			<p class="field-hint">{words(node)}</p>
			{items.map((item, index) => (
				<div key={index} class="entry">
					<div class="entry-head"><b>{String(item[key] ?? `${noun_of(node)} ${index + 1}`)}</b>
						<IconButton icon="trash" label={t('settings-remove', { node: noun_of(node), value: String(item[key] ?? index + 1) })} onClick={() => set(index, null)} /></div>
					<Members node={node} value={item} at={`${at}-${String(item[key] ?? index)}-`} form={{ ...form, fresh: true }} onValue={next => set(index, next)} />
				</div>
			))}
			<Button small icon="plus" onClick={() => onValue([...items, {}])}>{t('settings-add', { node: noun_of(node) })}</Button>
		</fieldset>
	)
}

function AnyNode(props: NodeProps): ComponentChildren {
	return props.node.kind === 'container' ? <Inner {...props} /> : props.node.kind === 'list' ? <Entries {...props} /> : <Leaf {...props} />
}

/** The fields of a container or a list entry. */
export function Members({ node, value, onValue, at = '', form }: { node: FormNode; value: Value; onValue: (value: Value) => void; at?: string; form: FormState }) {
	const children = node.children ?? []
	const seen = new Set<string>()
	const groups: FormNode[][] = []
	for (const child of children) {
		if (!child.choice)
			groups.push([child])
		else if (!seen.has(child.choice.name)) {
			seen.add(child.choice.name)
			groups.push(children.filter(one => one.choice?.name === child.choice?.name))
		}
	}
	const drawn = (group: FormNode[]) => group.length > 1
		? <OneOf key={group[0].choice?.name} nodes={group} value={value} at={at} form={form} onValue={onValue} />
		: <AnyNode key={group[0].name} node={group[0]} value={value[group[0].name]} at={at + group[0].name} form={form}
			onValue={next => onValue({ ...value, [group[0].name]: next })} />
	const draw = (group: FormNode[]) => group.some(one => form.closed?.has(at + one.name))
		? <fieldset key={group[0].name} class="plain read-only" disabled><legend><Icon name="lock" size={14} />{t('settings-read-only')}</legend>{drawn(group)}</fieldset>
		: drawn(group)
	const rare = groups.filter(group => group[0].ui === 'advanced')
	const is_open = rare.some(([child]) => value[child.name] !== undefined || wrong_below(form, at + child.name))
	return (
		<>
			{groups.filter(group => group[0].ui !== 'advanced').map(draw)}
			{rare.length > 0 && <details class="more" open={is_open}>
				<summary><Icon name="right" size={16} />{t('word-more')}</summary>
				<div class="more-body">{rare.map(draw)}</div>
			</details>}
		</>
	)
}

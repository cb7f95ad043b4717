// SPDX-License-Identifier: GPL-3.0-or-later
// One rule in a sheet beside the list: what every rule has by hand, all other conditions as the schema has them. What it says is sent to the workspace
// as it is; the appliance judges it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, Problem, words_of } from '../core/api'
import { tidy as tidy_by, type Value } from '../core/draft'
import { list } from '../core/format'
import type { Draft } from '../core/rule-draft'
import { field_of, tidy, type Policy } from '../core/rules'
import { builtin_services, form_node, type FormNode } from '../core/schema'
import { edit, ensure_workspace, toast } from '../core/store'
import type { Endpoint, FieldError, Rule } from '../core/types'
import { t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { Members, type FormState } from '../ui/form'
import { Button, Chips, ErrorSummary, SelectField, Segments, Switch, TextField } from '../ui/parts'
import { RuleEvidence } from '../ui/rule-row'

/** Drawn here, for people who make rules all day; what the schema has beside it is drawn from the schema. */
const BY_HAND = ['id', 'description', 'tags', 'enabled', 'from', 'to', 'source', 'destination', 'service', 'limit', 'log', 'action']
const ENDS_BY_HAND = ['group', 'addresses']
const MAIN_ACTIONS = ['accept', 'reject', 'drop']

const split = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

/** The members of a node that are not drawn by hand. */
const rest_of = (node: FormNode | undefined, names: string[]): FormNode | null => node ? { ...node, children: (node.children ?? []).filter(child => !names.includes(child.name)) } : null

function Ends({ side, label, value, groups, wrong, onValue, node, form }: { side: 'source' | 'destination'; label: string; value: Endpoint | undefined
		groups: string[]; wrong: (field: string) => string | undefined; onValue: (end: Endpoint) => void; node: FormNode | null; form: FormState }) {
	const [text, set_text] = useState(list(value?.addresses).join(', '))
	return (
		<fieldset class="ends">
			<legend>{label}</legend>
			{(groups.length > 0 || list(value?.group).length > 0) && <Chips label={t('rule-form-groups')} name={`${side}-group`} options={groups} chosen={list(value?.group)}
				error={wrong(`${side}-group`)} onChosen={group => onValue({ ...value, group })} />}
			<TextField label={t('rule-form-addresses')} name={`${side}-addresses`} mono value={text} placeholder={t('rule-form-everybody')} spellcheck={false} error={wrong(`${side}-addresses`)}
				hint={t('rule-form-addresses-hint')}
				onValue={next => {
					set_text(next)
					onValue({ ...value, addresses: split(next) })
				}} />
			{node && <Members node={node} value={(value ?? {}) as Value} at={side + '-'} form={form} onValue={next => onValue(next as Endpoint)} />}
		</fieldset>
	)
}

async function place_rule(id: string, draft: Draft) {
	const body = draft.before ? { before: draft.before } : draft.after ? { after: draft.after } : null
	if (body)
		await edit('POST', `/firewall/${draft.list}/${encodeURIComponent(id)}/move`, body)
}

export function RuleForm({ draft, policy, onClose }: { draft: Draft; policy: Policy; onClose: (saved: string | null) => void }) {
	const [rule, set_rule] = useState<Rule>(draft.rule)
	const [etag, set_etag] = useState<string | null>(null)
	const [errors, set_errors] = useState<FieldError[]>([])
	const [trouble, set_trouble] = useState('')
	const [busy, set_busy] = useState(false)
	const [tags, set_tags] = useState(list(draft.rule.tags).join(' '))
	const [needs, set_needs] = useState(draft.needs)
	const [builtin, set_builtin] = useState<string[]>([])
	const [node, set_node] = useState<FormNode | null>(null)
	const summary = useRef<HTMLDivElement>(null)
	const set = (part: Partial<Rule>) => set_rule(before => ({ ...before, ...part }))
	const wrong = (field: string) => errors.find(error => field_of(error, rule.id) === field)?.text

	// The copy that is edited is the one of now, with its ETag: somebody may have changed it since the list was read.
	useEffect(() => {
		void builtin_services().then(set_builtin)
		void form_node(`firewall/${draft.list}`).then(found => { if (found?.children?.some(one => one.name === 'action')) set_node(found) })
		if (draft.field)
			setTimeout(() => document.getElementById('field-' + draft.field)?.focus(), 50)
		if (draft.fresh)
			return
		void ensure_workspace().then(({ id }) => call<Rule>('GET', `/configuration/firewall/${draft.list}/${encodeURIComponent(draft.rule.id)}`, { workspace: id }))
			.then(answer => set_etag(answer.etag), error => set_trouble(words_of(error)))
	}, [])

	const fail = (problem: unknown) => {
		set_busy(false)
		set_errors(problem instanceof Problem ? problem.errors : [])
		set_trouble(problem instanceof Problem && problem.status === 412
			? t('rule-form-overtaken') : words_of(problem))
		setTimeout(() => summary.current?.focus(), 0)
	}

	const save = async () => {
		const early: FieldError[] = []
		if (!list(rule.from).length)
			early.push({ pointer: '/from', text: t('rule-form-from-missing') })
		if (!list(rule.to).length)
			early.push({ pointer: '/to', text: t('rule-form-to-missing') })
		if (early.length) {
			set_trouble('')
			set_errors(early)
			setTimeout(() => summary.current?.focus(), 0)
			return
		}
		set_busy(true)
		set_errors([])
		set_trouble('')
		const said = tidy({ ...rule, from: list(rule.from), to: list(rule.to) })
		const body = node ? tidy_by(node, said as unknown as Value) as unknown as Rule : said
		try {
			let id = rule.id
			if (draft.fresh) {
				if (!id)
					delete (body as Partial<Rule>).id
				if (needs && list(rule.service).includes(needs.name))
					await edit('POST', '/firewall/services', needs)
				set_needs(undefined)
				const answer = await edit<Rule>('POST', `/firewall/${draft.list}`, body)
				id = decodeURIComponent(answer.location?.split('/').pop() ?? '') || answer.body?.id || id
				await place_rule(id, draft)
			} else {
				await edit('PUT', `/firewall/${draft.list}/${encodeURIComponent(id)}`, body, { etag })
			}
			toast('good', t(draft.fresh ? 'rule-form-added' : 'rule-form-changed', { rule: id }))
			onClose(id)
		} catch (problem) {
			fail(problem)
		}
	}

	const zones = ['any', 'local', ...policy.zones]
	const child = (name: string) => node?.children?.find(one => one.name === name)
	const form: FormState = { base: '', errors: errors.map(error => ({ ...error, pointer: '/' + field_of(error, rule.id).replaceAll('-', '/') })), fresh: draft.fresh }
	const more = rest_of(node ?? undefined, BY_HAND)
	const actions = child('action')?.choices?.map(one => one.value).filter(one => !MAIN_ACTIONS.includes(one) && (one !== 'no-tracking' || draft.list === 'pre-rules')) ?? []
	const about_action = MAIN_ACTIONS.includes(rule.action ?? 'accept') ? '' : child('action')?.choices?.find(one => one.value === rule.action)?.description
	return (
		<Dialog sheet title={draft.fresh ? t('rule-form-new') : t('rule-form-rule', { rule: draft.rule.id })} lead={t('rule-form-pending')}
			onClose={() => onClose(null)} onSubmit={() => void save()}
			actions={<><Button onClick={() => onClose(null)}>{t('word-cancel')}</Button>
				<Button kind="primary" type="submit" icon="check" busy={busy}>{t(draft.fresh ? 'rules-add' : 'rule-form-save')}</Button></>}>
			{(errors.length > 0 || trouble) && <div ref={summary} tabIndex={-1} class="summary">
				<ErrorSummary title={errors.length ? t('rule-form-n-wrong', { count: errors.length }) : trouble} errors={errors}
					onJump={error => document.getElementById('field-' + field_of(error, rule.id))?.focus()} />
			</div>}
			{!draft.fresh && <RuleEvidence id={draft.rule.id} />}
			<Segments label={t('rules-action')} name="action" value={rule.action ?? 'accept'} onValue={action => set({ action })} options={[
				{ key: 'accept', text: t('rules-accept'), icon: 'accept', tone: 'good' },
				{ key: 'reject', text: t('rules-reject'), icon: 'reject', tone: 'warn' },
				{ key: 'drop', text: t('rules-drop'), icon: 'drop', tone: 'bad' },
				...actions.map(key => ({ key, text: key }))]} />
			{about_action && <p class="field-hint">{about_action}</p>}
			<div class="field-pair">
				<TextField label={t('word-name')} name="id" mono value={rule.id} onValue={id => set({ id })} readOnly={!draft.fresh} placeholder={t('rule-form-chosen-for-you')}
					spellcheck={false} autoCapitalize="none" error={wrong('id')} hint={draft.fresh ? t('rule-form-name-hint') : undefined} />
				<TextField label={t('rule-form-description')} name="description" value={rule.description ?? ''} onValue={description => set({ description })}
					error={wrong('description')} hint={draft.fresh ? t('rule-form-why') : undefined} />
			</div>
			<Chips label={t('rule-form-from')} name="from" options={zones} chosen={list(rule.from)} error={wrong('from')} onChosen={from => set({ from })} />
			<Chips label={t('rule-form-to')} name="to" options={zones} chosen={list(rule.to)} error={wrong('to')} onChosen={to => set({ to })}
				hint={t('rule-form-local')} />
			<Chips label={t('rule-form-services')} name="service" options={[...policy.services, ...builtin]} chosen={list(rule.service)} error={wrong('service')}
				hint={draft.needs ? t('rule-form-services-made', { service: draft.needs.name }) : t('rule-form-services-hint')}
				onChosen={service => set({ service })} />
			<Ends side="source" label={t('rule-form-source')} value={rule.source} groups={policy.groups} wrong={wrong} onValue={source => set({ source })}
				node={rest_of(child('source'), ENDS_BY_HAND)} form={form} />
			<Ends side="destination" label={t('rule-form-destination')} value={rule.destination} groups={policy.groups} wrong={wrong} onValue={destination => set({ destination })}
				node={rest_of(child('destination'), ENDS_BY_HAND)} form={form} />
			<div class="field-pair">
				<TextField label={t('rule-form-rate')} name="limit-rate" mono value={rule.limit?.rate ?? ''} placeholder={t('word-none')} error={wrong('limit-rate')}
					onValue={rate => set({ limit: { ...rule.limit, rate } })} hint={t('rule-form-rate-hint')} />
				<SelectField label={t('rule-form-per')} name="limit-per" value={rule.limit?.per ?? 'rule'} error={wrong('limit-per')} options={[['rule', t('rule-form-per-rule')], ['source', t('rule-form-per-source')], ['destination', t('rule-form-per-destination')]]}
					onValue={per => set({ limit: { ...rule.limit, per } })} />
			</div>
			{rule.limit?.rate && child('limit') && <Members node={rest_of(child('limit'), ['rate', 'per']) as FormNode} value={rule.limit as Value} at="limit-" form={form} onValue={limit => set({ limit: limit as Rule['limit'] })} />}
			<TextField label={t('rule-form-tags')} name="tags" value={tags} spellcheck={false} autoCapitalize="none" error={wrong('tags')} hint={t('rule-form-tags-hint')}
				onValue={next => {
					set_tags(next)
					set({ tags: split(next) })
				}} />
			<Switch label={t('rule-form-log')} on={rule.log === true} onChange={log => set({ log })} />
			<Switch label={t('rule-form-enabled')} on={rule.enabled !== false} onChange={enabled => set({ enabled })} />
			{more && <Members node={more} value={rule as unknown as Value} form={form} onValue={next => set_rule(next as unknown as Rule)} />}
		</Dialog>
	)
}

// SPDX-License-Identifier: GPL-3.0-or-later
// What would become of a packet, hook by hook, in force or with the pending changes; and what must always hold, tried before each commit.
import '../css/explain.css'
import { useEffect, useState } from 'preact/hooks'
import { call, get, list_of, node_of, Problem, words_of } from '../core/api'
import { address, place, settle } from '../core/router'
import { begin_rule } from '../core/rule-draft'
import { complain, edit, may_edit, running_edits, toast, workspace, workspace_edits } from '../core/store'
import type { FieldError } from '../core/types'
import { msg, t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { Icon, type IconName } from '../ui/icon'
import { ActionBadge, Badge, Button, Card, Empty, ErrorSummary, IconButton, Notice, PageHead, Segments, SelectField, TextField } from '../ui/parts'
import { Table } from '../ui/table'

interface Step {
	hook: string
	chain: string
	rule?: string
	path?: string
	text: string
}

interface Explanation {
	steps: Step[]
	verdict: string
	rule: string
	path?: string
	text: string
	limited: boolean
	bridge?: string
	from?: string
	to?: string
	'in-interface'?: string
	'out-interface'?: string
	'translated-destination'?: string
	'translated-destination-port'?: number
	'destination-translation'?: string
	'translated-source'?: string
	'source-translation'?: string
}

interface Test {
	name: string
	expect: 'pass' | 'drop'
	holds: boolean
	severity: string
	rule: string
	path: string
	text: string
}

interface Question {
	way: string
	'in-port': string
	'out-port': string
	'source-mac': string
	'destination-mac': string
	ethertype: string
	vlan: string
	from: string
	protocol: string
	source: string
	destination: string
	port: string
}

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp']
const HOOKS: Record<string, string> = { prerouting: msg('explain-arrives'), input: msg('explain-for-the-box'), forward: msg('explain-passes-through'), output: msg('explain-sent-by-the-box'), postrouting: msg('explain-leaves'), 'bridge-forward': msg('explain-from-port-to-port') }
const HOOK_ICONS: Record<string, IconName> = { prerouting: 'down', input: 'box', forward: 'arrow', output: 'box', postrouting: 'up', 'bridge-forward': 'swap' }
const has_port = (protocol: string) => ['tcp', 'udp', 'sctp'].includes(protocol)
/** What a frame may have inside; the first: what its sender's address says. */
const TYPES = ['', 'arp', 'pppoe', '0x88cc']
const is_bridged = (asked: Question) => asked.way === 'bridged'
const is_ip = (asked: Question) => !is_bridged(asked) || ['', 'ipv4', 'ipv6'].includes(asked.ethertype)
const has_addresses = (asked: Question) => is_ip(asked) || asked.ethertype === 'arp'
const FRAME: (keyof Question)[] = ['in-port', 'out-port', 'source-mac', 'destination-mac', 'ethertype', 'vlan']

/** The parameters of the question, without those that it does not have. */
function terms_of(asked: Question) {
	const names: (keyof Question)[] = [...is_bridged(asked) ? FRAME : ['from' as const], ...has_addresses(asked) ? ['source' as const, 'destination' as const] : [],
		...is_ip(asked) ? ['protocol' as const] : [], ...is_ip(asked) && has_port(asked.protocol) ? ['port' as const] : []]
	return Object.fromEntries(names.filter(name => asked[name]).map(name => [name, asked[name]]))
}

/** The rule's place in the pages: "/firewall/rules/web-in". */
function place_of(path: string | undefined) {
	const [, list, id] = path?.match(/^\/firewall\/(pre-rules|rules|post-rules)\/([^/]+)$/) ?? []
	return id ? address('rules', { ...list !== 'rules' && { list }, focus: decodeURIComponent(id) }) : null
}

function RuleLink({ name, path }: { name: string; path?: string }) {
	const href = place_of(path)
	return href ? <a href={href}>{name}</a> : <span class="mono">{name}</span>
}

function Way({ told, asked }: { told: Explanation; asked: Question }) {
	const into = told.bridge ? t('explain-port-of', { port: told['in-interface'] ?? '', bridge: told.bridge }) : told['in-interface'] ? `${told.from ?? t('explain-no-zone')} (${told['in-interface']})` : t('packets-this-box')
	const out = told.bridge ? t('explain-port-of', { port: told['out-interface'] ?? '', bridge: told.bridge }) : told['out-interface'] ? `${told.to ?? t('explain-no-zone')} (${told['out-interface']})` : told.to === 'local' || !told.to ? t('packets-this-box') : told.to
	const passes = told.verdict === 'accept'
	return (
		<Card title={t('explain-what-becomes')} icon="route" class="explain-answer">
			<div class={`verdict verdict-${told.verdict}`} role="status">
				<ActionBadge action={told.verdict} />
				<p><b>{told.text}</b>{told.limited && <small> {t('explain-limited')}</small>}</p>
			</div>
			<ol class="way">
				<li class="way-end"><Icon name="globe" size={18} /><div><b class="mono">{has_addresses(asked) ? asked.source : asked['source-mac'] || asked.ethertype}</b><small>{t('explain-from', { zone: into })}</small></div></li>
				{told.steps.map((step, at) => <li key={at} class="way-step">
					<Icon name={HOOK_ICONS[step.hook] ?? 'filter'} size={18} />
					<div><b>{HOOKS[step.hook] ? t(HOOKS[step.hook]) : step.hook}</b> <small class="soft mono">{step.chain}</small>
						<p>{step.rule && <RuleLink name={step.rule} path={step.path} />} <span>{step.text}</span></p></div>
				</li>)}
				<li class={`way-end${passes ? '' : ' way-stopped'}`}><Icon name={passes ? 'accept' : 'drop'} size={18} /><div>
					<b class="mono">{told['translated-destination'] ?? (has_addresses(asked) ? asked.destination : asked['destination-mac'] || asked.ethertype)}{told['translated-destination-port'] ? `:${told['translated-destination-port']}` : is_ip(asked) && has_port(asked.protocol) && asked.port ? `:${asked.port}` : ''}</b>
					<small>{[passes ? t('explain-reaches', { zone: out }) : t('explain-does-not-get-there'), told['destination-translation'] && t('explain-translated-by', { rule: told['destination-translation'] }),
						told['source-translation'] && t('explain-sender-translated-by', { rule: told['source-translation'] })].filter(Boolean).join(', ')}</small></div></li>
			</ol>
		</Card>
	)
}

function SaveTest({ asked, told, onClose }: { asked: Question; told: Explanation; onClose: () => void }) {
	const [name, set_name] = useState('')
	const [text, set_text] = useState('')
	const [expect, set_expect] = useState(told.verdict === 'accept' ? 'pass' : 'drop')
	const [severity, set_severity] = useState('error')
	const [errors, set_errors] = useState<FieldError[]>([])
	const [trouble, set_trouble] = useState('')
	const save = async () => {
		try {
			await edit('POST', '/firewall/assertions', { name, ...text && { description: text }, from: told.from ?? (asked.from || 'local'), to: told.to ?? 'local', source: asked.source, destination: asked.destination,
				protocol: asked.protocol, ...has_port(asked.protocol) && asked.port && { port: Number(asked.port) }, expect, ...severity !== 'error' && { severity } })
			toast('good', t('explain-test-kept', { name }))
			onClose()
		} catch (problem) {
			set_errors(problem instanceof Problem ? problem.errors : [])
			set_trouble(words_of(problem))
		}
	}
	return (
		<Dialog title={t('explain-keep-this')} lead={t('explain-keep-lead')} onClose={onClose} onSubmit={() => void save()}
			actions={<><Button onClick={onClose}>{t('word-cancel')}</Button><Button kind="primary" type="submit" icon="check" disabled={!name}>{t('explain-keep-test')}</Button></>}>
			{trouble && <ErrorSummary title={trouble} errors={errors} />}
			<TextField label={t('word-name')} name="test-name" mono value={name} onValue={set_name} spellcheck={false} autoCapitalize="none" hint={t('packets-small-letters')} />
			<TextField label={t('explain-description')} name="test-text" value={text} onValue={set_text} hint={t('explain-why')} />
			<Segments label={t('explain-it-must')} name="expect" value={expect} onValue={set_expect} options={[{ key: 'pass', text: t('explain-pass'), icon: 'accept', tone: 'good' }, { key: 'drop', text: t('explain-not-pass'), icon: 'drop', tone: 'bad' }]} />
			<Segments label={t('explain-when-not')} name="severity" value={severity} onValue={set_severity} options={[{ key: 'error', text: t('explain-refuse'), icon: 'lock', tone: 'bad' }, { key: 'warning', text: t('explain-warn'), icon: 'alert', tone: 'warn' }]} />
		</Dialog>
	)
}

function Tests({ draft }: { draft: boolean }) {
	const [tests, set_tests] = useState<Test[] | null>(null)
	const [trouble, set_trouble] = useState('')
	const home = draft ? workspace.value?.id : undefined
	useEffect(() => {
		let wanted = true
		get('/state/firewall-tests', { workspace: home }).then(body => {
			if (!wanted)
				return
			set_tests(list_of<Test>(body, 'tests'))
			set_trouble('')
		}, problem => wanted && set_trouble(words_of(problem)))
		return () => { wanted = false }
	}, [home, workspace_edits.value, running_edits.value])
	const failed = tests?.filter(test => !test.holds).length ?? 0
	const remove = (name: string) => void edit('DELETE', `/firewall/assertions/${encodeURIComponent(name)}`).then(() => toast('good', t('explain-test-removed', { name })), complain)
	return (
		<Card title={t('explain-tests-before')} icon="check" flush actions={tests && tests.length > 0 && <Badge tone={failed ? 'bad' : 'good'} icon={failed ? 'alert' : 'accept'}>{failed ? t('explain-n-fail', { failed, all: tests.length }) : t('explain-n-hold', { all: tests.length })}</Badge>}>
			{trouble && <p class="soft card-body">{trouble}</p>}
			{tests?.length === 0 && <Empty icon="check" title={t('explain-no-test')}><p>{t('explain-no-test-more')}</p></Empty>}
			{tests && tests.length > 0 && <Table label={t('explain-tests')} rows={tests} keyOf={test => test.name} columns={[
				{ key: 'name', text: t('explain-test'), head: true, cell: test => test.name },
				{ key: 'expect', text: t('explain-must'), cell: test => t(test.expect === 'pass' ? 'explain-must-pass' : 'explain-must-not-pass') },
				{ key: 'holds', text: t('explain-holds'), cell: test => <Badge tone={test.holds ? 'good' : test.severity === 'warning' ? 'warn' : 'bad'} icon={test.holds ? 'accept' : 'alert'}>{t(test.holds ? 'explain-does-hold' : 'explain-does-not-hold')}</Badge> },
				{ key: 'text', text: t('explain-what-becomes'), cell: test => <span>{test.text} <RuleLink name={test.rule} path={test.path} /></span> },
				{ key: 'acts', text: t('word-remove'), end: true, cell: test => may_edit.value && <IconButton label={t('explain-remove-test', { name: test.name })} icon="trash" onClick={() => remove(test.name)} /> },
			]} />}
		</Card>
	)
}

export default function Explain() {
	const query = place.value.query
	const [asked, set_asked] = useState<Question>({ way: query.get('in-port') ? 'bridged' : 'routed', 'in-port': query.get('in-port') ?? '', 'out-port': query.get('out-port') ?? '', 'source-mac': query.get('source-mac') ?? '',
		'destination-mac': query.get('destination-mac') ?? '', ethertype: query.get('ethertype') ?? '', vlan: query.get('vlan') ?? '', from: query.get('from') ?? '', protocol: query.get('protocol') ?? 'tcp', source: query.get('source') ?? '', destination: query.get('destination') ?? '', port: query.get('port') ?? '' })
	const [draft, set_draft] = useState(false)
	const [told, set_told] = useState<{ answer: Explanation; asked: Question } | null>(null)
	const [trouble, set_trouble] = useState<Problem | string | null>(null)
	const [zones, set_zones] = useState<string[]>([])
	const [saving, set_saving] = useState(false)
	const has_draft = (workspace.value?.changes ?? 0) > 0
	const is_complete = (!has_addresses(asked) || (asked.source && asked.destination)) && (!is_bridged(asked) || asked['in-port'])
	const set = (part: Partial<Question>) => set_asked(before => ({ ...before, ...part }))

	const ask = async () => {
		const values = terms_of(asked)
		settle(values)
		try {
			const answer = await get<Explanation>('/state/firewall-explanation?' + new URLSearchParams(values), { workspace: draft ? workspace.value?.id : undefined })
			set_told({ answer: { ...answer, steps: list_of<Step>(answer, 'steps') }, asked })
			set_trouble(null)
		} catch (problem) {
			set_told(null)
			set_trouble(problem instanceof Problem ? problem : String(problem))
		}
	}
	useEffect(() => {
		call<unknown>('GET', '/configuration/firewall/zones?fields=name&limit=500').then(answer => set_zones(list_of<{ name: string }>(node_of(answer.body, 'zones'), 'zones').map(zone => zone.name)), complain)
		if (is_complete)
			void ask()
	}, [])
	const begin = () => told && void begin_rule({ ...told.asked, port: Number(told.asked.port) || undefined, from: told.answer.from ?? (told.answer['in-interface'] ? undefined : 'local'), to: told.answer.to ?? told.answer['out-interface'],
		action: told.answer.verdict, rule: told.answer.rule }).catch(complain)
	return (
		<div class="page">
			<PageHead title={t('shell-explain')} lead={t('explain-lead')} />
			<div class="explain">
				<Card title={t('explain-packet')} icon="swap">
					<form class="explain-form" noValidate onSubmit={event => { event.preventDefault(); void ask() }}>
						<Segments label={t('explain-way')} name="way" value={asked.way} onValue={way => set({ way })} options={[{ key: 'routed', text: t('explain-routed'), icon: 'route' }, { key: 'bridged', text: t('explain-bridged'), icon: 'swap' }]} />
						{is_bridged(asked) ? <>
							<div class="field-pair">
								<TextField label={t('explain-in-port')} name="in-port" mono value={asked['in-port']} onValue={port => set({ 'in-port': port })} spellcheck={false} autoCapitalize="none" />
								<TextField label={t('explain-out-port')} name="out-port" mono value={asked['out-port']} onValue={port => set({ 'out-port': port })} spellcheck={false} autoCapitalize="none" />
							</div>
							<div class="field-pair">
								<TextField label={t('explain-source-mac')} name="source-mac" mono value={asked['source-mac']} onValue={mac => set({ 'source-mac': mac })} spellcheck={false} placeholder="02:00:5e:00:53:01" />
								<TextField label={t('explain-destination-mac')} name="destination-mac" mono value={asked['destination-mac']} onValue={mac => set({ 'destination-mac': mac })} spellcheck={false} placeholder="02:00:5e:00:53:02" />
							</div>
							<div class="field-pair">
								<SelectField label={t('explain-inside')} name="ethertype" value={asked.ethertype} onValue={ethertype => set({ ethertype })} options={[...new Set([...TYPES, asked.ethertype])].map((one): [string, string] => [one, one || t('explain-ip')])} />
								<TextField label={t('explain-vlan')} name="vlan" inputMode="numeric" value={asked.vlan} onValue={vlan => set({ vlan })} placeholder="20" />
							</div>
						</> : <SelectField label={t('explain-comes-from')} name="from" value={asked.from} onValue={from => set({ from })} options={[['', t('explain-where-sender')], ...zones.map((zone): [string, string] => [zone, zone]), ['local', t('packets-this-box')]]} />}
						{has_addresses(asked) && <><TextField label={t('packets-sender')} name="source" mono value={asked.source} onValue={source => set({ source })} spellcheck={false} placeholder="192.0.2.10" />
						<TextField label={t('packets-receiver')} name="destination" mono value={asked.destination} onValue={destination => set({ destination })} spellcheck={false} placeholder="203.0.113.10" hint={is_bridged(asked) ? undefined : t('explain-as-called')} /></>}
						{is_ip(asked) && <div class="field-pair">
							<SelectField label={t('packets-protocol')} name="protocol" value={asked.protocol} onValue={protocol => set({ protocol })} options={[...new Set([...PROTOCOLS, asked.protocol])].map((one): [string, string] => [one, one])} />
							{has_port(asked.protocol) && <TextField label={t('packets-port')} name="port" inputMode="numeric" value={asked.port} onValue={port => set({ port })} placeholder="443" />}
						</div>}
						{has_draft && <Segments label={t('explain-of')} name="of" value={draft ? 'draft' : 'force'} onValue={next => set_draft(next === 'draft')} options={[{ key: 'force', text: t('explain-what-in-force') }, { key: 'draft', text: t('shell-pending-changes') }]} />}
						<Button kind="primary" type="submit" icon="help" disabled={!is_complete}>{t('packets-explain')}</Button>
					</form>
				</Card>
				<div class="explain-side">
					{trouble && <Notice alert tone="bad" icon="alert" title={typeof trouble === 'string' ? trouble : trouble.words} />}
					{told ? <>
						<Way told={told.answer} asked={told.asked} />
						{may_edit.value && !told.answer.bridge && <div class="explain-acts"><Button icon="check" onClick={() => set_saving(true)}>{t('explain-keep-this-short')}</Button>
							<Button icon="plus" onClick={begin}>{t(told.answer.verdict === 'accept' ? 'packets-rule-against' : 'packets-rule-for')}</Button></div>}
					</> : !trouble && <Card><Empty icon="route" title={t('explain-say-who')}><p>{t('explain-way-here')}</p></Empty></Card>}
				</div>
			</div>
			<Tests draft={draft || has_draft} />
			{saving && told && <SaveTest asked={told.asked} told={told.answer} onClose={() => set_saving(false)} />}
		</div>
	)
}

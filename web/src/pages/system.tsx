// SPDX-License-Identifier: GPL-3.0-or-later
// The box itself: what is wrong, every process with its confinement as the kernel has it, where logs go, what is tried after a commit.
import '../css/access.css'
import '../css/box.css'
import { useEffect, useState } from 'preact/hooks'
import { get, list_of, words_of } from '../core/api'
import { ago, byte_size, duration, full_count, list, number_of } from '../core/format'
import { now, running_edits, status } from '../core/store'
import type { Alarm, ProcessState } from '../core/types'
import { msg, t } from '../core/words'
import type { IconName } from '../ui/icon'
import { Badge, Card, Empty, Notice, PageHead, Skeleton } from '../ui/parts'
import { Table } from '../ui/table'

interface Receiver {
	name: string
	transport: string
	state: string
	'connected-since'?: string
	sent: number
	dropped: number
	lag: number
	'last-error'?: string
	'last-error-time'?: string
}

interface HealthCheck {
	name: string
	[member: string]: unknown
}

interface CheckResult {
	name: string
	state: string
	tries: number
	'took-us': number
	text: string
}

const EVERY = 5000
const names = (value: string | string[] | undefined) => list(value).flatMap(one => one.split(/[\s,]+/)).filter(one => one && one !== 'none')
const is_filtered = (row: ProcessState) => ['2', 'filter'].includes(String(row.seccomp))

/** Read again while somebody looks. */
function useState_of<T>(path: string, name: string, every = EVERY) {
	const [rows, set_rows] = useState<T[] | null>(null)
	const [error, set_error] = useState('')
	const edits = running_edits.value
	useEffect(() => {
		let wanted = true
		const read = () => void get(path).then(body => {
			if (wanted) {
				set_rows(list_of<T>(body, name))
				set_error('')
			}
		}, problem => wanted && set_error(words_of(problem)))
		read()
		const timer = setInterval(() => { if (!document.hidden) read() }, every)
		return () => {
			wanted = false
			clearInterval(timer)
		}
	}, [path, edits])
	return { rows, error }
}

const SEVERITIES: Record<string, ['bad' | 'warn' | 'note', IconName, string]> = { critical: ['bad', 'alert', msg('box-critical')], warning: ['warn', 'alert', msg('box-warning')], info: ['note', 'info', msg('box-info')] }

function Alarms({ rows }: { rows: Alarm[] }) {
	return (
		<Card title={t('box-alarms')} icon="alert" flush actions={<span class="card-note">{full_count(rows.length)}</span>}>
			{rows.length === 0 ? <Empty icon="shield" title={t('box-no-alarm')} />
				: <Table label={t('box-alarms')} rows={rows} keyOf={(row, at) => `${row.object} ${at}`} columns={[
					{ key: 'severity', text: t('box-severity'), cell: row => { const [tone, icon, text] = SEVERITIES[row.severity ?? row.class ?? ''] ?? SEVERITIES.warning; return <Badge tone={tone} icon={icon}>{t(text)}</Badge> } },
					{ key: 'text', text: t('box-what'), head: true, cell: row => <div class="cell-title"><span class="any-text">{row.text || row.object}</span>{row.detail && <small class="any-text">{row.detail}</small>}</div> },
					{ key: 'owner', text: t('box-from'), cell: row => row.source ?? '' },
					{ key: 'time', text: t('box-since'), cell: row => row.time ? <time dateTime={row.time}>{ago(row.time, now.value)}</time> : '' },
				]} />}
		</Card>
	)
}

/** Is this process held as the contract says: no capability, no new privilege, a seccomp filter, no network? */
function Held({ row }: { row: ProcessState }) {
	const capabilities = names(row.capabilities)
	const lacks = [!row['no-new-privs'] && msg('box-no-nnp'), !is_filtered(row) && msg('box-no-seccomp'), row.uid !== 0 && capabilities.length > 0 && msg('box-has-capabilities')].filter((one): one is string => Boolean(one))
	if (lacks.length)
		return <>{lacks.map(text => <Badge key={text} tone="bad" icon="alert">{t(text)}</Badge>)}</>
	return row.uid === 0 ? <Badge tone="note" icon="key">{t('box-privileged')}</Badge> : <Badge tone="good" icon="lock">{t('box-confined')}</Badge>
}

function Processes() {
	const { rows, error } = useState_of<ProcessState>('/state/processes', 'processes')
	return (
		<Card title={t('box-processes')} icon="shield" flush>
			{error && <Notice alert tone="bad" icon="lock" title={error} />}
			{!rows && !error && <Skeleton lines={6} />}
			{rows && <Table label={t('box-processes')} rows={rows} keyOf={row => `${row.name} ${row.pid}`} columns={[
				{ key: 'name', text: t('word-name'), head: true, cell: row => <div class="cell-title"><b>{row.name}</b><small>{row.user} ({row.uid})</small></div> },
				{ key: 'state', text: t('word-state'), cell: row => <><Badge tone={row.state === 'running' ? 'good' : 'warn'} icon={row.state === 'running' ? 'check' : 'alert'}>{row.state}</Badge>
					<small class="soft"> {duration(number_of(row['uptime-seconds']))}{number_of(row.restarts) > 0 && `, ${t('box-n-restarts', { count: number_of(row.restarts) })}`}</small></> },
				{ key: 'held', text: t('box-confinement'), cell: row => <Held row={row} /> },
				{ key: 'capabilities', text: t('box-capabilities'), cell: row => names(row.capabilities).length ? <span class="scopes">{names(row.capabilities).map(one => <code key={one}>{one}</code>)}</span> : <span class="soft">{t('box-none-at-all')}</span> },
				{ key: 'seccomp', text: t('box-seccomp'), cell: row => is_filtered(row) ? t('box-n-filters', { count: number_of(row['seccomp-filters']) }) : t('word-none') },
				{ key: 'namespaces', text: t('box-namespaces'), cell: row => names(row.namespaces).length ? <span class="scopes">{names(row.namespaces).map(one => <code key={one}>{one}</code>)}</span> : <span class="soft">{t('box-those-of-the-host')}</span> },
				{ key: 'memory', text: t('box-memory'), end: true, cell: row => byte_size(number_of(row['memory-pss-kb'] ?? row['memory-rss-kb']) * 1024) },
			]} />}
		</Card>
	)
}

const RECEIVER: Record<string, ['good' | 'warn' | 'bad', IconName, string]> = { connected: ['good', 'link', msg('box-connected')], connecting: ['warn', 'clock', msg('box-connecting')], failing: ['bad', 'unlink', msg('box-failing')] }

function Receivers() {
	const { rows, error } = useState_of<Receiver>('/state/syslog', 'receivers')
	if (!rows || error)
		return null
	return (
		<Card title={t('box-receivers')} icon="log" flush actions={<a class="card-link" href="#/settings/management">{t('box-set-up')}</a>}>
			{rows.length === 0 ? <Empty icon="log" title={t('box-no-receiver')}><p>{t('box-no-receiver-more')}</p></Empty>
				: <Table label={t('box-receivers')} rows={rows} keyOf={row => row.name} columns={[
					{ key: 'name', text: t('word-name'), head: true, cell: row => <div class="cell-title"><span>{row.name}</span><small>{row.transport}</small></div> },
					{ key: 'state', text: t('word-state'), cell: row => { const [tone, icon, text] = RECEIVER[row.state] ?? RECEIVER.failing; return <Badge tone={tone} icon={icon}>{t(text)}</Badge> } },
					{ key: 'sent', text: t('box-sent'), end: true, cell: row => full_count(number_of(row.sent)) },
					{ key: 'lag', text: t('box-waiting'), end: true, cell: row => full_count(number_of(row.lag)) },
					{ key: 'dropped', text: t('box-dropped'), end: true, cell: row => number_of(row.dropped) ? <Badge tone="bad" icon="alert">{full_count(number_of(row.dropped))}</Badge> : '0' },
					{ key: 'error', text: t('box-last-trouble'), cell: row => row['last-error'] ? <>{row['last-error']}<small class="soft"> {ago(row['last-error-time'], now.value)}</small></> : <span class="soft">{t('word-none')}</span> },
				]} />}
		</Card>
	)
}

const RESULTS: Record<string, ['good' | 'bad' | 'warn' | 'plain', IconName, string]> = { passed: ['good', 'check', msg('box-passed')], failed: ['bad', 'x', msg('box-check-failed')], 'failed-before': ['warn', 'alert', msg('box-failed-before')], skipped: ['plain', 'pause', msg('box-skipped')] }

/** What is tried after each commit, and how it went the last time. */
function Probes() {
	const [rows, set_rows] = useState<HealthCheck[] | null>(null)
	const [results, set_results] = useState<Record<string, CheckResult>>({})
	const revision = status.value?.revision
	useEffect(() => {
		get('/configuration/management/health-checks').then(body => set_rows(list_of<HealthCheck>(body, 'health-checks')), () => set_rows([]))
		if (revision)
			get<{ checks?: CheckResult[] }>(`/commits/${revision}`).then(body => set_results(Object.fromEntries((body.checks ?? []).map(one => [one.name, one]))), () => {})
	}, [revision])
	if (!rows)
		return null
	const what = (row: HealthCheck) => Object.entries(row).filter(([key, value]) => !['name', 'description', 'enabled'].includes(key) && typeof value !== 'object').map(([key, value]) => `${key} ${String(value)}`).join(', ')
	return (
		<Card title={t('box-probes')} icon="accept" flush actions={<a class="card-link" href="#/settings/management/health-checks">{t('box-set-up')}</a>}>
			{rows.length === 0 ? <Empty icon="accept" title={t('box-no-probe')}><p>{t('box-no-probe-more')}</p></Empty>
				: <Table label={t('box-probes')} rows={rows} keyOf={row => row.name} columns={[
					{ key: 'name', text: t('word-name'), head: true, cell: row => <div class="cell-title"><span>{row.name}</span><small>{String(row.description ?? '')}</small></div> },
					{ key: 'what', text: t('box-tries'), cell: row => <code class="any-text">{what(row)}</code> },
					{ key: 'last', text: t('box-at-last-commit'), cell: row => {
						const result = results[row.name]
						const [tone, icon, text] = RESULTS[result?.state] ?? RESULTS.skipped
						return result ? <><Badge tone={tone} icon={icon}>{t(text)}</Badge> <small class="soft">{result.text}</small></> : <span class="soft">{t('box-not-known')}</span>
					} },
				]} />}
		</Card>
	)
}

export default function System() {
	const box = status.value
	return (
		<div class="page">
			<PageHead title={t('box-system')} lead={box ? t('box-system-lead', { version: box.version, uptime: duration(number_of(box['uptime-seconds'])) }) : undefined} />
			{box && <Alarms rows={box.alarms ?? []} />}
			<Processes />
			<Receivers />
			<Probes />
		</div>
	)
}

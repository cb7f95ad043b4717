// SPDX-License-Identifier: GPL-3.0-or-later
// Every part of the design system in every state, in one place: for the eyes of who changes one, and for the judges in the tests.
import '../css/access.css'
import '../css/settings.css'
import { useState } from 'preact/hooks'
import { toast } from '../core/store'
import { t } from '../core/words'
import { Dialog, Menu } from '../ui/dialog'
import { DiffText, DiffTree } from '../ui/diff'
import { LinesField, LongField, OfferField, SecretField } from '../ui/fields'
import { Icon, type IconName } from '../ui/icon'
import { ActionBadge, Badge, Button, Card, Chips, Empty, ErrorSummary, IconButton, Notice, PageHead, Segments, SelectField, Skeleton, Spark, Switch, TextField } from '../ui/parts'
import { Table } from '../ui/table'
import '../css/gallery.css'

const TONES = ['good', 'warn', 'bad', 'note', 'plain', 'accent'] as const
const TOKENS = ['ground', 'surface', 'raised', 'sunken', 'hover', 'chosen', 'line', 'line-strong', 'text', 'text-soft', 'text-faint', 'accent', 'accent-strong', 'accent-soft', 'good', 'warn', 'bad', 'note', 'plot-in', 'plot-out']
const SIZES = ['t-mini', 't-small', 't-body', 't-lead', 't-title', 't-hero']
const ICONS: IconName[] = ['dashboard', 'rules', 'log', 'pending', 'history', 'interfaces', 'search', 'plus', 'edit', 'trash', 'up', 'down', 'check', 'x', 'alert', 'info', 'lock', 'pause', 'play', 'filter', 'user', 'undo', 'shield', 'link', 'unlink', 'swap', 'key', 'clock', 'box', 'globe', 'route']
const ROWS = [{ name: 'wan', address: '198.51.100.2/24' }, { name: 'lan', address: '192.0.2.1/25' }]
const LINES = ['- set a', '+ set b', ''].join('\n')
const DIFF = { changes: [{ op: 'create', path: '/firewall/groups/admins', new: { name: 'admins', addresses: ['192.0.2.10'] } }, { op: 'replace', path: '/firewall/rules/web-in/action', old: 'drop', new: 'accept' },
	{ op: 'delete', path: '/firewall/services/web', old: { name: 'web' } }, { op: 'move', path: '/firewall/rules/ping', old: { after: 'web-in' }, new: { to: 'first' } }] } as const

function Controls() {
	const [text, set_text] = useState('')
	const [choice, set_choice] = useState('one')
	const [on, set_on] = useState(true)
	const [chosen, set_chosen] = useState<string[]>(['lan'])
	const long = t('gallery-words')
	return (
		<>
			<Card title={t('gallery-buttons')} icon="check">
				{([['', {}], ['disabled', { disabled: true }], ['busy', { busy: true }]] as const).map(([state, more]) => (
					<p key={state} class="gallery-row">{(['primary', 'plain', 'quiet', 'danger'] as const).map(kind => <Button key={kind} kind={kind} icon="check" {...more}>{t('gallery-press')}</Button>)}
						<Button small {...more}>{t('gallery-press')}</Button><IconButton icon="edit" label={t('word-edit')} {...more} /></p>
				))}
				<p class="gallery-row"><Menu label={t('word-actions')} items={[{ text: t('word-edit'), icon: 'edit', keys: 'e', then: () => {} }, { text: t('word-copy'), icon: 'copy', disabled: true, then: () => {} }, { text: t('word-remove'), icon: 'trash', danger: true, then: () => {} }]} />
					{TONES.slice(0, 4).map(tone => tone !== 'warn' && <Button key={tone} small onClick={() => toast(tone as 'good', long)}>{t('gallery-toast')} {tone === 'good' ? '✓' : tone === 'bad' ? '!' : 'i'}</Button>)}</p>
			</Card>
			<Card title={t('gallery-fields')} icon="edit">
				<div class="gallery-fields">
					<TextField label={t('gallery-label')} name="g-text" value={text} onValue={set_text} hint={long} />
					<TextField label={t('gallery-wrong')} name="g-wrong" value="192.0.2.300" mono onValue={() => {}} error={long} />
					<TextField label={t('gallery-off')} name="g-off" value="192.0.2.3" disabled onValue={() => {}} />
					<SelectField label={t('gallery-select')} name="g-select" value={choice} options={[['one', t('gallery-one')], ['two', t('gallery-two')]]} onValue={set_choice} />
					<LinesField label={t('gallery-lines')} name="g-lines" value={['192.0.2.1', '192.0.2.2']} onValue={() => {}} />
					<LongField label={t('gallery-long')} name="g-long" value="" onValue={() => {}} />
					<OfferField label={t('gallery-offer')} name="g-offer" value="" options={['lan', 'wan']} onValue={() => {}} />
					<SecretField label={t('gallery-secret')} name="g-secret" value={{ set: true, fingerprint: '9f86d081884c' }} onValue={() => {}} />
					<Segments label={t('gallery-segments')} name="g-segments" value={choice} onValue={set_choice} options={[{ key: 'one', text: t('gallery-one'), icon: 'sun' }, { key: 'two', text: t('gallery-two'), icon: 'moon' }]} />
					<Chips label={t('gallery-chips')} name="g-chips" options={['lan', 'wan', 'dmz']} chosen={chosen} onChosen={set_chosen} />
					<Switch label={t('gallery-switch')} hint={long} on={on} onChange={set_on} />
					<Switch label={t('gallery-off')} on={false} disabled onChange={() => {}} />
				</div>
				<fieldset class="plain" disabled><legend>{t('gallery-read-only')}</legend><TextField label={t('gallery-label')} name="g-read" value="edge1" onValue={() => {}} /></fieldset>
			</Card>
		</>
	)
}

function Telling() {
	const [open, set_open] = useState(false)
	const long = t('gallery-words')
	return (
		<>
			<Card title={t('gallery-badges')} icon="shield">
				<p class="gallery-row">{TONES.map(tone => <Badge key={tone} tone={tone} icon="info">{t('gallery-word')}</Badge>)}</p>
				<p class="gallery-row">{['accept', 'drop', 'reject'].map(action => <ActionBadge key={action} action={action} />)}<Spark values={[1, 4, 2, 8, 5, 7]} label={t('gallery-spark')} /></p>
			</Card>
			<Card title={t('gallery-notices')} icon="alert">
				<div class="gallery-stack">{TONES.slice(0, 4).map(tone => <Notice key={tone} tone={tone} icon="info" title={t('gallery-word')} actions={<Button small>{t('gallery-press')}</Button>}><p>{long}</p></Notice>)}
					<ErrorSummary title={t('gallery-wrong')} errors={[{ text: long, path: 'firewall.rules[web-in].to', remedy: long }]} /></div>
				<div class="gallery-row"><Button onClick={() => set_open(true)}>{t('gallery-dialog')}</Button></div>
				{open && <Dialog title={t('gallery-dialog')} lead={long} onClose={() => set_open(false)} actions={<><Button onClick={() => set_open(false)}>{t('word-cancel')}</Button><Button kind="danger" icon="trash" onClick={() => set_open(false)}>{t('word-remove')}</Button></>} />}
			</Card>
			<Card title={t('gallery-data')} icon="log" flush>
				<Table label={t('gallery-data')} rows={ROWS} keyOf={row => row.name} columns={[{ key: 'name', text: t('word-name'), head: true, cell: row => row.name }, { key: 'address', text: t('gallery-label'), cell: row => <code>{row.address}</code> }]} />
			</Card>
			<div class="two"><Card title={t('gallery-empty')} icon="box"><Empty icon="box" title={t('gallery-word')}><p>{long}</p></Empty></Card>
				<Card title={t('shell-loading')} icon="clock"><Skeleton lines={4} /></Card></div>
			<Card title={t('gallery-diff')} icon="swap"><DiffTree diff={{ changes: [...DIFF.changes] as never }} /><DiffText diff={{ changes: [], text: LINES }} /></Card>
		</>
	)
}

export default function Gallery() {
	return (
		<div class="page">
			<PageHead title={t('gallery-title')} lead={t('gallery-lead')}><Button icon="plus" kind="primary">{t('gallery-press')}</Button></PageHead>
			<Card title={t('gallery-colours')} icon="sun"><ul class="swatches">{TOKENS.map(name => <li key={name}><span class="swatch" style={{ background: `var(--${name})` }} /><code>{name}</code></li>)}</ul></Card>
			<Card title={t('gallery-type')} icon="log">{SIZES.map(name => <p key={name} style={{ fontSize: `var(--${name})` }}>{t('gallery-words')}</p>)}</Card>
			<Card title={t('gallery-icons')} icon="box"><ul class="swatches">{ICONS.map(name => <li key={name}><Icon name={name} /><code>{name}</code></li>)}</ul></Card>
			<Controls />
			<Telling />
		</div>
	)
}

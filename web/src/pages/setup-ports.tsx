// SPDX-License-Identifier: GPL-3.0-or-later
// Which port is which: a cable is plugged, the port that notices is proposed for what has none yet. Each can be chosen by hand too.
import { useEffect, useRef, useState } from 'preact/hooks'
import { words_of } from '../core/api'
import { series, series_tick } from '../core/live'
import { chosen_ports, port_operations, read_ports, SIDES, write, type Port, type Side } from '../core/setup'
import { msg, t } from '../core/words'
import { Icon } from '../ui/icon'
import { Badge, Button, Empty, Notice, Segments, Skeleton } from '../ui/parts'
import { Failure, useWrite } from './setup-parts'
import type { StepProps } from './setup'

const NAMES: Record<Side, string> = { wan: msg('setup-wan'), lan: msg('setup-lan') }
const ASKS: Record<Side, string> = { wan: msg('setup-plug-wan'), lan: msg('setup-plug-lan') }

interface Noticed {
	kernel: string
	is_linked: boolean
}

/** The ports with their carrier of this second, and the last one on which it changed while somebody looked. */
function usePorts(name_of: (kernel: string) => string) {
	const [ports, set_ports] = useState<Port[] | null>(null)
	const [noticed, set_noticed] = useState<Noticed | null>(null)
	const [error, set_error] = useState('')
	const before = useRef(new Map<string, boolean>())
	const tick = series_tick.value
	useEffect(() => void read_ports().then(set_ports, problem => set_error(words_of(problem))), [])
	const live = ports?.map(port => ({ ...port, is_linked: series.get(name_of(port.kernel))?.linkUp ?? port.is_linked }))
	useEffect(() => {
		for (const port of live ?? []) {
			const was = before.current.get(port.kernel)
			if (was !== undefined && was !== port.is_linked)
				set_noticed({ kernel: port.kernel, is_linked: port.is_linked })
			before.current.set(port.kernel, port.is_linked)
		}
	}, [tick, ports])
	return { ports: live ?? null, noticed, forget: () => set_noticed(null), error }
}

function PortCard({ port, side, is_noticed, onSide }: { port: Port; side: Side | undefined; is_noticed: boolean; onSide: (side: string) => void }) {
	return (
		<li class={`setup-port${is_noticed ? ' setup-noticed' : ''}${side ? ' setup-chosen' : ''}`} data-port={port.kernel}>
			<span class={`setup-jack${port.is_linked ? ' setup-live' : ''}`} aria-hidden="true"><Icon name="interfaces" size={26} /></span>
			<div class="setup-port-text"><b><code>{port.kernel}</code></b>{' '}
				{port.is_linked ? <Badge tone="good" icon="link">{t('setup-cable')}</Badge> : port.is_up ? <Badge icon="unlink">{t('setup-no-cable')}</Badge> : <Badge tone="warn" icon="alert">{t('setup-port-off')}</Badge>}
				<small>{[port.mac, ...port.addresses].filter(Boolean).map(text => <code key={text}>{text}</code>)}</small></div>
			<Segments label={t('setup-port-is', { port: port.kernel })} name={`port-${port.kernel}`} value={side ?? ''} onValue={onSide}
				options={[{ key: 'wan', text: t('setup-wan') }, { key: 'lan', text: t('setup-lan') }, { key: '', text: t('setup-unused') }]} />
		</li>
	)
}

export function Ports({ draft, onward }: StepProps) {
	const names = new Map(draft.links.map(link => [link.match?.name ?? '', link.name]))
	const { ports, noticed, forget, error } = usePorts(kernel => series.has(kernel) ? kernel : names.get(kernel) ?? kernel)
	const [own, set_own] = useState<Record<Side, string> | null>(null)
	const chosen = own ?? chosen_ports(draft, ports ?? [])
	const { busy, error: refused, save } = useWrite(() => write(port_operations(draft, chosen)), onward)
	const open = SIDES.filter(side => !chosen[side])
	const asked = open.at(0)
	const choose = (kernel: string, side: string) => {
		const next = { ...chosen }
		for (const one of SIDES)
			if (one === side || next[one] === kernel)
				next[one] = one === side ? kernel : ''
		set_own(next)
		forget()
	}
	const side_of = (kernel: string) => SIDES.find(side => chosen[side] === kernel)
	const proposal = noticed && asked && !side_of(noticed.kernel) ? noticed : null

	if (error)
		return <div class="setup-part"><Notice alert tone="bad" icon="unlink" title={t('setup-cannot-be-read')}><p>{error}</p></Notice></div>
	if (!ports)
		return <div class="setup-part"><Skeleton lines={5} /></div>
	if (!ports.length)
		return <div class="setup-part"><Empty icon="unlink" title={t('setup-no-port')}><p>{t('setup-no-port-more')}</p></Empty></div>
	return (
		<form noValidate onSubmit={event => { event.preventDefault(); void save() }}>
			<div class="setup-part">
				<Failure error={refused} />
				<div class={`setup-ask${proposal ? ' setup-ask-found' : ''}`}>
					<span class="setup-ask-icon" aria-hidden="true"><Icon name={asked ? 'link' : 'check'} size={24} /></span>
					<div role="status"><p class="setup-ask-title">{proposal ? t(proposal.is_linked ? 'setup-plugged' : 'setup-pulled', { port: proposal.kernel }) : asked ? t(ASKS[asked]) : t('setup-both-chosen')}</p>
						<p>{asked ? t('setup-ask-more') : t('setup-both-more', { wan: chosen.wan, lan: chosen.lan })}</p></div>
					{proposal && <div class="setup-ask-sides">{open.map(side => <Button key={side} kind={side === asked ? 'primary' : 'plain'} icon="check" onClick={() => choose(proposal.kernel, side)}>
						{t('setup-use-as', { port: proposal.kernel, side: t(NAMES[side]) })}</Button>)}</div>}
				</div>
				<ul class="setup-ports" aria-label={t('setup-ports')}>
					{ports.map(port => <PortCard key={port.kernel} port={port} side={side_of(port.kernel)} is_noticed={noticed?.kernel === port.kernel} onSide={side => choose(port.kernel, side)} />)}
				</ul>
				{(chosen.wan || chosen.lan) && asked && <p class="field-hint">{asked === 'lan' ? t('setup-wan-only') : t('setup-lan-only')}</p>}
			</div>
			<footer class="setup-foot"><Button kind="primary" type="submit" icon="arrow" busy={busy} disabled={!chosen.wan && !chosen.lan}>{t('shell-continue')}</Button></footer>
		</form>
	)
}

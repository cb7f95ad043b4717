// SPDX-License-Identifier: GPL-3.0-or-later
// The topology as a picture: SVG elements with attributes alone, each thing a link. One Tab stop; arrow keys go on from there. The table says the same.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { bit_rate_text, plain } from '../core/format'
import { series, series_tick } from '../core/live'
import { address } from '../core/router'
import { status } from '../core/store'
import { shown_name, type Area, type Gate, type Port } from '../core/topology'
import { VERDICT_ICONS, VERDICTS } from '../core/verdicts'
import { t } from '../core/words'
import { Icon, type IconName } from './icon'
import { lay_out, neighbour, type Picture, type Thing, type Way, type Wire } from './topology-layout'
import { make_ruler, type Ruler } from './ruler'

export const area_name = (area: Area) => area.key === 'local' ? t('topology-this-box', { name: status.value?.hostname ?? '' }) : area.key || t('topology-no-zone')
const zone_name = (key: string) => key === 'local' ? t('topology-the-box') : key
const zone_class = (area: Area) => `topo-zone-${area.number < 0 ? 'none' : area.number % 6}`
export const gate_words = (gate: Gate) => gate.is_default ? t('topology-everything-else') : gate.to.length === 1 ? gate.to[0] : t('topology-n-destinations', { count: gate.to.length })
export const pair_address = (from: string, to: string) => address('rules', { filter: `pair:${from}>${to}` })

/** How a link is, by the newest event: a word, a tone and an icon. */
export function link_state({ link }: Port): { word: string; tone: 'good' | 'bad' | 'plain'; icon: IconName } {
	if (link.present === false)
		return { word: t('links-absent'), tone: 'bad', icon: 'unlink' }
	if (link['admin-up'] === false)
		return { word: t('links-switched-off'), tone: 'plain', icon: 'unlink' }
	return series.get(link.name)?.linkUp ?? link['link-up'] ? { word: t('links-up'), tone: 'good', icon: 'link' } : { word: t('links-no-carrier'), tone: 'bad', icon: 'unlink' }
}

export function rates_of(port: Port) {
	const one = series.get(port.link.name)
	return { rx: one?.rx.at(-1) ?? 0, tx: one?.tx.at(-1) ?? 0 }
}

/** Where a thing leads. */
export function target_of({ kind, area, reach, port, text, gate }: Thing) {
	if (kind === 'reach')
		return pair_address(area.key, reach!.to)
	if (kind === 'net')
		return address('states', { filter: text! })
	if (kind === 'gate' && gate!.name)
		return address('settings/routing/static', { edit: gate!.name })
	if (kind === 'port' && port!.link.name)
		return address('settings/interfaces', { edit: port!.link.name })
	if (kind === 'area')
		return area.key === 'local' ? address('settings/system') : address('settings/firewall/zones', area.key ? { edit: area.key } : {})
	return address('interfaces')
}

/** What a thing is, for who does not see it; the search looks into it too. */
export function words_of_thing({ kind, area, reach, port, text, own, gate, count }: Thing): string {
	const name = port && shown_name(port.link)
	if (kind === 'area')
		return area.number < 0 ? area_name(area) : t('topology-zone', { name: area_name(area) })
	if (kind === 'reach')
		return t('topology-pair', { from: zone_name(area.key), to: zone_name(reach!.to), verdict: t(VERDICTS[reach!.verdict]), words: reach!.words })
	if (kind === 'port')
		return t('topology-port', { name: name!, state: link_state(port!).word, addresses: (port!.link.addresses ?? []).map(plain).join(', ') || t('word-none') })
	if (kind === 'net')
		return t('topology-net', { net: text!, name: name!, own: own!.join(', ') })
	return kind === 'more' ? t('topology-n-more', { count: count! }) : t('topology-gate', { via: gate!.via || t('topology-on-link'), to: `${gate!.to.slice(0, 8).join(', ')} ${gate!.name}`.trim(), name: name! })
}

const note_of = (area: Area) => t(area.reach.length ? 'topology-reaches' : 'topology-reaches-nobody')

interface Look {
	unit: number
	ruler: Ruler
	flip: (x: number, w?: number) => number
}

function Rates({ port, x, y }: { port: Port; x: number; y: number }) {
	void series_tick.value
	const { rx, tx } = rates_of(port)
	return (
		<text class="topo-small topo-rates" x={x} y={y}>
			<tspan class="topo-in">↓ <tspan class="topo-number">{bit_rate_text(rx)}</tspan></tspan><tspan class="topo-out" dx="12">↑ <tspan class="topo-number">{bit_rate_text(tx)}</tspan></tspan>
		</text>
	)
}

function PortFace({ thing, look: { unit, ruler, flip } }: { thing: Thing; look: Look }) {
	void series_tick.value
	const port = thing.port!
	const { word, tone, icon } = link_state(port)
	const inner = thing.w - 26 * unit
	const badge = ruler(word, 'small') + 22 * unit
	const x = flip(thing.x + 13 * unit)
	return (
		<>
			<text class="topo-name" x={x} y={thing.y + 24 * unit}>{ruler.fit(shown_name(port.link), inner - badge - 8 * unit, 'name')}</text>
			<g class={`topo-state tone-${tone}`} transform={`translate(${flip(thing.x + thing.w - 13 * unit - badge, 16 * unit)} ${thing.y + 11 * unit})`}><Icon name={icon} size={16 * unit} /></g>
			<text class={`topo-small topo-state tone-${tone}`} x={flip(thing.x + thing.w - badge + 9 * unit)} y={thing.y + 24 * unit}>{word}</text>
			<text class="topo-small topo-soft" x={x} y={thing.y + 42 * unit}>{ruler.fit([port.link['kernel-name'], port.link.description].filter(Boolean).join(' · '), inner, 'small')}</text>
			{port.link.name && <Rates port={port} x={x} y={thing.y + 61 * unit} />}
		</>
	)
}

function TwoLines({ thing, first, second, look: { unit, ruler, flip } }: { thing: Thing; first: string; second: string; look: Look }) {
	return (
		<>
			<text class="topo-code" x={flip(thing.x + 12 * unit)} y={thing.y + 19 * unit}>{ruler.fit(first, thing.w - 22 * unit, 'code')}</text>
			<text class="topo-small topo-soft" x={flip(thing.x + 12 * unit)} y={thing.y + 36 * unit}>{ruler.fit(second, thing.w - 22 * unit, 'small')}</text>
		</>
	)
}

function AreaFace({ thing, look: { unit, ruler, flip } }: { thing: Thing; look: Look }) {
	const { area } = thing
	const at = `translate(${flip(thing.x + 4 * unit, 12 * unit)} ${thing.y + 8 * unit})`
	return (
		<>
			{area.number >= 0 ? <rect class={`topo-dot ${zone_class(area)}`} transform={at} width={11 * unit} height={11 * unit} rx={4 * unit} /> : <g transform={at}><Icon name={area.key ? 'box' : 'unlink'} size={13 * unit} /></g>}
			<text class="topo-title" x={flip(thing.x + 22 * unit)} y={thing.y + 19 * unit}>{ruler.fit(area_name(area), thing.w - 26 * unit, 'title')}</text>
		</>
	)
}

const reach_words = ({ reach, area }: Thing) => [reach!.to === area.key ? t('topology-itself') : zone_name(reach!.to), reach!.words]

function ReachFace({ thing, look: { unit, ruler, flip } }: { thing: Thing; look: Look }) {
	const [whole, words] = reach_words(thing)
	const to = ruler.fit(whole, thing.w - 38 * unit, 'bold')
	const name = ruler(to, 'bold')
	const x = thing.x + 28 * unit
	return (
		<>
			<g transform={`translate(${flip(thing.x + 8 * unit, 15 * unit)} ${thing.y + 6.5 * unit})`}><Icon name={VERDICT_ICONS[thing.reach!.verdict]} size={15 * unit} /></g>
			<text class="topo-bold" x={flip(x)} y={thing.y + 18.5 * unit}>{to}</text>
			{words && to === whole && <text class="topo-small topo-soft" x={flip(x + name + 6 * unit)} y={thing.y + 18.5 * unit}>{ruler.fit(words, thing.w - name - 44 * unit, 'small')}</text>}
		</>
	)
}

function Face(props: { thing: Thing; look: Look }) {
	const { kind, port, text, own, gate, count } = props.thing
	if (kind === 'port')
		return <PortFace {...props} />
	if (kind === 'area')
		return <AreaFace {...props} />
	if (kind === 'reach')
		return <ReachFace {...props} />
	if (kind === 'net')
		return <TwoLines {...props} first={text!} second={t('topology-here', { own: own!.join(', ') })} />
	return kind === 'gate' ? <TwoLines {...props} first={gate!.via || gate!.to[0]} second={[gate_words(gate!), gate!.name].filter(Boolean).join(' · ')} />
		: <TwoLines {...props} first={t('topology-n-more', { count: count! })} second={shown_name(port!.link)} />
}

/** As thick as much goes through: a line for nothing, one more pixel for each hundredfold from 10 kb/s on. */
function WireLine({ wire, flip }: { wire: Wire; flip: Look['flip'] }) {
	void series_tick.value
	const { rx, tx } = rates_of(wire.port)
	const up = link_state(wire.port).tone === 'good'
	const level = up ? Math.max(0, Math.min(3, Math.floor(Math.log10((rx + tx) * 8 / 1e4 + 1) / 2 + 0.5))) : 0
	const [x1, y1, x2, y2] = [flip(wire.d[0]), wire.d[1], flip(wire.d[2]), wire.d[3]]
	const middle = (x1 + x2) / 2
	return <path class={`topo-wire topo-wire-${up ? level : 'down'}`} d={wire.is_down ? `M${x1} ${y1}V${y2}H${x2}` : `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`} />
}

function WayLine({ way, start, flip, tone }: { way: Way; start: number; flip: Look['flip']; tone: string }) {
	const round = Math.min(7, Math.abs(way.y2 - way.y1) / 2)
	const sign = way.y2 > way.y1 ? 1 : -1
	const [edge, track, curve] = [flip(start), flip(way.track), flip(way.track + round)]
	const tip = flip(start - 1)
	const back = flip(start - 9)
	return (
		<g class={`topo-way topo-way-${way.verdict} ${tone}`}>
			<path d={`M${edge} ${way.y1}H${curve}Q${track} ${way.y1} ${track} ${way.y1 + sign * round}V${way.y2 - sign * round}Q${track} ${way.y2} ${curve} ${way.y2}H${back}`} />
			<path class="topo-tip" d={`M${tip} ${way.y2}L${back} ${way.y2 - 4.5}V${way.y2 + 4.5}Z`} />
		</g>
	)
}

/** How wide the place of the picture is, and how big the reader's letters are. */
function use_room() {
	const place = useRef<HTMLDivElement>(null)
	const [room, set_room] = useState({ width: 0, unit: 1, rtl: false })
	useEffect(() => {
		const look = () => set_room({ width: Math.floor(place.current?.clientWidth ?? 0), unit: parseFloat(getComputedStyle(document.documentElement).fontSize) / 16, rtl: getComputedStyle(document.documentElement).direction === 'rtl' })
		const watch = new ResizeObserver(look)
		watch.observe(place.current!)
		const turn = new MutationObserver(look)
		turn.observe(document.documentElement, { attributeFilter: ['dir'] })
		look()
		return () => {
			watch.disconnect()
			turn.disconnect()
		}
	}, [])
	return { place, ...room }
}

function use_picture(areas: Area[], width: number, unit: number, lit: string | null): { picture: Picture | null; ruler: Ruler } {
	const ruler = useMemo(() => make_ruler(unit), [unit])
	const picture = useMemo(() => width < 1 ? null : lay_out(areas, width, unit, reach => ruler(zone_name(reach.to), 'bold') + (reach.words ? ruler(reach.words, 'small') + 6 * unit : 0) + 38 * unit,
		area => ruler(area_name(area), 'title') + 30 * unit, area => ruler(note_of(area), 'small'), lit), [areas, width, unit, lit, ruler])
	return { picture, ruler }
}

/** matches: whether a thing of these words is searched for; null when nothing is. focus: goes to the first of them. */
export function TopologyPicture({ areas, matches, focus }: { areas: Area[]; matches: ((words: string) => boolean) | null; focus: { current: () => void } }) {
	const { place, width, unit, rtl } = use_room()
	const [at, set_at] = useState('')
	const [pointed, set_pointed] = useState<Thing | null>(null)
	const [focused, set_focused] = useState<Thing | null>(null)
	const lit = pointed ?? focused
	const { picture, ruler } = use_picture(areas, width, unit, lit?.area.key ?? null)
	const flip = (x: number, w = 0) => rtl ? width - x - w : x
	const look: Look = { unit, ruler, flip }
	const things = picture?.things ?? []
	const here = things.find(one => one.id === at) ?? things[0]
	const element = (id: string) => place.current?.querySelector<SVGElement>(`[data-thing="${CSS.escape(id)}"]`)
	const go_to = (thing: Thing | null | undefined) => {
		if (!thing)
			return
		set_at(thing.id)
		element(thing.id)?.focus()
	}
	focus.current = () => go_to(things.find(one => matches?.(words_of_thing(one))))
	const on_key = (event: KeyboardEvent) => {
		const key = rtl && event.key.startsWith('Arrow') ? ({ ArrowLeft: 'ArrowRight', ArrowRight: 'ArrowLeft' } as Record<string, string>)[event.key] ?? event.key : event.key
		const next = !here || event.ctrlKey || event.altKey || event.metaKey ? undefined : key === 'Home' ? things[0] : key === 'End' ? things.at(-1) : key.startsWith('Arrow') ? neighbour(things, here, key) : undefined
		if (next === undefined)
			return
		event.preventDefault()
		go_to(next)
	}
	const tone_of = (way: Way) => !lit ? '' : (lit.kind === 'reach' ? way.from === lit.area.key && way.to === lit.reach!.to : way.from === lit.area.key || way.to === lit.area.key) ? 'topo-lit' : 'topo-rest'
	return (
		<div class="topo"><div ref={place}>
			{picture && <svg width={picture.width} height={picture.height} viewBox={`0 0 ${picture.width} ${picture.height}`} role="group" aria-label={t('topology-picture')} aria-describedby="topology-how" onKeyDown={on_key}>
				{picture.bands.map(band => <rect key={band.area.key} class={`topo-band ${zone_class(band.area)}`} x={flip(band.x, band.w)} y={band.y} width={band.w} height={band.h} rx={14 * unit} />)}
				{picture.bands.map(band => band.area.number >= 0 && <rect key={`edge ${band.area.key}`} class={`topo-dot ${zone_class(band.area)}`} x={flip(band.x, 4)} y={band.y + 16} width={4} height={band.h - 32} rx={2} />)}
				<g aria-hidden="true">
					{picture.ways.map(way => <WayLine key={way.id} way={way} start={picture.start} flip={flip} tone={tone_of(way)} />)}
					{picture.wires.map(wire => <WireLine key={wire.id} wire={wire} flip={flip} />)}
				</g>
				{picture.notes.map(note => <text key={note.area.key} class="topo-small topo-soft" x={flip(note.x)} y={note.y + 18.5 * unit}>{note_of(note.area)}</text>)}
				{things.map(thing => {
					const words = words_of_thing(thing)
					return (
						<a key={thing.id} href={target_of(thing)} data-thing={thing.id} data-kind={thing.kind} tabIndex={thing === here ? 0 : -1} aria-label={words}
							class={`topo-thing topo-${thing.kind}${thing.reach ? ` matrix-${thing.reach.verdict}` : ''}${matches?.(words) ? ' topo-found' : ''}`}
							onFocus={() => { set_at(thing.id); set_focused(thing) }} onBlur={() => set_focused(null)} onPointerEnter={() => set_pointed(thing)} onPointerLeave={() => set_pointed(null)}>
							<rect class="topo-box" x={flip(thing.x, thing.w)} y={thing.y} width={thing.w} height={thing.h} rx={(thing.kind === 'reach' ? 14 : 9) * unit} />
							<Face thing={thing} look={look} />
						</a>
					)
				})}
			</svg>}
			{picture?.are_hidden && <p class="topo-note">{t('topology-too-many')}</p>}
		</div></div>
	)
}

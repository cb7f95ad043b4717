// SPDX-License-Identifier: GPL-3.0-or-later
// A line or two over time. uPlot comes in a chunk of its own, after the page stands.
import { useEffect, useRef, useState } from 'preact/hooks'
import type UPlot from 'uplot'
import { bit_rate_text } from '../core/format'
import { DAY, lines_of, span } from '../core/history'
import { series_tick } from '../core/live'
import { is_dark } from '../core/theme'
import { t } from '../core/words'

const MARKS: [number, number[]][] = [[60, [45, 30, 15, 0]], [120, [90, 60, 30, 0]], [300, [240, 180, 120, 60, 0]], [600, [480, 360, 240, 120, 0]], [DAY, [64800, 43200, 21600, 0]]]
const LIBRARY = () => import('./uplot')
const back = (seconds: number) => seconds === 0 ? t('time-back-now') : seconds >= 7200 ? t('time-back-hours', { count: seconds / 3600 })
	: seconds > 90 ? t('time-back-minutes', { count: seconds / 60 }) : t('time-back-seconds', { count: seconds })

export interface Reading {
	time: number | null	// null: now
	rx: number
	tx: number
}

/** One line of a plot, and how its numbers are written. */
export interface PlotKind {
	lines: { name: string; token: string }[]
	top: (most: number) => number
	words: (value: number) => string
}

const RATES: PlotKind = { lines: [{ name: 'rx', token: '--plot-in' }, { name: 'tx', token: '--plot-out' }], top: round_top,
	words: value => value ? bit_rate_text(value).replace(/\.0+(?= )|(\.\d*[1-9])0+(?= )/, '$1') : '0' }

function colour(element: Element, token: string) {
	const probe = document.createElement('span')
	probe.style.color = `var(${token})`
	element.append(probe)
	const value = getComputedStyle(probe).color
	probe.remove()
	return value
}

const see_through = (rgb: string, alpha: number) => rgb.replace(/^rgb\(([^)]+)\)$/, `rgba($1, ${alpha})`)

function fill_of(line: string) {
	return (plot: UPlot) => {
		const shade = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height)
		shade.addColorStop(0, see_through(line, 0.3))
		shade.addColorStop(1, see_through(line, 0.02))
		return shade
	}
}

/** Round tops in bits: the axis shows 1, 2 or 5 of a power of ten. */
function round_top(bytesPerSecond: number) {
	const bits = Math.max(bytesPerSecond * 8, 1000)
	const power = 10 ** Math.floor(Math.log10(bits))
	const top = [1, 2, 5, 10].find(step => step * power >= bits) ?? 10
	return top * power / 8
}

interface Look {
	width: number
	height: number
	text: string
	grid: string
	strokes: string[]	// of the lines
	axis: number		// how wide that of the values is
}

const look_of = (element: HTMLElement, kind: PlotKind): Omit<Look, 'height' | 'axis'> => ({ width: Math.max(120, element.clientWidth), text: colour(element, '--text-faint'),
	grid: colour(element, '--plot-grid'), strokes: kind.lines.map(line => colour(element, line.token)) })

/** uPlot gives each plot a getter of its own. V8 would write the getter of one into the shape that all plots share, and hold that plot with all it refers to while there are
 *  plots: an object that has lost a member has a shape of its own (ADR 245). */
function stand_alone(plot: UPlot) {
	const { under } = plot
	Reflect.deleteProperty(plot, 'under')
	Object.assign(plot, { under })
}

/** For the same reason none of these functions knows an element of the page: through it a plot would hold the whole page that was left. */
function options_of({ width, height, text, grid, strokes, axis: wide }: Look, kind: PlotKind, read: () => number[][], onReading: ((reading: Reading | null) => void) | undefined): UPlot.Options {
	const axis = { stroke: text, font: '11px Inter, system-ui, sans-serif', ticks: { show: false }, grid: { stroke: grid, width: 1 } }
	const newest = () => Date.now() / 1000
	// A young plot shows the last minute, an old one as much as is asked for.
	const shown = () => span.value === DAY ? MARKS[4] : MARKS.slice(0, 4).find(([seconds]) => newest() - (read()[0][0] ?? newest()) <= seconds + 2) ?? MARKS[3]
	const marks = () => shown()[1].map((_, at, all) => newest() - shown()[0] / (all.length === 5 ? 5 : 4) * (all.length - 1 - at))
	return {
		width,
		height,
		padding: [8, 18, 0, 0],
		legend: { show: false },
		plugins: [{ hooks: {}, opts: stand_alone }],
		cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false }, sync: { key: 'throughput' } },
		scales: {
			x: { time: false, range: () => [newest() - shown()[0], newest()] },
			y: { range: (_plot, _low, high) => [0, kind.top(high ?? 0)] },
		},
		axes: [
			{ ...axis, size: 24, splits: marks, values: () => shown()[1].map(back) },
			{ ...axis, size: wide, splits: (_plot, _at, _low, high) => [0, high / 2, high], values: (_plot, splits) => splits.map(kind.words) },
		],
		series: [{}, ...kind.lines.map(({ name }, at) => ({ label: name, stroke: strokes[at], width: 1.75, fill: fill_of(strokes[at]), points: { show: false } }))],
		hooks: {
			setCursor: [plot => {
				const at = plot.cursor.idx
				const [time, rx, tx] = read()
				onReading?.(at === null || at === undefined || time[at] === undefined ? null : { time: time[at], rx: rx[at], tx: tx?.[at] ?? 0 })
			}],
		},
	}
}

export function Plot({ link, kind = RATES, height = 150, label, onReading, axis = 62 }: { link?: string; kind?: PlotKind; height?: number; label: string
		axis?: number; onReading?: (reading: Reading | null) => void }) {
	const box = useRef<HTMLDivElement>(null)
	const plot = useRef<UPlot | null>(null)
	const [library, set_library] = useState<typeof UPlot | null>(null)
	const dark = is_dark()
	const read = () => lines_of(kind.lines.map(line => line.name), link)

	useEffect(() => {
		let wanted = true
		void LIBRARY().then(module => wanted && set_library(() => module.default))
		return () => { wanted = false }
	}, [])

	useEffect(() => {
		const element = box.current
		if (!library || !element)
			return
		const made = new library(options_of({ ...look_of(element, kind), height, axis }, kind, read, onReading), read() as UPlot.AlignedData, element)
		plot.current = made
		const watch = new ResizeObserver(() => made.setSize({ width: Math.max(120, element.clientWidth), height }))
		watch.observe(element)
		return () => {
			watch.disconnect()
			made.destroy()
			plot.current = null
		}
	}, [library, link, kind, height, dark])

	useEffect(() => {
		const draw = () => plot.current?.setData(read() as UPlot.AlignedData)
		const ends = [series_tick.subscribe(draw), span.subscribe(draw)]
		return () => ends.forEach(end => end())
	}, [link, kind])

	return <div class="plot" role="img" aria-label={label} style={{ height: `${height}px` }} ref={box} />
}

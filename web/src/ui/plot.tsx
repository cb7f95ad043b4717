// SPDX-License-Identifier: GPL-3.0-or-later
// Throughput of one interface over the last five minutes. uPlot comes in a chunk of its own, after the page stands.
import { useEffect, useRef, useState } from 'preact/hooks'
import type UPlot from 'uplot'
import { bit_rate_text } from '../core/format'
import { series, series_tick } from '../core/live'
import { is_dark } from '../core/theme'
import { t } from '../core/words'

const SPANS: [number, number[]][] = [[60, [45, 30, 15, 0]], [120, [90, 60, 30, 0]], [300, [240, 180, 120, 60, 0]]]
const back = (seconds: number) => seconds === 0 ? t('time-back-now') : seconds > 90 ? t('time-back-minutes', { count: seconds / 60 }) : t('time-back-seconds', { count: seconds })

export interface Reading {
	time: number | null	// null: now
	rx: number
	tx: number
}

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

function data_of(name: string): UPlot.AlignedData {
	const one = series.get(name)
	return one ? [one.time, one.rx, one.tx] : [[], [], []]
}

function options_of(element: HTMLElement, height: number, name: string, onReading: (reading: Reading | null) => void): UPlot.Options {
	const rx = colour(element, '--plot-in')
	const tx = colour(element, '--plot-out')
	const text = colour(element, '--text-faint')
	const grid = colour(element, '--plot-grid')
	const axis = { stroke: text, font: '11px Inter, system-ui, sans-serif', ticks: { show: false }, grid: { stroke: grid, width: 1 } }
	const newest = () => Date.now() / 1000
	// A young plot shows the last minute, an old one five.
	const span = () => SPANS.find(([seconds]) => newest() - (series.get(name)?.time[0] ?? newest()) <= seconds) ?? SPANS[SPANS.length - 1]
	const marks = () => span()[1].map((_, at, all) => newest() - span()[0] / (all.length === 5 ? 5 : 4) * (all.length - 1 - at))
	return {
		width: Math.max(120, element.clientWidth),
		height,
		padding: [8, 18, 0, 0],
		legend: { show: false },
		cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false }, sync: { key: 'throughput' } },
		scales: {
			x: { time: false, range: () => [newest() - span()[0], newest()] },
			y: { range: (_plot, _low, high) => [0, round_top(high ?? 0)] },
		},
		axes: [
			{ ...axis, size: 24, splits: marks, values: () => span()[1].map(back) },
			{ ...axis, size: 62, splits: (_plot, _at, _low, high) => [0, high / 2, high],
				values: (_plot, splits) => splits.map(value => value ? bit_rate_text(value).replace(/\.0+(?= )|(\.\d*[1-9])0+(?= )/, '$1') : '0') },
		],
		series: [
			{},
			{ stroke: rx, width: 1.75, fill: fill_of(rx), points: { show: false } },
			{ stroke: tx, width: 1.75, fill: fill_of(tx), points: { show: false } },
		],
		hooks: {
			setCursor: [plot => {
				const at = plot.cursor.idx
				const one = series.get(name)
				onReading(at === null || at === undefined || !one || one.time[at] === undefined ? null
					: { time: one.time[at], rx: one.rx[at], tx: one.tx[at] })
			}],
		},
	}
}

export function Plot({ name, height = 150, label, onReading }: { name: string; height?: number; label: string
		onReading: (reading: Reading | null) => void }) {
	const box = useRef<HTMLDivElement>(null)
	const plot = useRef<UPlot | null>(null)
	const [library, set_library] = useState<typeof UPlot | null>(null)
	const dark = is_dark()

	useEffect(() => {
		let wanted = true
		void import('./uplot').then(module => wanted && set_library(() => module.default))
		return () => { wanted = false }
	}, [])

	useEffect(() => {
		const element = box.current
		if (!library || !element)
			return
		const made = new library(options_of(element, height, name, onReading), data_of(name), element)
		plot.current = made
		const watch = new ResizeObserver(() => made.setSize({ width: Math.max(120, element.clientWidth), height }))
		watch.observe(element)
		return () => {
			watch.disconnect()
			made.destroy()
			plot.current = null
		}
	}, [library, name, height, dark])

	useEffect(() => series_tick.subscribe(() => plot.current?.setData(data_of(name))), [name])

	return <div class="plot" role="img" aria-label={label} style={{ height: `${height}px` }} ref={box} />
}

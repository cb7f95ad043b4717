// SPDX-License-Identifier: GPL-3.0-or-later
// A grid that draws only the rows one can see, so that ten thousand cost what thirty cost.
import '../css/window.css'
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'

export interface Column {
	key: string
	text: string
	unseen?: boolean	// a heading for screen readers only
	end?: boolean
}

/** What others may ask of the grid. */
export interface WindowControl {
	element: () => HTMLElement | null
	slotAt: (clientY: number) => number		// the row before which something dropped there would stand
}

interface Props<T> {
	label: string
	columns: Column[]
	items: T[]
	keyOf: (item: T) => string
	heightOf: (item: T) => number
	row: (item: T, at: number) => ComponentChildren
	rowClass?: (item: T) => string
	rowLabel?: (item: T) => string
	class?: string
	focusKey?: string | null		// bring this row into sight and focus it
	onFocused?: () => void
	onKey?: (event: KeyboardEvent, item: T, at: number) => void
	onOpen?: (item: T) => void
	stickToTop?: boolean			// a log: stay where one reads although rows arrive above
	empty?: ComponentChildren
	chosen?: Set<string>			// the keys of chosen rows: the grid has a selection
	onPress?: (event: MouseEvent, item: T, at: number) => void	// a click beside the controls of a row
	drop?: number | null			// a line before this row: here it would go
	control?: RefObject<WindowControl>
}

const SPARE = 6
const HEAD = 40

/** Where each row begins; the last entry is the height of all. */
function offsets_of<T>(items: T[], heightOf: (item: T) => number) {
	const offsets = new Float64Array(items.length + 1)
	for (let at = 0; at < items.length; at++)
		offsets[at + 1] = offsets[at] + heightOf(items[at])
	return offsets
}

/** The row at this height. */
function row_at(offsets: Float64Array, height: number) {
	let low = 0
	let high = offsets.length - 1
	while (low < high) {
		const middle = (low + high + 1) >> 1
		if (offsets[middle] <= height)
			low = middle
		else
			high = middle - 1
	}
	return low
}

const is_control = (target: EventTarget | null) => (target as Element | null)?.closest?.('button, a, input, label, select, [popover], .grip') !== null

export function Window<T>(props: Props<T>) {
	const { items, keyOf } = props
	const scroller = useRef<HTMLDivElement>(null)
	const [top, set_top] = useState(0)
	const [height, set_height] = useState(600)
	const active = useRef<{ key: string | null; at: number }>({ key: null, at: 0 })
	const [, again] = useState(0)
	const want_focus = useRef<string | null>(null)
	const first_key = useRef<string | null>(null)
	// The row that has the focus, or holds the button that has it: a row that changes its place would lose it.
	const focused = scroller.current?.contains(document.activeElement) ? document.activeElement : null
	const held = focused?.closest<HTMLElement>('[data-key]')?.dataset.key
	const held_label = focused?.getAttribute('aria-label')
	const measure = items.length ? props.heightOf(items[0]) : 0
	const offsets = useMemo(() => offsets_of(items, props.heightOf), [items, measure])

	useEffect(() => {
		const element = scroller.current
		if (!element)
			return
		const watch = new ResizeObserver(() => set_height(element.clientHeight))
		watch.observe(element)
		return () => watch.disconnect()
	}, [])

	// Rows that arrive above must not push away what somebody is reading.
	useLayoutEffect(() => {
		const element = scroller.current
		if (props.stickToTop && element && element.scrollTop > measure && first_key.current !== null) {
			const moved = items.findIndex(item => keyOf(item) === first_key.current)
			if (moved > 0)
				element.scrollTop += offsets[moved]
		}
		first_key.current = items.length ? keyOf(items[0]) : null
	}, [items])

	const set_active = (at: number) => {
		if (active.current.at === at && active.current.key === keyOf(items[at]))
			return
		active.current = { key: keyOf(items[at]), at }
		again(count => count + 1)
	}

	const reveal = (at: number) => {
		const element = scroller.current
		if (!element)
			return
		if (offsets[at] < element.scrollTop)
			element.scrollTop = offsets[at]
		else if (offsets[at + 1] > element.scrollTop + element.clientHeight - HEAD)
			element.scrollTop = offsets[at + 1] - element.clientHeight + HEAD
	}

	useEffect(() => {
		if (!props.focusKey)
			return
		const at = items.findIndex(item => keyOf(item) === props.focusKey)
		if (at < 0)
			return
		reveal(at)
		set_active(at)
		want_focus.current = props.focusKey
		props.onFocused?.()
	}, [props.focusKey, items])

	// Before the next key can arrive, so that a held arrow loses no step.
	useLayoutEffect(() => {
		if (want_focus.current === null)
			return
		const element = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(want_focus.current)}"]`)
		if (element) {
			want_focus.current = null
			element.focus({ preventScroll: true })
		}
	})

	useLayoutEffect(() => {
		if (!held || document.activeElement !== document.body)
			return
		const at = items.findIndex(item => keyOf(item) === held)
		if (at < 0)
			return
		reveal(at)
		set_active(at)
		const row = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(held)}"]`)
		const inner = held_label ? row?.querySelector<HTMLButtonElement>(`[aria-label="${CSS.escape(held_label)}"]`) : null
		if (row)
			(inner && !inner.disabled ? inner : row).focus({ preventScroll: true })
		else
			want_focus.current = held
	}, [items])

	if (props.control) {
		props.control.current = {
			element: () => scroller.current,
			slotAt: client => {
				const element = scroller.current
				if (!element)
					return 0
				const head = element.querySelector('.window-head')?.getBoundingClientRect().height ?? 0
				const y = client - element.getBoundingClientRect().top - element.clientTop - (head > 1 ? head : 0) + element.scrollTop
				const at = Math.min(row_at(offsets, y), items.length - 1)
				return Math.max(0, y > (offsets[at] + offsets[at + 1]) / 2 ? at + 1 : at)
			},
		}
	}

	const step_to = (at: number) => {
		at = Math.max(0, Math.min(items.length - 1, at))
		reveal(at)
		set_active(at)
		want_focus.current = keyOf(items[at])
	}

	const on_key = (event: KeyboardEvent, item: T, at: number) => {
		if (event.target !== event.currentTarget)
			return
		const page = Math.max(1, row_at(offsets, offsets[at] + height) - at - 2)
		const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -items.length, End: items.length }
		if (event.key in steps && !event.altKey && !event.ctrlKey && !event.metaKey) {
			event.preventDefault()
			step_to(at + steps[event.key])
		} else if (event.key === 'Enter' && props.onOpen) {
			event.preventDefault()
			props.onOpen(item)
		} else {
			props.onKey?.(event, item, at)
		}
	}

	const from = Math.max(0, row_at(offsets, top) - SPARE)
	const to = Math.min(items.length, row_at(offsets, top + height) + 1 + SPARE)
	const same = active.current.key !== null && items[active.current.at] !== undefined && keyOf(items[active.current.at]) === active.current.key
	const followed = same || active.current.key === null ? active.current.at : items.findIndex(item => keyOf(item) === active.current.key)
	const current = Math.max(0, Math.min(followed < 0 ? active.current.at : followed, items.length - 1))
	// The row that has the focus stays in the page even when it is scrolled out of sight.
	const shown = Array.from({ length: to - from }, (_, offset) => from + offset)
	if (items.length && (current < from || current >= to))
		current < from ? shown.unshift(current) : shown.push(current)
	return (
		<div class={`window ${props.class ?? ''}`} ref={scroller} onScroll={event => set_top(event.currentTarget.scrollTop)} tabIndex={items.length ? -1 : 0}
			role="grid" aria-label={props.label} aria-rowcount={items.length + 1} aria-colcount={props.columns.length} aria-multiselectable={props.chosen ? true : undefined}>
			<div class="window-head" role="rowgroup">
				<div class="window-row" role="row" aria-rowindex={1}>
					{props.columns.map(column => (
						<span key={column.key} role="columnheader" class={`cell cell-${column.key}${column.end ? ' cell-end' : ''}`}>
							{column.unseen ? <span class="unseen">{column.text}</span> : column.text}
						</span>
					))}
				</div>
			</div>
			{items.length > 0 && <div class="window-body" role="rowgroup" style={{ height: `${offsets[items.length]}px` }}>
				{shown.map(at => {
					const item = items[at]
					const key = keyOf(item)
					return (
						<div key={key} data-key={key} role="row" aria-rowindex={at + 2} class={`window-row ${props.rowClass?.(item) ?? ''}`}
							aria-label={props.rowLabel?.(item)} aria-selected={props.chosen ? props.chosen.has(key) : undefined} tabIndex={at === current ? 0 : -1}
							style={{ transform: `translateY(${offsets[at]}px)`, height: `${offsets[at + 1] - offsets[at]}px` }}
							onFocus={() => set_active(at)} onKeyDown={event => on_key(event, item, at)}
							onMouseDown={event => { if (props.chosen && event.shiftKey) event.preventDefault() }}
							onClick={event => { if (!is_control(event.target)) props.onPress?.(event, item, at) }}
							onDblClick={event => { if (!is_control(event.target)) props.onOpen?.(item) }}>
							{props.row(item, at)}
						</div>
					)
				})}
				{props.drop !== undefined && props.drop !== null && <div class="drop-line" aria-hidden="true" style={{ transform: `translateY(${offsets[props.drop]}px)` }} />}
			</div>}
			{items.length === 0 && <div class="window-empty" role="row"><div role="gridcell">{props.empty}</div></div>}
		</div>
	)
}

// SPDX-License-Identifier: GPL-3.0-or-later
// A grid that draws only the rows one can see, so that ten thousand cost what thirty cost. Rows have one height.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Column {
	key: string
	text: string
	unseen?: boolean	// a heading for screen readers only
	end?: boolean
}

interface Props<T> {
	label: string
	columns: Column[]
	items: T[]
	keyOf: (item: T) => string
	rowHeight: number
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
}

const SPARE = 6

export function Window<T>(props: Props<T>) {
	const { items, rowHeight, keyOf } = props
	const scroller = useRef<HTMLDivElement>(null)
	const [top, set_top] = useState(0)
	const [height, set_height] = useState(600)
	const [active, set_active] = useState(0)
	const want_focus = useRef<string | null>(null)
	const first_key = useRef<string | null>(null)

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
		if (props.stickToTop && element && element.scrollTop > rowHeight && first_key.current !== null) {
			const moved = items.findIndex(item => keyOf(item) === first_key.current)
			if (moved > 0)
				element.scrollTop += moved * rowHeight
		}
		first_key.current = items.length ? keyOf(items[0]) : null
	}, [items])

	const reveal = (at: number) => {
		const element = scroller.current
		if (!element)
			return
		const head = 36
		if (at * rowHeight < element.scrollTop)
			element.scrollTop = at * rowHeight
		else if ((at + 1) * rowHeight > element.scrollTop + element.clientHeight - head)
			element.scrollTop = (at + 1) * rowHeight - element.clientHeight + head
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

	useEffect(() => {
		if (want_focus.current === null)
			return
		const element = scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(want_focus.current)}"]`)
		if (element) {
			want_focus.current = null
			element.focus({ preventScroll: true })
		}
	})

	const step_to = (at: number) => {
		at = Math.max(0, Math.min(items.length - 1, at))
		reveal(at)
		set_active(at)
		want_focus.current = keyOf(items[at])
	}

	const page = Math.max(1, Math.floor(height / rowHeight) - 1)
	const on_key = (event: KeyboardEvent, item: T, at: number) => {
		if (event.target !== event.currentTarget)
			return
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

	const from = Math.max(0, Math.floor(top / rowHeight) - SPARE)
	const to = Math.min(items.length, Math.ceil((top + height) / rowHeight) + SPARE)
	const current = Math.min(active, Math.max(0, items.length - 1))
	return (
		<div class={`window ${props.class ?? ''}`} ref={scroller} onScroll={event => set_top(event.currentTarget.scrollTop)} tabIndex={items.length ? -1 : 0}
			role="grid" aria-label={props.label} aria-rowcount={items.length + 1} aria-colcount={props.columns.length}>
			<div class="window-head" role="rowgroup">
				<div class="window-row" role="row" aria-rowindex={1}>
					{props.columns.map(column => (
						<span key={column.key} role="columnheader" class={`cell cell-${column.key}${column.end ? ' cell-end' : ''}`}>
							{column.unseen ? <span class="unseen">{column.text}</span> : column.text}
						</span>
					))}
				</div>
			</div>
			{items.length > 0 && <div class="window-body" role="rowgroup" style={{ height: `${items.length * rowHeight}px` }}>
				{items.slice(from, to).map((item, offset) => {
					const at = from + offset
					const key = keyOf(item)
					return (
						<div key={key} data-key={key} role="row" aria-rowindex={at + 2} class={`window-row ${props.rowClass?.(item) ?? ''}`}
							aria-label={props.rowLabel?.(item)} tabIndex={at === current ? 0 : -1}
							style={{ transform: `translateY(${at * rowHeight}px)`, height: `${rowHeight}px` }}
							onFocus={() => set_active(at)} onKeyDown={event => on_key(event, item, at)}
							onDblClick={() => props.onOpen?.(item)}>
							{props.row(item, at)}
						</div>
					)
				})}
			</div>}
			{items.length === 0 && <div class="window-empty" role="row"><div role="gridcell">{props.empty}</div></div>}
		</div>
	)
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Dragging rows of a windowed grid by a handle, with mouse, pen or finger. Pointer events alone: they work under the strict policy, on touch
// screens and while the grid scrolls. Whoever uses it gives every drag a way by keyboard and by menu too.
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { WindowControl } from './window'

const SLACK = 5			// pixels before a press becomes a drag
const EDGE = 48			// where it begins to scroll
const SPEED = 24		// pixels a frame at the very edge

export interface Drag {
	key: string
	slot: number		// between which rows: before the row with this index
}

interface Hold {
	key: string
	x: number
	y: number
	pointer: number
	moving: boolean
}

export function useDrag(control: RefObject<WindowControl>, onDrop: (drag: Drag) => void) {
	const [drag, set_drag] = useState<Drag | null>(null)
	const ghost = useRef<HTMLDivElement>(null)
	const hold = useRef<Hold | null>(null)
	const last = useRef<Drag | null>(null)
	const drop = useRef(onDrop)
	drop.current = onDrop

	useEffect(() => {
		let frame = 0
		const put = (next: Drag | null) => {
			if (last.current?.slot !== next?.slot || last.current?.key !== next?.key)
				set_drag(next)
			last.current = next
		}
		const show = () => {
			const held = hold.current
			if (!held?.moving)
				return
			if (ghost.current)
				ghost.current.style.transform = `translate(${held.x}px, ${held.y}px)`
			put({ key: held.key, slot: control.current?.slotAt(held.y) ?? 0 })
		}
		const scroll = () => {
			const held = hold.current
			const box = control.current?.element()?.getBoundingClientRect()
			if (!held?.moving || !box)
				return
			const over = held.y < box.top + EDGE ? held.y - box.top - EDGE : held.y > box.bottom - EDGE ? held.y - box.bottom + EDGE : 0
			if (over)
				control.current?.element()?.scrollBy(0, Math.max(-1.5, Math.min(1.5, over / EDGE)) * SPEED)
			show()
			frame = requestAnimationFrame(scroll)
		}
		const end = (done: boolean) => {
			cancelAnimationFrame(frame)
			const result = last.current
			const was = hold.current?.moving
			hold.current = null
			put(null)
			document.documentElement.classList.remove('dragging')
			if (done && was && result)
				drop.current(result)
		}
		const move = (event: PointerEvent) => {
			const held = hold.current
			if (!held || event.pointerId !== held.pointer)
				return
			if (!held.moving && Math.hypot(event.clientX - held.x, event.clientY - held.y) < SLACK)
				return
			held.x = event.clientX
			held.y = event.clientY
			if (!held.moving) {
				held.moving = true
				document.documentElement.classList.add('dragging')
				frame = requestAnimationFrame(scroll)
			}
			show()
		}
		const up = (event: PointerEvent) => hold.current?.pointer === event.pointerId && end(event.type === 'pointerup')
		const key = (event: KeyboardEvent) => {
			if (hold.current && event.key === 'Escape') {
				event.preventDefault()
				event.stopPropagation()
				end(false)
			}
		}
		addEventListener('pointermove', move)
		addEventListener('pointerup', up)
		addEventListener('pointercancel', up)
		addEventListener('keydown', key, true)
		return () => {
			end(false)
			removeEventListener('pointermove', move)
			removeEventListener('pointerup', up)
			removeEventListener('pointercancel', up)
			removeEventListener('keydown', key, true)
		}
	}, [])

	/** For the handle of the row with this key. The row takes the focus: what has it stays in the page while the grid scrolls. */
	const grip = (key: string) => ({
		onPointerDown: (event: PointerEvent) => {
			if (event.button !== 0)
				return
			event.preventDefault()
			;(event.currentTarget as HTMLElement).closest<HTMLElement>('[data-key]')?.focus({ preventScroll: true })
			hold.current = { key, x: event.clientX, y: event.clientY, pointer: event.pointerId, moving: false }
		},
	})
	return { drag, ghost, grip }
}

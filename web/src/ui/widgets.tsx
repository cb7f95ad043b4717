// SPDX-License-Identifier: GPL-3.0-or-later
// Widgets on a grid that a person arranges: by dragging, or with buttons that do the same.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { keep_layout, layout, put_at, SIZES, type Size } from '../core/layout'
import { msg, t } from '../core/words'
import { Icon, type IconName } from './icon'
import { Button, IconButton } from './parts'

export interface Widget {
	key: string
	text: string
	icon: IconName
	size: Size
	show: () => ComponentChildren
}

const SIZE_NAMES: Record<Size, string> = { full: msg('widgets-full-width'), half: msg('widgets-half-width'), third: msg('widgets-third') }

export function Board({ widgets, arranging }: { widgets: Widget[]; arranging: boolean }) {
	const [told, set_told] = useState('')
	const [held, set_held] = useState<string | null>(null)
	const board = useRef<HTMLDivElement>(null)
	const by_key = new Map(widgets.map(one => [one.key, one]))
	const places = layout.value.filter(one => by_key.has(one.key))
	const shown = places.filter(one => !one.hidden)
	const change = (key: string, part: object) => keep_layout(layout.value.map(one => one.key === key ? { ...one, ...part } : one))

	useEffect(() => {
		if (!held)
			return
		const move = (event: PointerEvent) => {
			const over = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>('[data-widget]')?.dataset.widget
			if (over && over !== held)
				layout.value = put_at(layout.value, held, over)
		}
		const end = () => {
			set_held(null)
			keep_layout(layout.value)
		}
		addEventListener('pointermove', move)
		addEventListener('pointerup', end)
		addEventListener('pointercancel', end)
		document.documentElement.classList.add('dragging')
		return () => {
			removeEventListener('pointermove', move)
			removeEventListener('pointerup', end)
			removeEventListener('pointercancel', end)
			document.documentElement.classList.remove('dragging')
		}
	}, [held])

	const step = (key: string, by: number) => {
		const at = shown.findIndex(one => one.key === key)
		const beside = shown[at + by]
		if (!beside)
			return
		keep_layout(put_at(layout.value, key, beside.key))
		set_told(t('widgets-is-now', { name: by_key.get(key)?.text, at: at + by + 1, all: shown.length }))
		setTimeout(() => board.current?.querySelector<HTMLButtonElement>(`[data-widget="${key}"] [data-step="${by}"]`)?.focus(), 0)
	}
	return (
		<div class={`board${arranging ? ' board-arranging' : ''}`} ref={board}>
			<p class="unseen" role="status">{told}</p>
			{shown.map((place, at) => {
				const widget = by_key.get(place.key)!
				const smaller = SIZES[(SIZES.indexOf(place.size) + 1) % SIZES.length]
				return (
					<div key={place.key} data-widget={place.key} class={`widget widget-${place.size}${held === place.key ? ' widget-held' : ''}`}>
						{arranging && <div class="widget-bar">
							<span class="grip" title={t('widgets-drag')} onPointerDown={event => {
								if (event.button !== 0)
									return
								event.preventDefault()
								;(event.target as Element).releasePointerCapture?.(event.pointerId)
								set_held(place.key)
							}}><Icon name="grip" size={16} /></span>
							<b>{widget.text}</b>
							<IconButton data-step={-1} label={t('widgets-earlier', { name: widget.text })} icon="up" disabled={at === 0} onClick={() => step(place.key, -1)} />
							<IconButton data-step={1} label={t('widgets-later', { name: widget.text })} icon="down" disabled={at === shown.length - 1} onClick={() => step(place.key, 1)} />
							<Button small kind="quiet" onClick={() => change(place.key, { size: smaller })} aria-label={t('widgets-size', { name: widget.text, size: t(SIZE_NAMES[place.size]), other: t(SIZE_NAMES[smaller]) })}>{t(SIZE_NAMES[place.size])}</Button>
							<IconButton label={t('widgets-hide', { name: widget.text })} icon="x" onClick={() => change(place.key, { hidden: true })} />
						</div>}
						<div class="widget-body" inert={arranging}>{widget.show()}</div>
					</div>
				)
			})}
			{arranging && places.some(one => one.hidden) && <div class="widget widget-full widget-more" role="group" aria-label={t('widgets-hidden')}>
				{places.filter(one => one.hidden).map(one => <Button key={one.key} small icon="plus" onClick={() => change(one.key, { hidden: false })}>{by_key.get(one.key)?.text}</Button>)}
			</div>}
		</div>
	)
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Dialogs and menus on the browser's own <dialog> and popover: focus, Escape and the backdrop are its work.
import '../css/dialog.css'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icon'
import { IconButton } from './parts'
import { t } from '../core/words'

export function Dialog({ title, lead, onClose, children, actions, sheet, onSubmit, wide }: { title: string; lead?: ComponentChildren
		onClose: () => void; children?: ComponentChildren; actions?: ComponentChildren; sheet?: boolean; wide?: boolean
		onSubmit?: () => void }) {
	const dialog = useRef<HTMLDialogElement>(null)
	const id = useId()
	useEffect(() => {
		const element = dialog.current
		const before = document.activeElement as HTMLElement | null
		element?.showModal()
		element?.querySelector<HTMLElement>('[data-autofocus], .dialog-body input, .dialog-body select, .dialog-body button')?.focus()
		return () => {
			element?.close()
			before?.isConnected && before.focus()
		}
	}, [])
	const content = (
		<>
			<header class="dialog-head">
				<div><h2 id={id}>{title}</h2>{lead && <p>{lead}</p>}</div>
				<IconButton label={t('word-close')} icon="x" onClick={onClose} />
			</header>
			<div class="dialog-body">{children}</div>
			{actions && <footer class="dialog-foot">{actions}</footer>}
		</>
	)
	return (
		<dialog ref={dialog} class={`dialog${sheet ? ' dialog-sheet' : ''}${wide ? ' dialog-wide' : ''}`} aria-labelledby={id}
			onCancel={event => { event.preventDefault(); onClose() }}
			onMouseDown={event => { if (event.target === dialog.current) onClose() }}>
			{onSubmit
				? <form class="dialog-box" noValidate onSubmit={event => { event.preventDefault(); onSubmit() }}>{content}</form>
				: <div class="dialog-box">{content}</div>}
		</dialog>
	)
}

export interface MenuItem {
	text: string
	icon: IconName
	danger?: boolean
	disabled?: boolean
	keys?: string
	then: () => void
}

/** Its items are made when it opens: a list has one in every row. */
export function Menu({ label, items, tabIndex, icon = 'more', children, class: extra }: { label: string; items: MenuItem[]; tabIndex?: number; icon?: IconName
		children?: ComponentChildren; class?: string }) {
	const id = useId()
	const [open, set_open] = useState(false)
	const list = useRef<HTMLDivElement>(null)
	const button = useRef<HTMLButtonElement>(null)

	const place_menu = () => {
		const menu = list.current
		const from = button.current?.getBoundingClientRect()
		if (!menu || !from)
			return
		const box = menu.getBoundingClientRect()
		const below = from.bottom + 4 + box.height < innerHeight
		menu.style.top = `${Math.max(8, below ? from.bottom + 4 : from.top - box.height - 4)}px`
		menu.style.left = `${Math.max(8, Math.min(from.right - box.width, innerWidth - box.width - 8))}px`
	}
	const step = (by: number) => {
		const buttons = [...list.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? []]
		const at = buttons.indexOf(document.activeElement as HTMLElement)
		buttons[(at + by + buttons.length) % buttons.length]?.focus()
	}
	// At once, and not when the browser has painted: the next key is the menu's already.
	useLayoutEffect(() => {
		if (!open)
			return
		list.current?.showPopover()
		place_menu()
		step(1)
	}, [open])
	return (
		<>
			<button ref={button} type="button" class={extra ?? 'icon-button'} aria-label={label} title={label} aria-haspopup="menu" tabIndex={tabIndex}
				onClick={event => { event.stopPropagation(); open ? list.current?.hidePopover() : set_open(true) }}>
				{children ?? <Icon name={icon} />}
			</button>
			{open && <div ref={list} id={id} class="menu" popover="auto" role="menu" aria-label={label}
				onToggle={event => {
					if ((event as ToggleEvent).newState === 'closed')
						set_open(false)
				}}
				onKeyDown={event => {
					event.stopPropagation()
					if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
						event.preventDefault()
						step(event.key === 'ArrowDown' ? 1 : -1)
					} else if (event.key === 'Escape') {
						list.current?.hidePopover()
						button.current?.focus()
					}
				}}>
				{items.map(item => (
					<button key={item.text} type="button" role="menuitem" class={`menu-item${item.danger ? ' menu-danger' : ''}`} disabled={item.disabled}
						onClick={event => {
							event.stopPropagation()
							list.current?.hidePopover()
							item.then()
						}}>
						<Icon name={item.icon} size={17} /><span>{item.text}</span>{item.keys && <kbd>{item.keys}</kbd>}
					</button>
				))}
			</div>}
		</>
	)
}

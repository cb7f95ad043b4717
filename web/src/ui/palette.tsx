// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-K: every page, every setting and every object by some letters of its name. The combobox of the ARIA patterns: the focus stays in the field.
import '../css/dialog.css'
import '../css/palette.css'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { read_page } from '../core/objects'
import { lists_below, page_title, sections, title_of, type FormNode } from '../core/schema'
import { t } from '../core/words'
import { Icon, type IconName } from './icon'

export interface Goal {
	text: string
	more?: string		// what it is, or where
	icon: IconName
	href: string
}

const SHOWN = 40
const PER_LIST = 4
/** Lists whose entries are shown somewhere else than on the page of the schema. */
const OPENERS: Record<string, (key: string) => string> = { '/firewall/rules': key => `#/rules?edit=${encodeURIComponent(key)}` }

/** Every setting with the page it is on. */
function settings_of(nodes: FormNode[], page: FormNode | null, out: Goal[] = []) {
	for (const node of nodes) {
		const home = node.kind === 'list' || node.kind === 'container' ? node : page
		if (home && !node.key)
			out.push({ text: node.kind === 'list' ? page_title(node) : title_of(node.name), more: node === home ? node.description : `${page_title(home)}: ${node.description ?? ''}`,
				icon: 'edit', href: '#/settings' + (node.kind === 'container' && page ? page.path : home.path) })
		settings_of(node.children ?? [], node.kind === 'list' || !page ? node : page, out)
	}
	return out
}

async function objects_of(lists: FormNode[], text: string): Promise<Goal[]> {
	const found = await Promise.all(lists.map(async list => {
		const key = list['key-name'] ?? ''
		const fields = ['description'].filter(name => list.children?.some(child => child.name === name))
		const page = await read_page(list, { q: text, fields: [key, ...fields], limit: PER_LIST }).catch(() => null)
		return (page?.rows ?? []).map(row => {
			const name = String(row[key])
			return { text: name, more: `${page_title(list)}${row.description ? `: ${String(row.description)}` : ''}`, icon: 'box' as IconName,
				href: OPENERS[list.path]?.(name) ?? `#/settings${list.path}?edit=${encodeURIComponent(name)}` }
		})
	}))
	return found.flat()
}

/** All words must be in it; what begins with the text comes first. */
function matching(goals: Goal[], text: string) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean)
	const hit = (goal: Goal) => words.every(word => `${goal.text} ${goal.more ?? ''}`.toLowerCase().includes(word))
	const rank = (goal: Goal) => goal.text.toLowerCase().startsWith(words[0] ?? '') ? 0 : goal.text.toLowerCase().includes(words[0] ?? '') ? 1 : 2
	return goals.filter(hit).sort((a, b) => rank(a) - rank(b))
}

export function Palette({ pages, onClose }: { pages: Goal[]; onClose: () => void }) {
	const id = useId()
	const dialog = useRef<HTMLDialogElement>(null)
	const [text, set_text] = useState('')
	const [fixed, set_fixed] = useState<Goal[]>(pages)
	const [objects, set_objects] = useState<Goal[]>([])
	const [at, set_at] = useState(0)
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null
		dialog.current?.showModal()
		void sections().then(nodes => set_fixed([...pages, ...settings_of(nodes, null)]))
		return () => {
			dialog.current?.close()
			before?.isConnected && before.focus()
		}
	}, [])
	useEffect(() => {
		let wanted = true
		const soon = setTimeout(async () => {
			const found = text.trim().length < 2 ? [] : await objects_of((await sections()).flatMap(lists_below), text.trim())
			if (wanted)
				set_objects(found)
		}, 180)
		return () => {
			wanted = false
			clearTimeout(soon)
		}
	}, [text])

	const goals = (text.trim() ? [...matching(fixed, text).slice(0, 12), ...objects] : pages).slice(0, SHOWN)
	const chosen = Math.min(at, goals.length - 1)
	useEffect(() => document.getElementById(`${id}-${chosen}`)?.scrollIntoView({ block: 'nearest' }), [chosen])
	const open = (goal: Goal | undefined) => {
		if (!goal)
			return
		onClose()
		location.hash = goal.href
	}
	const key = (event: KeyboardEvent) => {
		const steps: Record<string, number> = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, PageDown: chosen + 8, PageUp: chosen - 8 }
		if (event.key in steps) {
			event.preventDefault()
			set_at(Math.max(0, Math.min(goals.length - 1, steps[event.key])))
		} else if (event.key === 'Enter') {
			event.preventDefault()
			open(goals[chosen])
		}
	}
	return (
		<dialog ref={dialog} class="dialog palette" aria-label={t('shell-go-to')} onCancel={event => { event.preventDefault(); onClose() }}
			onMouseDown={event => { if (event.target === dialog.current) onClose() }}>
			<div class="dialog-box">
				<label class="palette-field"><Icon name="search" /><span class="unseen">{t('shell-go-to-a-page-a')}</span>
					<input role="combobox" aria-expanded="true" aria-controls={id} aria-activedescendant={goals.length ? `${id}-${chosen}` : undefined} aria-autocomplete="list"
						value={text} placeholder={t('shell-pages-settings-objects')} spellcheck={false} autoComplete="off" onKeyDown={key}
						onInput={event => { set_text(event.currentTarget.value); set_at(0) }} /><kbd>{t('shell-esc')}</kbd></label>
				<div id={id} class="palette-list" role="listbox" aria-label={t('shell-found')} tabIndex={-1}>
					{goals.map((goal, place) => (
						<div key={goal.href + goal.text} id={`${id}-${place}`} role="option" aria-selected={place === chosen} class="palette-goal"
							onMouseMove={() => set_at(place)} onClick={() => open(goal)}>
							<Icon name={goal.icon} size={17} /><b>{goal.text}</b>{goal.more && <span>{goal.more}</span>}
						</div>
					))}
				</div>
				{goals.length === 0 && <p class="palette-none">{t('shell-nothing-is-called', { text })}</p>}
				<p class="unseen" role="status">{t('shell-found-2', { count: goals.length })}</p>
			</div>
		</dialog>
	)
}

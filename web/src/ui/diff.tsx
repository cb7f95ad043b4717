// SPDX-License-Identifier: GPL-3.0-or-later
// What changes, as cards of objects or as lines of text. The sign stands beside the colour.
import '../css/diff.css'
import { useEffect, useState } from 'preact/hooks'
import { get, patiently, words_of } from '../core/api'
import { plain } from '../core/format'
import type { Change, Diff } from '../core/types'
import { msg, t } from '../core/words'
import { Icon, type IconName } from './icon'
import { Empty, Notice, Skeleton } from './parts'

const SIGNS: Record<Change['op'], [string, IconName, string]> = {
	create: ['good', 'plus', msg('diff-new')], delete: ['bad', 'trash', msg('diff-deleted')], replace: ['note', 'edit', msg('diff-changed')], move: ['warn', 'swap', msg('diff-moved')],
}

const unescape_pointer = (part: string) => part.replace(/~1/g, '/').replace(/~0/g, '~')

interface Thing {
	path: string[]
	changes: { change: Change; leaf: string[] }[]
}

/** Lists of the configuration are "/section/list/key"; what lies deeper belongs to that object. */
function things_of(changes: Change[]) {
	const things = new Map<string, Thing>()
	for (const change of changes) {
		const parts = change.path.split('/').slice(1).map(unescape_pointer)
		const depth = parts[0] === 'firewall' || parts[0] === 'nat' || parts[0] === 'routing' ? 3 : 2
		const path = parts.slice(0, depth)
		const key = path.join('\n')
		const thing = things.get(key) ?? { path, changes: [] }
		thing.changes.push({ change, leaf: parts.slice(depth) })
		things.set(key, thing)
	}
	const sections = new Map<string, Thing[]>()
	for (const thing of things.values()) {
		const name = thing.path.slice(0, -1).join(' › ') || thing.path[0]
		sections.set(name, [...sections.get(name) ?? [], thing])
	}
	return sections
}

/** A value as lines: members of a new object one by one. */
function Value({ value, side }: { value: unknown; side: 'old' | 'new' }) {
	const mark = side === 'old' ? <span class="diff-sign">−</span> : <span class="diff-sign">+</span>
	if (value && typeof value === 'object' && !Array.isArray(value)) {
		return <>{Object.entries(value).filter(([key]) => key !== 'id' && key !== 'name').map(([key, inner]) => (
			<p key={key} class={`diff-line diff-${side}`}>{mark}<span class="diff-key">{key}</span> <span>{plain(inner)}</span></p>
		))}</>
	}
	return <p class={`diff-line diff-${side}`}>{mark}<span>{plain(value)}</span></p>
}

function place_words(value: unknown) {
	const where = value as { before?: string; after?: string; to?: string } | undefined
	if (where?.after)
		return t('diff-after', { name: where.after })
	if (where?.before)
		return t('diff-before', { name: where.before })
	return where?.to === 'first' ? t('diff-first') : where?.to === 'last' ? t('diff-last') : plain(value)
}

function OneChange({ change, leaf }: { change: Change; leaf: string[] }) {
	if (change.op === 'move')
		return <p class="diff-line diff-moved"><span class="diff-sign">↕</span><span>{change.old === undefined ? t('diff-moved-to', { place: place_words(change.new) }) : t('diff-moved-from', { place: place_words(change.new), old: place_words(change.old) })}</span></p>
	return (
		<div class="diff-leaf">
			{leaf.length > 0 && <p class="diff-leaf-name">{leaf.join(' › ')}</p>}
			{change.old !== undefined && change.op !== 'create' && <Value value={change.old} side="old" />}
			{change.new !== undefined && change.op !== 'delete' && <Value value={change.new} side="new" />}
		</div>
	)
}

function whole_op(thing: Thing): Change['op'] {
	const whole = thing.changes.find(({ leaf, change }) => leaf.length === 0 && change.op !== 'move')
	if (whole)
		return whole.change.op
	return thing.changes.every(({ change }) => change.op === 'move') ? 'move' : 'replace'
}

export function DiffTree({ diff }: { diff: Diff }) {
	if (diff.changes.length === 0)
		return <Empty icon="check" title={t('shell-no-difference')} />
	return (
		<div class="diff">
			{[...things_of(diff.changes)].map(([section, things]) => (
				<details key={section} class="diff-section" open>
					<summary><Icon name="right" size={16} /><h3>{section}</h3><span class="card-note">{t('diff-n-objects', { count: things.length })}</span></summary>
					<ul>
						{things.map(thing => {
							const [tone, icon, word] = SIGNS[whole_op(thing)]
							return (
								<li key={thing.path.join('/')} class={`diff-thing tone-${tone}`}>
									<p class="diff-thing-name"><Icon name={icon} size={16} /><b>{thing.path.at(-1)}</b><span class="diff-word">{t(word)}</span></p>
									{thing.changes.map((one, at) => <OneChange key={at} {...one} />)}
								</li>
							)
						})}
					</ul>
				</details>
			))}
		</div>
	)
}

/** Below a heading of a plan the sign stands behind two spaces. */
const TONES: Record<string, string> = { '+': 'diff-new', '>': 'diff-new', '-': 'diff-old', '<': 'diff-old' }

export function DiffText({ diff }: { diff: Diff }) {
	const lines = (diff.text ?? '').split('\n').filter((line, at, all) => line || at < all.length - 1)
	if (lines.length === 0 || !diff.text)
		return <Empty icon="check" title={t('shell-no-difference')} />
	return (
		<pre class="diff-text" tabIndex={0} aria-label={t('shell-difference-as-text')}>
			{lines.map((line, at) => <span key={at} class={TONES[line.trimStart()[0] ?? ''] ?? ''}>{line + '\n'}</span>)}
		</pre>
	)
}

/** The ways to look at a difference that the appliance writes itself: as commands, and as the rules of the kernel. */
export const TEXT_VIEWS: { key: string; text: string; icon: IconName }[] = [{ key: 'set', text: msg('diff-commands'), icon: 'right' }, { key: 'nft', text: msg('diff-kernel'), icon: 'shield' }]

/** One of them. It is asked for when it is looked at, since the daemons compile for it; anew when `of` is another. */
export function DiffView({ path, view, of = '' }: { path: string; view: string; of?: string }) {
	const [diff, set_diff] = useState<Diff | null>(null)
	const [error, set_error] = useState('')
	useEffect(() => {
		let wanted = true
		set_diff(null)
		set_error('')
		patiently(() => get<Diff>(`${path}?view=${view}`), () => wanted).then(next => wanted && set_diff(next), problem => wanted && set_error(words_of(problem)))
		return () => { wanted = false }
	}, [path, view, of])
	return error ? <Notice alert tone="bad" icon="alert" title={t('diff-no-view')}><p>{error}</p></Notice> : diff ? <DiffText diff={diff} /> : <Skeleton lines={5} />
}
